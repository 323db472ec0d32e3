// SPDX-License-Identifier: Apache-2.0
#include "pipeline/patch_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/escape.h"
#include "base/try.h"
#include "patch/apply.h"

namespace untorn::pipeline {
namespace {

using patch::Change;
using patch::FilePatch;
using Kind = SourceFile::Kind;
using Made = PlannedName::Made;

constexpr std::uint32_t owner_may_execute = 0100;

PatchChange change_of(Change change) {
  switch (change) {
    case Change::modified:
      return PatchChange::modified;
    case Change::added:
      return PatchChange::added;
    case Change::deleted:
      return PatchChange::deleted;
    case Change::renamed:
      return PatchChange::renamed;
    case Change::copied:
      return PatchChange::copied;
  }
  return PatchChange::modified;
}

// The bits of an existing file after the patch has said whether it is a program. Who may read it
// may execute it; everything else stays.
std::uint32_t mode_after(std::uint32_t mode, std::optional<std::uint32_t> wanted) {
  constexpr std::uint32_t all_execute = 0111;
  constexpr std::uint32_t all_read = 0444;
  if (!wanted) return mode;
  const bool is_executable = (*wanted & owner_may_execute) != 0;
  if (is_executable == ((mode & owner_may_execute) != 0)) return mode;
  return is_executable ? mode | ((mode & all_read) >> 2U) : mode & ~all_execute;
}

class Planner {
 public:
  Planner(const PatchSource& source, const PlanOptions& options)
      : source_(source), options_(options) {}

  Result<PatchPlan> plan(const patch::Patch& patch) {
    for (const FilePatch& file : patch.files) {
      if (file.change == Change::deleted || file.change == Change::renamed) {
        leaving_.insert(file.old_path);
      }
    }
    for (const FilePatch& file : patch.files) {
      UNTORN_CHECK(check_paths(file));
      plan_.files.push_back(describe(file));
      UNTORN_CHECK(add(file));
    }
    return std::move(plan_);
  }

 private:
  [[nodiscard]] Result<void> check_path(const FilePatch& file, const std::string& path) const {
    std::string why_not = patch::check_path(path);
    if (why_not.empty() && options_.check_path) why_not = options_.check_path(path);
    if (why_not.empty()) return {};
    return std::unexpected(Error(Code::invalid_argument, Step::resolve, Outcome::not_applied, 0,
                                 path,
                                 "the patch (line " + std::to_string(file.patch_line) +
                                     ") may not change this path: " + why_not));
  }
  [[nodiscard]] Result<void> check_paths(const FilePatch& file) const {
    if (file.change != Change::added) UNTORN_CHECK(check_path(file, file.old_path));
    if (file.change == Change::added || file.change == Change::deleted) {
      return file.change == Change::added ? check_path(file, file.new_path) : Result<void>();
    }
    return file.new_path == file.old_path ? Result<void>() : check_path(file, file.new_path);
  }

  void problem(const FilePatch& file, const std::string& path, const std::string& message) {
    plan_.problems.push_back({.path = path,
                              .hunk = 0,
                              .patch_line = file.patch_line,
                              .line = 0,
                              .message = escape_controls(path) + ": " + message});
  }

  Result<PlannedName*> name(const std::string& path) {
    const auto found = plan_.names.find(path);
    if (found != plan_.names.end()) return &found->second;
    UNTORN_TRY(SourceFile before, source_.look(path));
    PlannedName planned;
    planned.before = std::move(before);
    return &plan_.names.emplace(path, std::move(planned)).first->second;
  }

  // What is wrong with a name that should hold a file; "" if nothing is.
  [[nodiscard]] static std::string why_no_file(const PlannedName& name) {
    if (name.gone) return "the patch has deleted or renamed it before";
    switch (name.before.kind) {
      case Kind::regular:
        return {};
      case Kind::absent:
        return "there is no such file";
      case Kind::below_no_folder:
        return "there is no such file, and a name above it is no folder";
      case Kind::directory:
        return "it is a folder";
      case Kind::other:
        return "it is no regular file";
    }
    return "it is no regular file";
  }

  // May the patch make a file of that name? That it makes one twice fits no tree at all.
  Result<bool> may_make(const FilePatch& file, const PlannedName& name) {
    if (name.made) {
      return std::unexpected(
          Error(Code::invalid_argument, Step::check, Outcome::not_applied, 0, file.new_path,
                "the patch makes it twice (line " + std::to_string(file.patch_line) + ")"));
    }
    if (name.before.kind == Kind::below_no_folder) {
      problem(file, file.new_path, "it cannot be made: a name above it is no folder");
    } else if (name.before.kind != Kind::absent && !name.gone &&
               (name.before.kind != Kind::regular || !leaving_.contains(file.new_path))) {
      problem(file, file.new_path, "it is there already");
    } else {
      return true;
    }
    return false;
  }

  // The content with all hunks applied; nothing if one does not fit, which is told.
  std::optional<std::string> patched(const FilePatch& file, const std::string& path,
                                     const std::string& content) {
    auto result = patch::apply_hunks(content, file.hunks);
    if (result) return *std::move(result);
    for (const patch::Misfit& misfit : result.error()) {
      plan_.problems.push_back({.path = path,
                                .hunk = misfit.hunk,
                                .patch_line = misfit.patch_line,
                                .line = misfit.line,
                                .message = escape_controls(path) + ": " + misfit.message});
    }
    return std::nullopt;
  }

