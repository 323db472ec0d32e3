// SPDX-License-Identifier: Apache-2.0
#include "transaction/stage.h"

#include <cerrno>
#include <span>
#include <utility>

#include "base/try.h"
#include "filesystem/kept_folder.h"
#include "filesystem/random_hex.h"
#include "filesystem/read_whole.h"
#include "transaction/escape.h"
#include "transaction/files.h"
#include "transaction/intent.h"
#include "transaction/paths.h"
#include "write/metadata.h"

namespace untorn::transaction {
namespace {

constexpr std::string_view list_head = "untorn-staging 1 1\n";
constexpr std::uint32_t mode_new = 0666;      // less the umask, by the kernel
constexpr std::uint32_t mode_private = 0600;  // until the wanted mode is set

bool is_gone(const Error& error) noexcept {
  return error.os_errno() == ENOENT || error.os_errno() == ENOTDIR || error.os_errno() == ELOOP ||
         error.code() == Code::mount_point;
}

Result<void> remove_kept(Tree& tree, std::string_view name) {
  auto removed = tree.fs().unlink(tree.folder(), name);
  if (removed || number(removed.error()) == ENOENT) return {};
  return std::unexpected(
      tree.error(removed.error(), Step::clean_up, joined(kept_folder_name, name)));
}

// The metadata of the old file, the mode, the size; the status that results.
Result<Status> finish(Tree& tree, const NewContent& content, Handle file, std::string_view path,
                      std::vector<std::string>& lost) {
  auto created = tree.fs().status(file);
  if (!created) return std::unexpected(tree.error(created.error(), Step::check, path));
  auto copied = write::copy_metadata(tree.fs(),
                                     {.old_file = content.old_file,
                                      .old_status = content.old_status,
                                      .mode = content.mode,
                                      .keep = true},
                                     file, *created);
  if (!copied) return std::unexpected(tree.error(copied.error(), Step::copy_metadata, path));
  lost = std::move(copied->lost);
  auto status = tree.fs().status(file);
  if (!status) return std::unexpected(tree.error(status.error(), Step::check, path));
  if (copied->mode_wanted && *copied->mode_wanted != status->mode) lost.emplace_back("mode");
  if (status->size != content.content.size()) {
    return std::unexpected(tree.error(Code::corrupt, Step::check, path,
                                      "the temporary does not hold what was written"));
  }
  return *status;
}

}  // namespace

std::string staged_path_in(Tree& tree, std::string_view directory) {
  const std::string name = std::string(staged_prefix) + random_hex(tree.fs());
  return joined(directory, name);
}

Result<void> write_staging_list(Tree& tree, const std::vector<std::string>& paths) {
  const std::string where = joined(kept_folder_name, staging_name);
  auto opened = tree.fs().open(tree.folder(), staging_name,
                               {.access = Access::write,
                                .create = true,
                                .truncate = true,
                                .follow = false,
                                .mode = kept_file_mode});
  if (!opened) return std::unexpected(tree.error(opened.error(), Step::create_temporary, where));
  const OwnedHandle file(tree.fs(), *opened);
  std::string text(list_head);
  for (const std::string& path : paths) text += escaped(path) + '\n';
  return write_all(tree, file.get(), text, where);
}

Result<std::vector<std::string>> read_staging_list(Tree& tree) {
  const std::string where = joined(kept_folder_name, staging_name);
  std::vector<std::string> paths;
  auto opened = tree.fs().open(tree.folder(), staging_name, {.follow = false, .nonblocking = true});
  if (!opened && number(opened.error()) == ENOENT) return paths;
  if (!opened) return std::unexpected(tree.error(opened.error(), Step::inspect, where));
  const OwnedHandle file(tree.fs(), *opened);
  auto text = read_whole(tree.fs(), file.get());
  if (!text) return std::unexpected(tree.error(text.error(), Step::inspect, where));
  if (!text->starts_with(list_head)) return paths;
  for (std::size_t at = list_head.size();;) {
    const std::size_t end = text->find('\n', at);
    if (end == std::string::npos) return paths;
    auto path = unescaped(std::string_view(*text).substr(at, end - at));
    at = end + 1;
    if (path && is_staged_path(*path)) paths.push_back(std::move(*path));
  }
}

Result<void> write_all(Tree& tree, Handle file, std::string_view text, std::string_view path) {
  auto rest = std::as_bytes(std::span(text));
  while (!rest.empty()) {
    auto count = tree.fs().write(file, rest);
    if (!count) return std::unexpected(tree.error(count.error(), Step::write, path));
    if (*count == 0 || *count > rest.size()) {
      return std::unexpected(tree.error(Code::io, Step::write, path, "a write took nothing"));
    }
    rest = rest.subspan(*count);
  }
  return {};
}

Result<std::vector<std::string>> stage(Tree& tree, const NewContent& content, Contents& contents,
                                       Operation& operation) {
  UNTORN_TRY(const Handle directory, tree.directory(parent_of(operation.staged)));
  const bool kernel_decides = !content.mode && !content.old_status;
  auto opened = tree.fs().open(directory, name_of(operation.staged),
                               {.access = Access::write,
                                .create = true,
                                .exclusive = true,
                                .follow = false,
                                .mode = kernel_decides ? mode_new : mode_private});
  if (!opened) {
    return std::unexpected(tree.error(opened.error(), Step::create_temporary, operation.path));
  }
  OwnedHandle file(tree.fs(), *opened);
  UNTORN_CHECK(write_all(tree, file.get(), content.content, operation.path));
  std::vector<std::string> lost;
  UNTORN_TRY(const Status status, finish(tree, content, file.get(), operation.path, lost));
  operation.staged_inode = status.inode;
  operation.bytes = status.size;
  operation.content = hash_text(content.content);
  UNTORN_CHECK(contents.add_new(std::move(file), operation.path));
  return lost;
}

Result<std::uint64_t> remove_staged(Tree& tree, const std::vector<std::string>& paths) {
  std::uint64_t count = 0;
  for (const std::string& path : paths) {
    auto directory = tree.directory(parent_of(path));
    if (!directory && is_gone(directory.error())) continue;
    if (!directory) return std::unexpected(directory.error());
    auto removed = tree.fs().unlink(*directory, name_of(path));
    if (removed) {
      ++count;
    } else if (number(removed.error()) != ENOENT) {
      return std::unexpected(tree.error(removed.error(), Step::clean_up, path));
    }
  }
  UNTORN_CHECK(remove_kept(tree, intent_new_name));
  UNTORN_CHECK(remove_kept(tree, staging_name));
  return count;
}

}  // namespace untorn::transaction
