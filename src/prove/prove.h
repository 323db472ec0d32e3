// SPDX-License-Identifier: Apache-2.0
//
// One proof: run a command once in a sandbox, make the crash states of what it did, judge each.
//
//   prove::ProveOptions options;
//   options.root = project;  // absolute, without symbolic links
//   options.command = {"python3", "save.py"};
//   auto report = prove::prove(options);  // in a forked worker: see worker.h
//
// What the checks and verdicts mean stands in docs/internals/prove.md. A report speaks of this run
// of this command and of nothing else.
//
// Threads: prove() enters namespaces and keeps the process in them. Call it in a forked worker of
// one thread.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crash/engine.h"
#include "untorn/error.h"

namespace untorn::prove {

// What is asked of every crash state.
enum class Check : std::uint8_t {
  atomic,             // a whole file holds one of its versions, a log a prefix
  durable,            // what was acknowledged is still there
  durable_if_synced,  // the same, for files that the program tried to sync
  parse,              // what parses before and after the run parses
  lines,              // a log holds whole lines
  rerun,              // the command itself runs again and exits 0
  no_litter,          // no path that is there neither before nor after the run
  command,            // --check: a command of the user's exits 0
};
[[nodiscard]] std::string_view to_string(Check) noexcept;
[[nodiscard]] std::optional<Check> check_from_name(std::string_view name) noexcept;

struct ProveOptions {
  std::string root;  // absolute, without symbolic links
  bool explicit_root = false;
  std::vector<std::string> also;  // like root
  std::vector<std::string> command;
  std::string working_directory;  // absolute
  std::vector<std::string> check_commands;
  std::vector<Check> expect = {Check::atomic, Check::parse, Check::durable_if_synced};
  std::string acknowledge_pattern;
  std::vector<std::string> only;
  std::vector<std::string> ignore;
  std::vector<crash::Model> engines = {crash::Model::kill, crash::Model::portable};
  std::chrono::milliseconds budget{120'000};
  std::uint64_t seed = 1;
  bool require_exhaustive = false;
  std::optional<std::chrono::milliseconds> stop_after;
  bool force_copy = false;
  bool progress = false;       // a line on stderr that is rewritten while states are judged
  const bool* stop = nullptr;  // Ctrl-C

  [[nodiscard]] bool expects(Check check) const noexcept;
};

enum class Verdict : std::uint8_t { proved, passed, violated, undecided };
[[nodiscard]] std::string_view to_string(Verdict) noexcept;

// Why a verdict is undecided.
enum class Reason : std::uint8_t {
  unmodelled_call,
  budget,
  nothing_written,
  command_failed,
  escaped_root,
  in_place_unjudged,
  check_rejects_baseline,
  flaky_check,
  check_reads_nothing,
};
[[nodiscard]] std::string_view to_string(Reason) noexcept;

// How a path changed during the run.
enum class PathClass : std::uint8_t {
  whole,     // only by rename, link, unlink, or sessions that truncate and write
  log,       // only extended
  in_place,  // the rest
};
[[nodiscard]] std::string_view to_string(PathClass) noexcept;

// What was found in a bad state. Order: what is shown first when two states are equally simple.
enum class Observed : std::uint8_t {
  empty,
  cut_short,  // "short"
  missing,
  zeros,
  mixed,
  garbage,
  old_after_ack,
  unparseable,
  check_failed,
  litter,
  rerun_failed,
};
[[nodiscard]] std::string_view to_string(Observed) noexcept;
[[nodiscard]] std::string_view to_string_of_engine(crash::Model) noexcept;  // "kill", "power"

struct Source {
  std::string path;  // relative to the root where it lies below it, else absolute
  std::uint32_t line = 0;
  std::string function;
};

// One operation of the log, for a reader.
struct OperationNote {
  std::string operation;               // "write", "rename", …
  std::string path;                    // of what it changed; the old name for a rename
  std::string target;                  // the new name of rename, link and exchange
  std::optional<std::uint64_t> bytes;  // of a write
  std::optional<std::uint64_t> size;   // of a truncation
  std::optional<Source> source;
};

// The file as the bad state holds it.
struct StateBytes {
  bool present = false;
  std::uint64_t size = 0;
  std::string head;                       // the first bytes
  std::optional<std::uint64_t> old_size;  // of the version before the run
  std::optional<std::uint64_t> new_size;  // of the version after it
};

struct Violation {
  crash::Model engine = crash::Model::kill;
  Check check = Check::atomic;
  std::string path;
  Observed observed = Observed::garbage;
  std::vector<Observed> observed_also;  // in other bad states of this path
  std::optional<OperationNote> lost;
  std::optional<OperationNote> kept;
  std::string missing;       // which call is not there, one phrase
  std::uint64_t states = 0;  // distinct bad states
  std::string replay;        // names the state
  StateBytes bytes;
  std::string output;  // what a failed command printed, shortened
};

struct PathReport {
  std::string path;
  PathClass path_class = PathClass::whole;
  std::size_t versions = 0;
  std::vector<Check> judged_by;
};

struct EngineReport {
  crash::Model engine = crash::Model::kill;
  crash::Count states_total;
  std::uint64_t states_checked = 0;
  std::uint64_t states_distinct = 0;
  bool exhaustive = true;
  std::uint64_t violations = 0;
  std::optional<std::uint64_t> seed;  // of the sampling, if any
  double elapsed_s = 0;
};

struct Undecided {
  Reason reason = Reason::budget;
  std::string detail;
};

struct ProveReport {
  Verdict verdict = Verdict::undecided;
  std::string root;
  std::optional<int> command_exit;  // nothing if the run was ended by us
  std::uint64_t operations = 0;
  std::uint64_t syncs = 0;
  std::uint64_t acknowledgements = 0;
  std::vector<PathReport> paths;
  std::vector<EngineReport> engines;
  std::vector<Violation> violations;
  std::vector<Undecided> undecided;
  std::vector<std::string> notes;
  std::vector<std::string> limits;
  bool interrupted = false;
  double elapsed_s = 0;
  double trace_s = 0;
  bool require_exhaustive = false;

  [[nodiscard]] bool exhaustive() const noexcept;
  // 0 proved or passed, 1 violated, 2 undecided (or passed where exhaustive was required),
  // 130 interrupted.
  [[nodiscard]] int exit_code() const noexcept;
};

[[nodiscard]] Result<ProveReport> prove(const ProveOptions& options);

// Documents of a report. `colour` marks the verdict for terminals.
[[nodiscard]] std::string render_json(const ProveReport& report);
[[nodiscard]] std::string render_text(const ProveReport& report, bool colour);

}  // namespace untorn::prove
