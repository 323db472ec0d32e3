// SPDX-License-Identifier: Apache-2.0
#include "health/documents.h"

#include <fnmatch.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

#include "base/try.h"
#include "document/inspect.h"
#include "untorn/counters.h"

namespace untorn::health {
namespace {

constexpr std::size_t piece_bytes = 65536;

Error unreadable(Errno os_errno, const std::string& file) {
  return Error::from_errno(number(os_errno), Step::inspect, Outcome::not_applied, file);
}

// What is wrong with a file that has no form to judge; "" if nothing is, or if there is no file.
Result<std::string> damage_of_bytes(FileSystem& fs, const std::string& file) {
  const auto opened =
      fs.open(Handle::working_directory, file, {.access = Access::read, .nonblocking = true});
  if (!opened && number(opened.error()) == ENOENT) return "";
  if (!opened) return std::unexpected(unreadable(opened.error(), file));
  const OwnedHandle owned(fs, *opened);
  const auto status = fs.status(owned.get());
  if (!status) return std::unexpected(unreadable(status.error(), file));
  if (status->type != FileType::regular) return "";
  std::vector<std::byte> piece(piece_bytes);
  for (std::uint64_t offset = 0;;) {
    const auto count = fs.read_at(owned.get(), offset, piece);
    if (!count) return std::unexpected(unreadable(count.error(), file));
    if (*count == 0) return offset == 0 ? "it is empty" : "it holds nothing but NUL bytes";
    const auto bytes = std::span(piece).first(*count);
    if (std::ranges::any_of(bytes, [](std::byte each) { return each != std::byte{0}; })) return "";
    offset += *count;
  }
}

Problem problem_of(const DocumentPlace& place, std::string detail) {
  return {.kind = Kind::corrupt_document,
          .severity = Severity::error,
          .path = place.path,
          .detail = std::move(detail),
          .repair = "left alone: no generation of it can be used; restore it from elsewhere"};
}

void count(const RepairPolicy& policy, const Result<Recovery>& recovery) {
  if (recovery && !recovery->happened) return;
  const std::shared_ptr<Counters> counters = policy.counted();
  if (!counters) return;
  counters->count_recovery(recovery ? RecoveryResult::recovered : RecoveryResult::failed);
  if (recovery && !recovery->set_aside.empty()) counters->count_set_aside(1);
}

void bring_back(FileSystem& fs, const DocumentPlace& place, const RepairPolicy& policy,
                Problem& problem) {
  const auto recovery = document::repair(fs, place.file);
  count(policy, recovery);
  if (!recovery) {
    problem.repair = "could not be repaired: " + recovery.error().message();
    return;
  }
  problem.repaired = true;
  if (!recovery->happened) {
    problem.repair = "somebody else has repaired it";
    return;
  }
  problem.repair = "generation " + std::to_string(recovery->generation.number) + " is back";
  if (!recovery->set_aside.empty()) {
    problem.repair += ", the damaged file is kept as " +
                      std::filesystem::path(recovery->set_aside).filename().string();
  }
  problem.repair += "; lost: " + recovery->lost();
}

}  // namespace

bool DocumentPatterns::matches(const std::string& name, const std::string& relative,
                               const std::string& absolute) const {
  return std::ranges::any_of(patterns_, [&](const std::string& pattern) {
    const std::string* text = &relative;
    if (pattern.find('/') == std::string::npos) text = &name;
    if (pattern.starts_with('/')) text = &absolute;
    return fnmatch(pattern.c_str(), text->c_str(), 0) == 0;
  });
}

Result<std::optional<Problem>> judge_document(FileSystem& fs, const DocumentPlace& place,
                                              const RepairPolicy& policy) {
  if (!place.is_kept && !place.file.ends_with(".json")) {
    UNTORN_TRY(std::string damage, damage_of_bytes(fs, place.file));
    if (damage.empty()) return std::nullopt;
    return problem_of(place, std::move(damage));
  }
  const auto found = document::inspect(fs, place.file);
  // A link to a folder or a device is no document, whatever its name.
  if (!found && found.error().code() == Code::not_regular_file && !place.is_kept) {
    return std::nullopt;
  }
  if (!found) return std::unexpected(found.error());
  if (!found->needs_repair()) return std::nullopt;
  Problem problem = problem_of(place, found->reason);
  if (!found->repairable()) return problem;
  if (policy.may_repair()) {
    bring_back(fs, place, policy, problem);
  } else {
    problem.repair =
        policy.offer("--repair sets it aside and brings the newest good generation back");
  }
  return problem;
}

}  // namespace untorn::health
