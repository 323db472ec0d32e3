// SPDX-License-Identifier: Apache-2.0
//
// What a pipeline has learnt from its runs: which tool works in which phase, which errors come back
// and what helped, which phase follows which. `PROJECT/.pipeline/patterns.json`.
//
//   auto store = untorn::pipeline::PatternStore::open("project");
//   auto done = store->record_execution("run 12, step 7", {.phase = "coding", .tool =
//   "create_file",
//                                       .success = true, .duration_s = 0.2, .task = "the parser"});
//   auto advice = store->recommendations({.phase = "coding", .task = "write a parser"});
//
// What always holds:
//  N1  An execution is counted once for each operation id: who records it again, after a crash or
//      because the answer was lost, is told `already`, and nothing changes.
//  N2  A count that was reported as recorded is not lost, neither in a crash nor by other processes
//      that record at the same time (untorn/document.h, under its lock).
//  N3  At least the last `remembered_max` ids are remembered. What happened
//      (Execution::happened_ns) before the last one that was forgotten is refused with
//      Code::conflict, because it cannot be told whether it was counted; what carries no time is
//      taken for new.
//  N4  A file of a newer format is refused with Code::unsupported, a member of the wrong type with
//      Code::invalid_argument, and both are left alone. Members that are not known stay, also those
//      of a file that an older program has written there.
//
// How things are computed, so that every number can be checked by hand:
//   confidence   the lower end of Wilson's interval for a share, at 95 %: with n tries of which k
//                succeeded, p = k/n, z = 1.96:  (p + z²/2n - z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n).
//                One success of one gives 0.21, ten of ten 0.72: little evidence counts little.
//   similarity   of two texts: words in common / words in both together (Jaccard). A word is a run
//                of letters, digits and bytes above 127, at least two bytes, in small ASCII
//                letters.
//   score        of a recommendation: confidence × (1 + similarity) / 2.
//   signature    of an error, so that the same mistake in another line is the same: each number
//                becomes '#', each quoted text '…' in its quotes, white space one blank; 200 bytes.
//
// Limits: 1,000 patterns of each kind (the least frequent, then the oldest, goes first; totals stay
// right), 10 examples of a pattern, 200 bytes of a name or id, tasks and errors cut to 200.
//
// Cost of recording: one replacement of a document (four syncs at `durable`) of up to 200 kB for
// the ids and what the patterns need.
//
// Threads: a store belongs to one thread at a time; any number of stores, in any number of
// processes, may be open on a project.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "untorn/document.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/json.h"
#include "untorn/pipeline/project.h"

