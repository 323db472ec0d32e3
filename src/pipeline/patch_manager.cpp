// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/patch_manager.h"

#include <algorithm>
#include <utility>

#include "base/escape.h"
#include "base/refusal.h"
#include "base/try.h"
#include "patch/parse.h"
#include "pipeline/clock.h"
#include "pipeline/patch_edits.h"
#include "pipeline/patch_plan.h"
#include "pipeline/patch_record.h"

namespace untorn::pipeline {
namespace {

constexpr std::size_t description_bytes_max = 4096;

Result<void> check_description(std::string_view description) {
  if (description.empty()) {
    return refused(Code::invalid_argument, {}, "the description of the patch is empty");
  }
  if (description.size() > description_bytes_max) {
    return refused(Code::invalid_argument, {},
                   "the description of the patch is longer than 4096 bytes");
  }
  return {};
}

// The patch of that number, whole.
Result<StoredPatch> find_patch(const PatchSource& source, std::uint64_t number) {
  UNTORN_TRY(const std::vector<PatchName> names, patch_names(source));
  const auto found = std::find_if(names.begin(), names.end(), [&](const PatchName& name) {
    return name.number == number && name.has_record;
  });
  if (found == names.end()) {
    return refused(Code::not_found, std::string(patches_folder),
                   "no patch has the number " + std::to_string(number));
  }
  UNTORN_TRY(StoredPatch stored, read_patch(source, *found));
  if (stored.info.status == PatchStatus::damaged) {
    return refused(Code::corrupt, stored.info.patch_file, stored.info.damage);
  }
  return stored;
}

// The patch as it will be applied. It was parsed when it was read.
Result<patch::Patch> parsed(const StoredPatch& stored, bool backwards) {
  auto patch = patch::parse(stored.text);
  if (!patch) return refused(Code::corrupt, stored.info.patch_file, patch.error().message);
  if (backwards) {
    if (auto problem = patch::reverse(*patch)) {
      return refused(Code::unsupported, stored.info.patch_file, problem->message);
    }
  }
  return *std::move(patch);
}

Result<PatchPlan> plan_of(const PatchSource& source, const StoredPatch& stored, bool backwards) {
  UNTORN_TRY(const patch::Patch patch, parsed(stored, backwards));
  return plan_patch(source, patch, {.check_path = project_path_problem});
}

// The first problem; its message begins with the path, which an Error tells by itself.
Error conflict(const PatchPlan& plan, const StoredPatch& stored) {
  const PatchProblem& first = plan.problems.front();
  std::string why = first.message;
  const std::string prefix = escape_controls(first.path) + ": ";
  if (why.starts_with(prefix)) why.erase(0, prefix.size());
  why = "patch " + std::to_string(stored.info.number) + ": " + why;
  if (plan.problems.size() > 1) {
    why += " (and " + std::to_string(plan.problems.size() - 1) + " more)";
  }
  return Error(Code::conflict, Step::check, Outcome::not_applied, 0, first.path, std::move(why));
}

}  // namespace

Result<PatchManager> PatchManager::open(FileSystem& fs, const std::filesystem::path& project,
                                        const ProjectOptions& options) {
  UNTORN_TRY(Project opened, Project::open(fs, project, options));
  return PatchManager(std::move(opened));
}

Result<PatchManager> PatchManager::open(const std::filesystem::path& project,
                                        const ProjectOptions& options) {
  return open(posix_file_system(), project, options);
}

// Reading is kept away from transactions, unless the project is only looked at: then nothing may be
// made for a lock.
Result<std::optional<TreeLock>> PatchManager::quiet() const {
  if (project_.options().read_only) return std::nullopt;
  UNTORN_TRY(TreeLock lock, TreeLock::shared(project_.fs(), project_.root(),
                                             {.lock_wait = project_.options().lock_wait,
                                              .counters = project_.counters()}));
  const std::string message = lock.recovery().message();
  if (!message.empty()) project_.log(LogLevel::warning, message);
  return std::optional(std::move(lock));
}

// ------------------------------------------------------------------ making

Result<PatchInfo> PatchManager::create(std::string_view description,
                                       const std::vector<PatchEdit>& edits) {
  UNTORN_CHECK(check_description(description));
  UNTORN_TRY(Transaction transaction, project_.begin());
  UNTORN_TRY(const PatchSource source, PatchSource::open(project_.fs(), project_.root()));
  UNTORN_TRY(const std::string text, patch_of(source, edits));
  return keep(std::move(transaction), source, description, text);
}

Result<PatchInfo> PatchManager::add(std::string_view description, std::string_view patch) {
  UNTORN_CHECK(check_description(description));
  const auto parsed_patch = patch::parse(patch);
  if (!parsed_patch) {
    return refused(Code::invalid_argument, {},
                   "the patch, line " + std::to_string(parsed_patch.error().patch_line) + ": " +
                       parsed_patch.error().message);
  }
  UNTORN_TRY(Transaction transaction, project_.begin());
  UNTORN_TRY(const PatchSource source, PatchSource::open(project_.fs(), project_.root()));
  // Refuses what it must not change; whether it fits today does not matter.
  UNTORN_CHECK(plan_patch(source, *parsed_patch, {.check_path = project_path_problem}));
  return keep(std::move(transaction), source, description, patch);
}

// Q1: under the lock of the transaction, which begin() has taken.
Result<PatchInfo> PatchManager::keep(Transaction transaction, const PatchSource& source,
                                     std::string_view description, std::string_view text) {
  UNTORN_TRY(const std::vector<PatchName> names, patch_names(source));
  UNTORN_TRY(const std::optional<std::uint64_t> counter, read_counter(source));
  const std::uint64_t highest = names.empty() ? 0 : names.back().number;
  PatchInfo info;
  info.number = std::max(counter.value_or(0), highest) + 1;
  info.name = patch_name(info.number, description);
  info.description = description;
  info.created = now_text();
  info.patch_file = patch_path(info.name);
  UNTORN_CHECK(transaction.make_directory(patches_folder));
  if (!counter) UNTORN_CHECK(set_counter_aside(transaction, source));
  UNTORN_CHECK(transaction.put(info.patch_file, text, {.existence = Existence::must_not_exist}));
  UNTORN_CHECK(transaction.put(record_path(info.name), new_record(info, text),
                               {.existence = Existence::must_not_exist}));
  UNTORN_CHECK(transaction.put(patch_counter_file, counter_text(info.number)));
  UNTORN_CHECK(std::move(transaction).commit());
  const auto patch = patch::parse(text);
  for (const patch::FilePatch& file : patch->files) info.files.push_back(describe(file));
  project_.log(LogLevel::info, "Created patch " + info.name);
  return info;
}

// A counter that cannot be read is not needed, since the names tell the highest number; but it is
// not thrown away either.
Result<void> PatchManager::set_counter_aside(Transaction& transaction, const PatchSource& source) {
  for (unsigned number = 1;; ++number) {
    const std::string name = std::string(patch_counter_file) + ".damaged-" + std::to_string(number);
    UNTORN_TRY(const SourceFile there, source.look(name));
    if (there.kind != SourceFile::Kind::absent) continue;
    project_.log(LogLevel::warning,
                 std::string(patch_counter_file) + " is damaged; set aside as " + name);
    return transaction.rename(patch_counter_file, name);
  }
}

// ------------------------------------------------------------------ changing

Result<PatchResult> PatchManager::apply(std::uint64_t number) {
  return change(number, false);
}

Result<PatchResult> PatchManager::revert(std::uint64_t number) {
  return change(number, true);
}

Result<PatchResult> PatchManager::change(std::uint64_t number, bool backwards) {
  UNTORN_TRY(Transaction transaction, project_.begin());
  UNTORN_TRY(const PatchSource source, PatchSource::open(project_.fs(), project_.root()));
  UNTORN_TRY(StoredPatch stored, find_patch(source, number));
  PatchResult result;
  const bool is_applied = stored.info.status == PatchStatus::applied;
  if (is_applied != backwards) {
    result.info = std::move(stored.info);
    result.already = true;
    return result;
  }
  UNTORN_TRY(const PatchPlan plan, plan_of(source, stored, backwards));
  if (!plan.fits()) return std::unexpected(conflict(plan, stored));
  UNTORN_CHECK(collect(plan, source, project_.fs(), transaction));
  stored.info.status = backwards ? PatchStatus::reverted : PatchStatus::applied;
  stored.info.changed = now_text();
  UNTORN_CHECK(transaction.put(record_path(stored.info.name),
                               changed_record(std::move(stored.json), stored.info),
                               {.existence = Existence::must_exist}));
  UNTORN_TRY(result.receipt, std::move(transaction).commit());
  result.info = std::move(stored.info);
  project_.log(LogLevel::info,
               (backwards ? "Reverted patch " : "Applied patch ") + result.info.name);
  return result;
}

// ------------------------------------------------------------------ looking

Result<PatchCheck> PatchManager::dry_run(std::uint64_t number) {
  UNTORN_TRY(const auto lock, quiet());
  UNTORN_TRY(const PatchSource source, PatchSource::open(project_.fs(), project_.root()));
  UNTORN_TRY(const StoredPatch stored, find_patch(source, number));
  UNTORN_TRY(PatchPlan plan, plan_of(source, stored, false));
  PatchCheck check;
  check.applies = plan.fits();
  check.files = std::move(plan.files);
  check.problems = std::move(plan.problems);
  return check;
}

Result<PatchCheck> PatchManager::verify(std::uint64_t number) {
  UNTORN_TRY(const auto lock, quiet());
  UNTORN_TRY(const PatchSource source, PatchSource::open(project_.fs(), project_.root()));
  UNTORN_TRY(const StoredPatch stored, find_patch(source, number));
  UNTORN_TRY(PatchPlan forth, plan_of(source, stored, false));
  UNTORN_TRY(PatchPlan back, plan_of(source, stored, true));
  const bool should_be_applied = stored.info.status == PatchStatus::applied;
  PatchCheck check;
  check.applies = forth.fits();
  check.is_applied = back.fits();
  check.files = std::move(forth.files);
  check.problems = std::move((should_be_applied ? back : forth).problems);
  return check;
}

Result<std::vector<PatchInfo>> PatchManager::list() {
  UNTORN_TRY(const auto lock, quiet());
  UNTORN_TRY(const PatchSource source, PatchSource::open(project_.fs(), project_.root()));
  UNTORN_TRY(const std::vector<PatchName> names, patch_names(source));
  std::vector<PatchInfo> patches;
  for (const PatchName& name : names) {
    if (!name.has_record) continue;
    auto stored = read_patch(source, name);
    if (!stored && stored.error().code() != Code::unsupported) {
      return std::unexpected(stored.error());
    }
    if (stored) {
      patches.push_back(std::move(stored->info));
      continue;
    }
    // Of a newer version: it is there, and this version cannot say more.
    PatchInfo info;
    info.number = name.number;
    info.name = name.name;
    info.patch_file = patch_path(name.name);
    info.status = PatchStatus::damaged;
    info.damage = stored.error().message();
    patches.push_back(std::move(info));
  }
  return patches;
}

Result<PatchInfo> PatchManager::info(std::uint64_t number) {
  UNTORN_TRY(const auto lock, quiet());
  UNTORN_TRY(const PatchSource source, PatchSource::open(project_.fs(), project_.root()));
  UNTORN_TRY(StoredPatch stored, find_patch(source, number));
  return std::move(stored.info);
}

Result<std::string> PatchManager::text(std::uint64_t number) {
  UNTORN_TRY(const auto lock, quiet());
  UNTORN_TRY(const PatchSource source, PatchSource::open(project_.fs(), project_.root()));
  UNTORN_TRY(StoredPatch stored, find_patch(source, number));
  return std::move(stored.text);
}

}  // namespace untorn::pipeline
