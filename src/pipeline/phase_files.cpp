// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/phase_files.h"

#include <algorithm>
#include <utility>

#include "base/try.h"
#include "pipeline/folders.h"
#include "pipeline/project_file.h"
#include "pipeline/source_path.h"
#include "registry/names.h"
#include "transaction/paths.h"

namespace untorn::pipeline {
namespace {

constexpr std::string_view debug_folder = ".pipeline/debug";

Error refusal(std::string path, std::string detail) {
  return {Code::invalid_argument, Step::resolve,    Outcome::not_applied, 0,
          std::move(path),        std::move(detail)};
}

Result<void> refuse_link(const Project& project, const std::string& path) {
  const auto status = project.fs().status_at(Handle::working_directory, path);
  if (!status || status->type != FileType::symlink) return {};
  return std::unexpected(refusal(path, "a symbolic link could lead out of the project"));
}

std::vector<std::string> lines_of(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::vector<std::string> lines;
  for (;;) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

Result<void> make_parents(Transaction& change, std::string_view path) {
  const std::string_view parent = transaction::parent_of(path);
  return parent.empty() ? Result<void>() : change.make_directory(parent);
}

}  // namespace

JsonValue DocumentReceipt::to_json() const {
  JsonValue json = JsonValue::object();
  JsonValue told = JsonValue::array();
  for (const File& file : files) {
    JsonValue one = JsonValue::object();
    one.set("path", JsonValue::string(file.path));
    one.set("bytes", JsonValue::integer(static_cast<std::int64_t>(file.bytes)));
    one.set("existed", JsonValue::boolean(file.existed));
    one.set("unchanged", JsonValue::boolean(file.unchanged));
    told.edit_items().push_back(std::move(one));
  }
  json.set("files", std::move(told));
  json.set("syncs", JsonValue::integer(syncs));
  return json;
}

Result<PhaseFiles> PhaseFiles::open(const Project& project, const PhaseFilesOptions& options) {
  return PhaseFiles(project, options);
}

Result<PhaseFiles> PhaseFiles::open(FileSystem& fs, const std::filesystem::path& project,
                                    const ProjectOptions& options) {
  UNTORN_TRY(const Project opened, Project::open(fs, project, options));
  return open(opened);
}

Result<PhaseFiles> PhaseFiles::open(const std::filesystem::path& project,
                                    const ProjectOptions& options) {
  return open(posix_file_system(), project, options);
}

Result<LineLog*> PhaseFiles::debug_log(const std::string& name) {
  if (const auto found = logs_.find(name); found != logs_.end()) return &found->second;
  if (const auto problem = registry::name_problem(name)) {
    return std::unexpected(refusal(name, *problem));
  }
  if (project_.options().read_only) {
    return std::unexpected(Error(Code::permission_denied, Step::inspect, Outcome::not_applied, 0,
                                 project_.root(), "the project was opened to be looked at only"));
  }
  const std::string folder = project_.file(debug_folder);
  const std::string path = folder + "/" + name + ".log";
  UNTORN_CHECK(refuse_link(project_, folder));
  UNTORN_CHECK(refuse_link(project_, path));
  UNTORN_CHECK(make_folder(project_.fs(), folder, project_.options().durability));
  UNTORN_TRY(LineLog log, LineLog::open(project_.fs(), path,
                                        {.sync = options_.debug_sync,
                                         .rotate_bytes = options_.debug_rotate_bytes,
                                         .keep = options_.debug_keep,
                                         .lock_wait = project_.options().lock_wait,
                                         .tree = project_.root(),
                                         .counters = project_.counters()}));
  if (log.torn().happened) project_.log(LogLevel::warning, path + ": " + log.torn().message());
  return &logs_.emplace(name, std::move(log)).first->second;
}

Result<AppendReceipt> PhaseFiles::debug(std::string_view name, std::string_view text) {
  const std::string key(name);
  UNTORN_TRY(LineLog* const log, debug_log(key));
  const std::string torn_before = log->torn().moved_to;
  auto receipt = log->append(lines_of(text));
  if (log->torn().moved_to != torn_before) {
    project_.log(LogLevel::warning, log->path() + ": " + log->torn().message());
  }
  // One that refuses everything is opened anew by the next call.
  if (!receipt && receipt.error().outcome() != Outcome::not_applied) logs_.erase(key);
  return receipt;
}

Result<void> PhaseFiles::sync_debug() {
  for (auto log = logs_.begin(); log != logs_.end();) {
    auto synced = log->second.sync();
    if (!synced) {
      logs_.erase(log);
      return synced;
    }
    ++log;
  }
  return {};
}

Result<DocumentReceipt> PhaseFiles::write_document(std::string_view path, std::string_view text) {
  return write_documents({{std::string(path), std::string(text)}});
}

Result<DocumentReceipt> PhaseFiles::write_documents(
    const std::vector<std::pair<std::string, std::string>>& documents) {
  // What can be told without the lock is told before it is taken.
  for (const auto& [path, text] : documents) UNTORN_CHECK(source_path(path));
  UNTORN_TRY(Transaction change, project_.begin());
  DocumentReceipt receipt;
  bool is_empty = true;
  for (const auto& [path, text] : documents) {
    UNTORN_TRY(const std::string normal, source_path(change, path));
    const bool twice = std::ranges::any_of(
        receipt.files,
        [&normal](const DocumentReceipt::File& file) { return file.path == normal; });
    if (twice) return std::unexpected(refusal(path, "it is given twice"));
    UNTORN_TRY(const std::optional<std::string> present, change.read(normal));
    DocumentReceipt::File file{.path = normal, .bytes = text.size()};
    file.existed = present.has_value();
    file.unchanged = present == text;
    if (!file.unchanged) {
      UNTORN_CHECK(make_parents(change, normal));
      UNTORN_CHECK(change.put(normal, text));
      is_empty = false;
    }
    receipt.files.push_back(std::move(file));
  }
  if (is_empty) return receipt;
  UNTORN_TRY(const TransactionReceipt done, std::move(change).commit());
  receipt.syncs = done.syncs;
  return receipt;
}

Result<std::string> PhaseFiles::read_document(std::string_view path) const {
  UNTORN_TRY(std::string normal, source_path(path));
  std::optional<std::string> content;
  if (project_.options().read_only) {
    UNTORN_TRY(content, read_project_file(project_, normal));
  } else {
    UNTORN_TRY(const Transaction change, project_.begin());
    UNTORN_TRY(normal, source_path(change, path));
    UNTORN_TRY(content, change.read(normal));
  }
  if (content) return *std::move(content);
  return std::unexpected(Error(Code::not_found, Step::inspect, Outcome::not_applied, 0,
                               std::string(path), "there is no such document in the project"));
}

}  // namespace untorn::pipeline