namespace untorn::pipeline {

struct PatternData;  // of the room itself

// One use of a tool.
struct Execution {
  std::string phase = {};  // 1 to 200 bytes
  std::string tool = {};   // 1 to 200 bytes
  bool success = false;
  double duration_s = 0;
  std::string task = {};   // what it was about, in words or as an id; may be empty
  std::string error = {};  // of a failure
  // When, in nanoseconds since the epoch; absent: now. See N3.
  std::optional<std::int64_t> happened_ns = std::nullopt;
};

struct RecordedExecution {
  bool already = false;          // N1: it was counted before, nothing changed
  std::uint64_t executions = 0;  // counted in all
  [[nodiscard]] JsonValue to_json() const;
};

// How a tool does in a phase.
struct ToolPattern {
  std::string phase;
  std::string tool;
  std::uint64_t uses = 0;
  std::uint64_t successes = 0;
  double duration_s = 0;  // mean
  double confidence = 0;  // that it succeeds
  std::string last_used;  // local time, ISO 8601
  [[nodiscard]] JsonValue to_json() const;
};

// An error that a tool runs into.
struct FailurePattern {
  std::string tool;
  std::string phase;  // where it was last seen
  std::string signature;
  std::string example;  // the last error of that kind
  std::uint64_t count = 0;
  double confidence = 0;  // that a use of the tool ends so
  // Tools by which the same task succeeded next, most frequent first.
  std::vector<std::pair<std::string, std::uint64_t>> helped;
  std::string last_seen;
  [[nodiscard]] JsonValue to_json() const;
};

// What a tool succeeded with.
struct SuccessPattern {
  std::string phase;
  std::string tool;
  std::uint64_t count = 0;
  double confidence = 0;           // that the tool succeeds in the phase
  std::vector<std::string> tasks;  // the last distinct ones, newest first
  [[nodiscard]] JsonValue to_json() const;
};

// Which phase follows which, from one recorded execution to the next.
struct PhasePattern {
  std::string from;
  std::string to;
  std::uint64_t count = 0;
  std::uint64_t successes = 0;  // the first execution in `to` succeeded
  double confidence = 0;        // that `to` is what follows `from`
  [[nodiscard]] JsonValue to_json() const;
};

// What the caller is about to do; what is empty does not matter.
struct PatternContext {
  std::string phase = {};
  std::string task = {};
  std::string error = {};  // what just went wrong
  std::size_t limit = 5;   // how many recommendations at most
};

struct Recommendation {
  enum class Kind : std::uint8_t {
    use_tool,    // it succeeds in this phase
    avoid_tool,  // it fails in this phase
    try_tool,    // it helped after an error like this one
    next_phase,  // it follows this one
  };
  Kind kind = Kind::use_tool;
  std::string subject;  // the tool or the phase
  double score = 0;
  double confidence = 0;
  double similarity = 0;
  std::string reason;  // "succeeded in 9 of 10 uses in coding; like \"the parser\""
  [[nodiscard]] JsonValue to_json() const;
};
[[nodiscard]] std::string_view to_string(Recommendation::Kind) noexcept;

// Totals of one tool or one phase.
struct PatternTotal {
  std::string name;
  std::uint64_t uses = 0;
  std::uint64_t successes = 0;
  double duration_s = 0;  // in all
};
struct PatternStatistics {
  std::uint64_t executions = 0;
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  double success_rate = 0;          // 0 to 1; 0 without any
  double duration_s = 0;            // in all
  std::vector<PatternTotal> tools;  // most used first
  std::vector<PatternTotal> phases;
  std::uint64_t tool_patterns = 0;
  std::uint64_t failure_patterns = 0;
  std::uint64_t phase_patterns = 0;
  std::uint64_t remembered = 0;  // operation ids
  [[nodiscard]] JsonValue to_json() const;
};

class PatternStore {
 public:
  static constexpr std::size_t remembered_max = 10'000;
  static constexpr std::size_t patterns_max = 1'000;

  // Errors of Project::open.
  [[nodiscard]] static Result<PatternStore> open(FileSystem& fs,
                                                 const std::filesystem::path& project,
                                                 const ProjectOptions& options = {});
  [[nodiscard]] static Result<PatternStore> open(const std::filesystem::path& project,
                                                 const ProjectOptions& options = {});
  [[nodiscard]] static Result<PatternStore> open(const Project& project);

  // `operation_id`: 1 to 200 bytes that name this very execution, and stay the same when it is
  // recorded again. Code::invalid_argument for a name, id or duration that is none; N3, N4; errors
  // of Document::update.
  [[nodiscard]] Result<RecordedExecution> record_execution(std::string_view operation_id,
                                                           const Execution& execution);

  // Each reads the file anew. Best, or most frequent, first. An empty `phase` means all.
  [[nodiscard]] Result<std::vector<ToolPattern>> tool_patterns(std::string_view phase = {});
  [[nodiscard]] Result<std::vector<FailurePattern>> failure_patterns();
  [[nodiscard]] Result<std::vector<SuccessPattern>> success_patterns(std::string_view phase = {});
  [[nodiscard]] Result<std::vector<PhasePattern>> phase_patterns();
  [[nodiscard]] Result<std::vector<Recommendation>> recommendations(const PatternContext& context);
  [[nodiscard]] Result<PatternStatistics> statistics();

  [[nodiscard]] static double similarity(std::string_view left, std::string_view right);
  [[nodiscard]] static double confidence(std::uint64_t successes, std::uint64_t tries) noexcept;
  [[nodiscard]] static std::string signature(std::string_view error);

  // What the last call had to do about damage.
  [[nodiscard]] const std::optional<Recovery>& last_recovery() const noexcept { return recovery_; }
  [[nodiscard]] const std::filesystem::path& patterns_file() const noexcept { return file_; }

 private:
  PatternStore(Project project, std::filesystem::path file, Document document)
      : project_(std::move(project)), file_(std::move(file)), document_(std::move(document)) {}
  void note(const Recovery& recovery);
  [[nodiscard]] Result<PatternData> read();

  Project project_;
  std::filesystem::path file_;
  Document document_;
  std::optional<Recovery> recovery_;
};

}  // namespace untorn::pipeline
