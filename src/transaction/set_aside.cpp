// SPDX-License-Identifier: Apache-2.0
#include "transaction/set_aside.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "filesystem/kept_folder.h"
#include "filesystem/read_whole.h"
#include "transaction/intent.h"
#include "transaction/paths.h"

namespace untorn::transaction {
namespace {

constexpr unsigned set_aside_names_max = 10'000;

bool is_set_aside_name(std::string_view name) noexcept {
  if (!name.starts_with(intent_name)) return false;
  const std::string_view rest = name.substr(intent_name.size());
  return rest.starts_with(foreign_infix) || rest.starts_with(unapplied_infix);
}

}  // namespace

SystemResult<KnownIntents> KnownIntents::read(FileSystem& fs, Handle folder) {
  KnownIntents known;
  auto entries = fs.list(folder);
  if (!entries) return std::unexpected(entries.error());
  for (const Entry& entry : *entries) {
    if (!entry.name.starts_with(intent_name) || entry.name == intent_new_name) continue;
    auto opened = fs.open(folder, entry.name, {.follow = false, .nonblocking = true});
    if (!opened) return std::unexpected(opened.error());
    const OwnedHandle file(fs, *opened);
    auto text = read_whole(fs, file.get());
    if (!text) return std::unexpected(text.error());
    if (decode(*text).kind != Decoded::Kind::valid) known.unreadable_ = true;
    known.texts_.push_back(std::move(*text));
  }
  return known;
}

bool KnownIntents::may_name(std::string_view staged_name) const {
  return unreadable_ || std::ranges::any_of(texts_, [staged_name](const std::string& text) {
           return text.find(staged_name) != std::string::npos;
         });
}

Result<std::vector<std::string>> intents_set_aside(Tree& tree) {
  std::vector<std::string> names;
  auto entries = tree.fs().list(tree.folder());
  if (!entries) {
    return std::unexpected(tree.error(entries.error(), Step::inspect, kept_folder_name));
  }
  for (const Entry& entry : *entries) {
    if (is_set_aside_name(entry.name)) names.push_back(entry.name);
  }
  return names;
}

Result<std::string> set_intent_aside(Tree& tree, std::string_view infix) {
  for (unsigned count = 1; count <= set_aside_names_max; ++count) {
    std::string name = std::string(intent_name) + std::string(infix) + std::to_string(count);
    const std::string where = joined(kept_folder_name, name);
    auto renamed =
        tree.fs().rename(tree.folder(), intent_name, tree.folder(), name, RenameMode::no_replace);
    if (!renamed && number(renamed.error()) == EEXIST) continue;
    if (!renamed) return std::unexpected(tree.error(renamed.error(), Step::rename, where));
    auto synced = tree.sync_directory(tree.folder());
    if (synced) return name;
    return std::unexpected(tree.error(synced.error(), Step::sync_directory, where));
  }
  return std::unexpected(tree.error(Code::already_exists, Step::rename,
                                    joined(kept_folder_name, intent_name),
                                    "every name to set it aside is taken"));
}

}  // namespace untorn::transaction
