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

// What kind of crash is tried.
enum class Engine : std::uint8_t {
  kill,   // the process is killed between two calls, or in a large write
  power,  // the power goes: ProveOptions::model says what that may leave
  fault,  // a call fails: the disk is full, a sync reports an error, a write is short
};
[[nodiscard]] std::string_view to_string(Engine) noexcept;
[[nodiscard]] std::optional<Engine> engine_from_name(std::string_view name) noexcept;

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
  std::vector<Engine> engines = {Engine::kill, Engine::power};
  crash::Model model = crash::Model::portable;  // of the power cut; never `kill`
  bool deep = false;  // crash the recovery too: --check commands and `rerun` in each state
  std::chrono::milliseconds budget{120'000};
  std::uint64_t seed = 1;
  bool require_exhaustive = false;
  std::optional<std::chrono::milliseconds> stop_after;
  bool force_copy = false;
  std::string save_trace;  // a file to write the log to; "" for none
  std::string from_trace;  // a file to read the log from instead of running a command
  // Hand the record of a violated run back (ProveReport::trace) if it is at most so long.
  std::uint64_t keep_trace_bytes_max = 0;
  bool progress = false;       // a line on stderr that is rewritten while states are judged
  const bool* stop = nullptr;  // Ctrl-C

  [[nodiscard]] bool expects(Check check) const noexcept;
  [[nodiscard]] bool runs(Engine engine) const noexcept;
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

struct Source {
  std::string path;  // relative to the root where it lies below it, else absolute
  std::uint32_t line = 0;
  std::string function;
  std::string text = {};  // the line itself, "" where the file cannot be read
};

// One operation of the log, for a reader.
struct OperationNote {
  std::string operation;               // "write", "rename", …
  std::string path;                    // of what it changed; the old name for a rename; for an
                                       // acknowledgement what was said
  std::string target;                  // the new name of rename, link and exchange
  std::optional<std::uint64_t> bytes;  // of a write
  std::optional<std::uint64_t> size;   // of a truncation
  std::optional<Source> source;
  std::string fault = {};  // of a call that was made to fail: "ENOSPC", "short write"
};

// An operation with its number in the log, for the picture of a run.
struct TimelineEntry {
  std::size_t operation = 0;
  OperationNote note;
};

// A change of the program that makes the violation go away, found on the log: virtual syncs were
// put into it, and its states judged again. The command was not run again.
struct ProvedFix {
  struct Step {
    std::string call;                 // "fsync of a.tmp", "fsync of the directory d"
    std::optional<Source> after;      // the line behind which it belongs
    std::size_t after_operation = 0;  // the same, in the log
  };
  std::vector<Step> steps;
  std::uint64_t states_checked = 0;  // of the log with the syncs in it; none of them is bad
  std::string text;  // "insert os.fsync(f.fileno()) after app.py line 6: 0 bad of 9 states"
};

// The file as the bad state holds it.
struct StateBytes {
  bool present = false;
  std::uint64_t size = 0;
  std::string head;                       // the first bytes
  std::optional<std::uint64_t> old_size;  // of the version before the run
  std::optional<std::uint64_t> new_size;  // of the version after it
  std::string old_head = {};              // their first bytes
  std::string new_head = {};
};

struct Violation {
  Engine engine = Engine::kill;
  Check check = Check::atomic;
  std::string path;
  Observed observed = Observed::garbage;
  std::vector<Observed> observed_also;  // in other bad states of this path
  std::optional<OperationNote> lost;
  std::optional<OperationNote> kept;
  std::string missing;       // which call is not there, one phrase
  std::uint64_t states = 0;  // distinct bad states
  std::string replay;        // names the state: see replay.h
  StateBytes bytes;
  std::optional<ProvedFix> proved_fix;
  std::string window;  // how long real disks stay in danger: "ext4 31 s, xfs 31 s", "" if not known
  // For the picture: operations (see ProveReport::timeline) that did not persist, those that did
  // although they came later, and how many had begun when the crash came.
  std::vector<std::size_t> lost_operations;
  std::vector<std::size_t> kept_operations;
  std::size_t begun = 0;
  std::string output;  // what a failed command printed, shortened
};

struct PathReport {
  std::string path;
  PathClass path_class = PathClass::whole;
  std::size_t versions = 0;
  std::vector<Check> judged_by;
};

struct EngineReport {
  Engine engine = Engine::kill;
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
  std::vector<std::string> command;
  crash::Model model = crash::Model::portable;
  std::uint64_t runs = 1;           // of the command; more with the engine `fault`
  std::optional<int> command_exit;  // nothing if the run was ended by us
  std::uint64_t operations = 0;
  std::uint64_t syncs = 0;
  std::uint64_t acknowledgements = 0;
  std::vector<PathReport> paths;
  std::vector<EngineReport> engines;
  std::vector<Violation> violations;
  // What the run did to the paths of the violations, in order; long runs are cut to what matters.
  std::vector<TimelineEntry> timeline;
  std::vector<Undecided> undecided;
  std::vector<std::string> notes;
  std::vector<std::string> limits;
  bool interrupted = false;
  double elapsed_s = 0;
  double trace_s = 0;
  bool require_exhaustive = false;
  // The record of the run as a trace file (replay/trace_file.h), if it was asked for by save_trace
  // or keep_trace_bytes_max; and the name of its log, with which replay tokens begin.
  std::string trace = {};
  std::string trace_name = {};

  [[nodiscard]] bool exhaustive() const noexcept;
  // 0 proved or passed, 1 violated, 2 undecided (or passed where exhaustive was required),
  // 130 interrupted.
  [[nodiscard]] int exit_code() const noexcept;
};

[[nodiscard]] Result<ProveReport> prove(const ProveOptions& options);

// Documents of a report. `colour` marks the verdict for terminals.
[[nodiscard]] std::string render_json(const ProveReport& report);
[[nodiscard]] std::string render_text(const ProveReport& report, bool colour);
[[nodiscard]] std::string render_sarif(const ProveReport& report);
// One page that needs no server and no network.
[[nodiscard]] std::string render_html(const ProveReport& report);

}  // namespace untorn::prove