  Result<void> add(const FilePatch& file) {
    switch (file.change) {
      case Change::added:
        return add_new(file);
      case Change::deleted:
        return add_deleted(file);
      case Change::modified:
        return add_modified(file);
      case Change::renamed:
      case Change::copied:
        return add_moved(file);
    }
    return {};
  }

  Result<void> add_new(const FilePatch& file) {
    UNTORN_TRY(PlannedName* const target, name(file.new_path));
    UNTORN_TRY(const bool is_free, may_make(file, *target));
    if (!is_free) return {};
    auto content = patched(file, file.new_path, "");
    if (!content) return {};
    constexpr std::uint32_t plain_mode = 0100644;
    Made made = {.content = *std::move(content), .mode = std::nullopt, .is_executable = false};
    if (target->before.kind == Kind::regular) {
      made.mode = mode_after(target->before.mode, file.new_mode.value_or(plain_mode));
    } else {
      made.is_executable = file.new_mode && (*file.new_mode & owner_may_execute) != 0;
    }
    target->made = std::move(made);
    note_if_made_over(*target, file.new_path);
    return {};
  }

  // The name still belongs to a file that the patch deletes or renames further down (G1).
  void note_if_made_over(const PlannedName& name, const std::string& path) {
    if (name.before.kind == Kind::regular && !name.gone) made_over_.insert(path);
  }

  Result<void> add_modified(const FilePatch& file) {
    UNTORN_TRY(PlannedName* const target, name(file.new_path));
    if (file.may_add && !target->made && target->before.kind == Kind::absent) {
      return add_new(file);
    }
    if (!target->made) {
      if (std::string why_not = why_no_file(*target); !why_not.empty()) {
        problem(file, file.new_path, why_not);
        return {};
      }
      target->made = Made{.content = target->before.content, .mode = target->before.mode};
    }
    auto content = patched(file, file.new_path, target->made->content);
    if (!content) return {};
    target->made->content = *std::move(content);
    if (target->made->mode) {
      target->made->mode = mode_after(*target->made->mode, file.new_mode);
    } else if (file.new_mode) {
      target->made->is_executable = (*file.new_mode & owner_may_execute) != 0;
    }
    return {};
  }

  Result<void> add_deleted(const FilePatch& file) {
    UNTORN_TRY(PlannedName* const target, name(file.old_path));
    // A file that the patch itself has made or changed before; unless that one takes the place of
    // the file that leaves here (G1).
    const bool was_there = target->before.kind == Kind::regular && !target->gone;
    const bool takes_place = target->made && was_there && made_over_.contains(file.old_path);
    if (!target->made || takes_place) {
      if (std::string why_not = why_no_file(*target); !why_not.empty()) {
        problem(file, file.old_path, why_not);
        return {};
      }
    }
    const std::string& content =
        target->made && !takes_place ? target->made->content : target->before.content;
    const auto left = patched(file, file.old_path, content);
    if (!left) return {};
    if (!left->empty()) {
      problem(file, file.old_path, "the patch deletes it, but something of it would be left");
      return {};
    }
    if (!takes_place) target->made.reset();
    target->gone = was_there || target->gone;
    return {};
  }

  // Both are made of the file as it was before the patch (G1).
  Result<void> add_moved(const FilePatch& file) {
    UNTORN_TRY(PlannedName* const from, name(file.old_path));
    const bool is_rename = file.change == Change::renamed;
    if (from->made && !made_over_.contains(file.old_path) &&
        (is_rename || from->before.kind != Kind::regular)) {
      return std::unexpected(
          Error(Code::unsupported, Step::inspect, Outcome::not_applied, 0, file.old_path,
                "the patch changes it and then renames or copies it (line " +
                    std::to_string(file.patch_line) + "): apply its parts one after the other"));
    }
    const bool is_there = from->before.kind == Kind::regular && (!is_rename || !from->gone);
    if (!is_there) {
      problem(file, file.old_path, why_no_file(*from));
      return {};
    }
    UNTORN_TRY(PlannedName* const to, name(file.new_path));
    UNTORN_TRY(const bool is_free, may_make(file, *to));
    if (!is_free) return {};
    auto content = patched(file, file.old_path, from->before.content);
    if (!content) return {};
    to->made =
        Made{.content = *std::move(content), .mode = mode_after(from->before.mode, file.new_mode)};
    note_if_made_over(*to, file.new_path);
    if (is_rename) {
      from->gone = true;
      to->renamed_from = file.old_path;
    }
    return {};
  }

  const PatchSource& source_;
  const PlanOptions& options_;
  PatchPlan plan_;
  std::set<std::string, std::less<>> leaving_;    // old names of what is deleted or renamed
  std::set<std::string, std::less<>> made_over_;  // names that were made before the old file left
};

}  // namespace

bool PatchPlan::changes_nothing() const noexcept {
  return std::ranges::all_of(names, [](const auto& each) {
    const PlannedName& name = each.second;
    if (!name.made) return !name.gone;
    return name.before.kind == Kind::regular && name.before.content == name.made->content &&
           (!name.made->mode || name.before.mode == *name.made->mode);
  });
}

PatchedFile describe(const FilePatch& file) {
  PatchedFile result;
  result.path = file.path();
  result.change = change_of(file.change);
  if (file.change == Change::renamed || file.change == Change::copied) {
    result.old_path = file.old_path;
  }
  result.hunks = file.hunks.size();
  result.lines_added = file.count(patch::LineKind::added);
  result.lines_removed = file.count(patch::LineKind::removed);
  return result;
}

Result<PatchPlan> plan_patch(const PatchSource& source, const patch::Patch& patch,
                             const PlanOptions& options) {
  return Planner(source, options).plan(patch);
}

}  // namespace untorn::pipeline
