// SPDX-License-Identifier: Apache-2.0
//
// Improvements of prompts and roles: the file and its record change in one transaction (F3).
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/refusal.h"
#include "base/try.h"
#include "pipeline/clock.h"
#include "pipeline/improvement_record.h"
#include "pipeline/project_file.h"
#include "registry/names.h"
#include "untorn/pipeline/phase_files.h"

namespace untorn::pipeline {
namespace {

constexpr std::string_view record_ending = ".json";

Result<void> check_name(std::string_view what, std::string_view name) {
  const auto problem = registry::name_problem(name);
  if (!problem) return {};
  return std::unexpected(
      refusal(Code::invalid_argument, std::string(name), std::string(what) + ": " + *problem));
}

Result<void> check_request(const ImprovementRequest& request) {
  UNTORN_CHECK(check_name("the name", request.name));
  if (!request.id.empty()) UNTORN_CHECK(check_name("the id", request.id));
  if (request.kind != ImprovementKind::role) return {};
  const std::string path = improved_file(request.kind, request.name);
  UNTORN_TRY(const JsonDocument role, JsonDocument::parse(request.text, path));
  if (role.root.kind() == JsonKind::object) return {};
  return std::unexpected(refusal(Code::invalid_argument, path, "a role is a JSON object"));
}

// Ids of all records, sorted.
Result<std::vector<std::string>> ids_of(const Project& project) {
  FileSystem& fs = project.fs();
  const std::string folder = project.file(improvements_folder);
  std::vector<std::string> ids;
  auto opened = fs.open(Handle::working_directory, folder, {.access = Access::directory});
  if (!opened && number(opened.error()) == ENOENT) return ids;
  const auto failed = [&folder](Errno os_errno) {
    return Error::from_errno(number(os_errno), Step::inspect, Outcome::not_applied, folder);
  };
  if (!opened) return std::unexpected(failed(opened.error()));
  const OwnedHandle directory(fs, *opened);
  const auto entries = fs.list(directory.get());
  if (!entries) return std::unexpected(failed(entries.error()));
  for (const Entry& entry : *entries) {
    std::string_view name = entry.name;
    if (!name.ends_with(record_ending)) continue;
    name.remove_suffix(record_ending.size());
    if (!registry::name_problem(name)) ids.emplace_back(name);
  }
  std::ranges::sort(ids);
  return ids;
}

// "0012": above all that are there. The caller holds the project's lock.
Result<std::string> next_id(const Project& project) {
  constexpr std::size_t digits_min = 4;
  UNTORN_TRY(const std::vector<std::string> ids, ids_of(project));
  std::uint64_t newest = 0;
  for (const std::string& id : ids) {
    std::uint64_t number = 0;
    const char* const end = id.data() + id.size();
    const auto read = std::from_chars(id.data(), end, number);
    if (read.ec == std::errc() && read.ptr == end) newest = std::max(newest, number);
  }
  std::string id = std::to_string(newest + 1);
  return std::string(digits_min - std::min(id.size(), digits_min), '0') + id;
}

Result<std::optional<Improvement>> find_record(const Transaction& change, std::string_view id) {
  UNTORN_TRY(const std::optional<std::string> text, change.read(improvement_file(id)));
  if (!text) return std::optional<Improvement>();
  UNTORN_TRY(Improvement improvement, read_improvement(*text, id));
  return std::optional(std::move(improvement));
}

Error no_record(std::string_view id) {
  return refusal(Code::not_found, improvement_file(id), "there is no such improvement");
}

Result<Improvement> record_of(const Transaction& change, std::string_view id) {
  UNTORN_CHECK(check_name("the id", id));
  UNTORN_TRY(std::optional<Improvement> found, find_record(change, id));
  if (!found) return std::unexpected(no_record(id));
  return *std::move(found);
}

Result<void> put_record(Transaction& change, Improvement& improvement) {
  improvement.updated = now_text();
  return change.put(improvement_file(improvement.id), improvement_text(improvement));
}

}  // namespace

Result<Improvement> PhaseFiles::improve(const ImprovementRequest& request) {
  UNTORN_CHECK(check_request(request));
  UNTORN_TRY(Transaction change, project_.begin());
  Improvement improvement{.id = request.id,
                          .kind = request.kind,
                          .name = request.name,
                          .path = improved_file(request.kind, request.name),
                          .rationale = request.rationale,
                          .new_text = request.text};
  if (!request.id.empty()) {
    UNTORN_TRY(std::optional<Improvement> found, find_record(change, request.id));
    if (found) {
      if (found->path != improvement.path || found->new_text != request.text) {
        return std::unexpected(refusal(Code::conflict, improvement_file(request.id),
                                       "this id is that of another improvement"));
      }
      found->already = true;
      return *std::move(found);
    }
  } else {
    UNTORN_TRY(improvement.id, next_id(project_));
  }
  UNTORN_TRY(improvement.old_text, change.read(improvement.path));
  if (improvement.old_text == request.text) {
    return std::unexpected(
        refusal(Code::conflict, improvement.path, "it holds exactly this text already"));
  }
  for (const std::string_view path : {std::string_view(improvement.path), improvements_folder}) {
    const bool is_folder = path == improvements_folder;
    UNTORN_CHECK(change.make_directory(is_folder ? path : path.substr(0, path.rfind('/'))));
  }
  UNTORN_CHECK(change.put(improvement.path, request.text));
  improvement.created = now_text();
  UNTORN_CHECK(put_record(change, improvement));
  UNTORN_CHECK(std::move(change).commit());
  return improvement;
}

Result<Improvement> PhaseFiles::record_result(std::string_view id,
                                              const ImprovementResult& result) {
  if (result.score && !std::isfinite(*result.score)) {
    return std::unexpected(
        refusal(Code::invalid_argument, improvement_file(id), "a score must be a finite number"));
  }
  UNTORN_TRY(Transaction change, project_.begin());
  UNTORN_TRY(Improvement improvement, record_of(change, id));
  if (improvement.status == ImprovementStatus::rolled_back) {
    return std::unexpected(
        refusal(Code::conflict, improvement_file(id), "it was rolled back already"));
  }
  improvement.status = result.accepted ? ImprovementStatus::accepted : ImprovementStatus::rejected;
  improvement.score = result.score;
  improvement.note = result.note;
  UNTORN_CHECK(put_record(change, improvement));
  UNTORN_CHECK(std::move(change).commit());
  return improvement;
}

Result<Improvement> PhaseFiles::rollback(std::string_view id, std::string_view note) {
  UNTORN_TRY(Transaction change, project_.begin());
  UNTORN_TRY(Improvement improvement, record_of(change, id));
  if (improvement.status == ImprovementStatus::rolled_back) {
    improvement.already = true;
    return improvement;
  }
  UNTORN_TRY(const std::optional<std::string> present, change.read(improvement.path));
  if (present != improvement.old_text) {
    // F5.
    if (present != improvement.new_text) {
      return std::unexpected(refusal(
          Code::conflict, improvement.path,
          present ? "it was changed since improvement " + improvement.id : "it was removed since"));
    }
    if (improvement.old_text) {
      UNTORN_CHECK(change.put(improvement.path, *improvement.old_text));
    } else {
      UNTORN_CHECK(change.remove(improvement.path));
    }
  }
  improvement.status = ImprovementStatus::rolled_back;
  if (!note.empty()) improvement.note = note;
  UNTORN_CHECK(put_record(change, improvement));
  UNTORN_CHECK(std::move(change).commit());
  return improvement;
}

Result<Improvement> PhaseFiles::info(std::string_view id) const {
  UNTORN_CHECK(check_name("the id", id));
  if (!project_.options().read_only) {
    UNTORN_TRY(const Transaction change, project_.begin());
    return record_of(change, id);
  }
  UNTORN_TRY(const std::optional<std::string> text,
             read_project_file(project_, improvement_file(id)));
  if (!text) return std::unexpected(no_record(id));
  return read_improvement(*text, id);
}

Result<ImprovementList> PhaseFiles::list() const {
  std::optional<Transaction> recovered;
  if (!project_.options().read_only) {
    UNTORN_TRY(recovered, project_.begin());
  }
  ImprovementList list;
  UNTORN_TRY(const std::vector<std::string> ids, ids_of(project_));
  for (const std::string& id : ids) {
    const auto text = read_project_file(project_, improvement_file(id));
    if (text && !*text) continue;
    auto improvement = text ? read_improvement(**text, id) : std::unexpected(text.error());
    if (improvement) {
      list.improvements.push_back(*std::move(improvement));
    } else {
      list.unreadable.emplace_back(id, improvement.error().message());
    }
  }
  return list;
}

}  // namespace untorn::pipeline
