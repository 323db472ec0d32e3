// SPDX-License-Identifier: Apache-2.0
//
// untorn append PATH: the lines of stdin are added to a log, all together or as they come.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/duration.h"
#include "cli/interrupt.h"
#include "cli/line_input.h"
#include "cli/output.h"
#include "cli/same_target.h"
#include "cli/tree_counters.h"
#include "filesystem/kept_folder.h"
#include "report/json.h"
#include "untorn/line_log.h"
#include "write/resolve.h"
#include "write/target.h"

namespace untorn::cli {
namespace {

constexpr std::size_t piece_bytes = 262144;
constexpr std::uint64_t input_bytes_max = std::uint64_t{1} << 30U;

struct AppendFlags {
  std::string path;
  std::string durability = "durable";
  std::optional<std::string> rotate_bytes;
  std::optional<std::string> rotate_age;
  std::optional<std::string> keep;
  std::optional<std::string> lock_wait;
  std::optional<std::string> tree;
  bool stream = false;
};

// "4096", "64K", "16M", "1G". Nothing for anything else.
std::optional<std::uint64_t> size_of(std::string_view text) {
  constexpr std::string_view units = "KMG";
  constexpr unsigned digits_max = 9;
  unsigned shift = 0;
  if (!text.empty() && units.find(text.back()) != std::string_view::npos) {
    shift = 10 * (static_cast<unsigned>(units.find(text.back())) + 1);
    text.remove_suffix(1);
  }
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || (shift != 0 && text.size() > digits_max)) {
    return std::nullopt;
  }
  return number << shift;
}

// The nearest folder at or above the log's that keeps something already: one for each tree is
// enough. Empty: that of the log.
std::string tree_of(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  std::error_code failed;
  const std::filesystem::path real =
      std::filesystem::canonical(parent.empty() ? "." : parent, failed);
  if (failed) return {};
  return nearest_kept_tree(posix_file_system(), real.string()).value_or(std::string());
}

// One call of the command. A failure of any kind goes through fail(), once.
class AppendRun {
 public:
  AppendRun(const AppendFlags& flags, const Invocation& invocation)
      : flags_(flags), output_(invocation.output), common_(invocation.common) {}

  ExitCode run() {
    if (auto problem = usage_problem()) return fail({.message = *problem, .path = flags_.path});
    InterruptGuard guard;
    // A limit on file sizes (ulimit -f) then is an error like a full disk, and is taken back.
    (void)std::signal(SIGXFSZ, SIG_IGN);
    const auto before = write::resolve(posix_file_system(), flags_.path, SymlinkPolicy::follow);
    existed_ = before && before->status;
    // One that is not there yet is made when there is a line for it: input that is refused shall
    // leave nothing behind.
    if (existed_ || !before) {
      if (auto failed = open_log()) return *failed;
    }
    if (isatty(STDIN_FILENO) == 1) {
      output_.message("reading from the terminal; end with Ctrl-D, give up with Ctrl-C");
    }
    if (auto failed = copy_input(guard)) return *failed;
    return succeed();
  }

 private:
  std::optional<std::string> usage_problem() {
    options_.sync = flags_.durability == "process" ? LineSync::never : LineSync::each;
    totals_.achieved = options_.sync == LineSync::never ? Durability::process : Durability::durable;
    options_.tree = flags_.tree ? *flags_.tree : tree_of(flags_.path);
    options_.counters = counters_of_file(flags_.path);
    if (flags_.rotate_bytes) {
      const auto bytes = size_of(*flags_.rotate_bytes);
      if (!bytes) return "--rotate-bytes: \"" + *flags_.rotate_bytes + "\" is no size like 16M";
      options_.rotate_bytes = *bytes;
    }
    if (flags_.rotate_age) {
      const auto age = duration_of(*flags_.rotate_age);
      if (!age) return "--rotate-age: \"" + *flags_.rotate_age + "\" is no time like 24h";
      options_.rotate_age = std::chrono::ceil<std::chrono::seconds>(*age);
    }
    if (flags_.lock_wait) {
      const auto wait = duration_of(*flags_.lock_wait);
      if (!wait) return "--lock-wait: \"" + *flags_.lock_wait + "\" is no time like 10s";
      options_.lock_wait = *wait;
    }
    if (flags_.keep) {
      constexpr std::uint64_t keep_max = 1000;
      const auto keep = size_of(*flags_.keep);
      if (!keep || *keep < 1 || *keep > keep_max) {
        return "--keep: \"" + *flags_.keep + "\" is no number from 1 to 1000";
      }
      options_.keep = static_cast<unsigned>(*keep);
    }
    if (common_.output && leads_to_same(*common_.output, flags_.path, SymlinkPolicy::follow)) {
      output_.abandon_file();
      return "--output names the log";
    }
    return std::nullopt;
  }

  // Nothing: it is open.
  std::optional<ExitCode> open_log() {
    if (log_) return std::nullopt;
    auto log = LineLog::open(flags_.path, options_);
    if (!log) return fail(log.error());
    log_.emplace(std::move(*log));
    tell_torn(log_->torn());
    return std::nullopt;
  }

  // Nothing: all of the input was appended.
  std::optional<ExitCode> copy_input(InterruptGuard& guard) {
    std::vector<char> piece(piece_bytes);
    LineInput input;
    while (guard.wait_readable(STDIN_FILENO)) {
      const ssize_t count = read(STDIN_FILENO, piece.data(), piece.size());
      if (count < 0) {
        if (errno == EINTR || errno == EAGAIN) continue;
        return fail(input_error(std::string("it cannot be read: ") + reason_of(errno)));
      }
      if (count == 0) return end_input(input);
      if (auto problem = input.add(std::span(piece).first(static_cast<std::size_t>(count)))) {
        return fail(input_error(*problem));
      }
      if (flags_.stream && input.has_lines()) {
        if (auto failed = append(input)) return failed;
      } else if (input.bytes() > input_bytes_max) {
        return fail(input_error("it is longer than 1 GiB; --stream adds lines as they come"));
      }
    }
    const std::string kept = totals_.lines == 0 ? "nothing was appended" : told_lines();
    (void)fail({.code = "interrupted",
                .step = "read_input",
                .message = flags_.path + ": interrupted; " + kept,
                .path = flags_.path});
    return guard.exit_code();
  }

  std::optional<ExitCode> end_input(LineInput& input) {
    if (auto problem = input.end_problem()) return fail(input_error(*problem));
    completed_ = input.complete();
    if (completed_) {
      output_.warning(flags_.path +
                      ": the last line of the input has no end; it is added as a line");
    }
    return input.has_lines() ? append(input) : open_log();
  }

  std::optional<ExitCode> append(LineInput& input) {
    if (auto failed = open_log()) return failed;
    LineLog& log = *log_;
    const std::string torn_before = log.torn().moved_to;
    const auto receipt = log.append(input.take());
    if (log.torn().moved_to != torn_before) tell_torn(log.torn());
    if (!receipt) return fail(receipt.error());
    totals_.lines += receipt->lines;
    totals_.bytes += receipt->bytes;
    totals_.syncs += receipt->syncs;
    totals_.rotated |= receipt->rotated;
    totals_.achieved = std::min(totals_.achieved, receipt->achieved);
    totals_.why_lower = receipt->why_lower;
    return std::nullopt;
  }

  static std::string reason_of(int os_errno) {
    return os_errno == EBADF ? "it is closed" : std::strerror(os_errno);
  }

  [[nodiscard]] std::string told_lines() const {
    return "lines that came before it and are in the log: " + std::to_string(totals_.lines);
  }

  [[nodiscard]] ToolError input_error(const std::string& problem) const {
    std::string message = flags_.path + ": what stdin holds cannot be appended: " + problem + "; ";
    message += totals_.lines == 0 ? "nothing was appended" : told_lines();
    return {.code = "invalid_argument",
            .step = "read_input",
            .message = std::move(message),
            .path = flags_.path};
  }

  void tell_torn(const TornLines& torn) {
    if (!torn.happened) return;
    torn_ = torn;
    output_.warning(flags_.path + ": " + torn.message());
  }

  // The fields that success and failure share.
  void begin_document(report::JsonWriter& json, std::string_view outcome) const {
    const NamedPath named = named_path(flags_.path);
    json.begin_object();
    json.field("schema", "untorn.append/1").field("root", named.root).field("path", named.path);
    json.field("outcome", outcome).field("requested", flags_.durability);
    json.field("lines", totals_.lines).field("bytes", totals_.bytes);
  }

  ExitCode fail(const Error& error) {
    const bool partly = totals_.lines > 0;
    output_.error(partly ? error.message() + "; " + told_lines() : error.message());
    if (output_.json()) {
      report::JsonWriter json;
      begin_document(json, to_string(error.outcome()));
      json.null_field("achieved").key("error");
      write_error(json, error, named_path(flags_.path).path);
      json.end_object();
      output_.result(std::move(json).take() + "\n");
    }
    (void)deliver_failure();
    const bool untouched = !partly && error.outcome() == Outcome::not_applied;
    return untouched ? ExitCode::failure : ExitCode::unsure;
  }

  ExitCode fail(ToolError error) {
    output_.error(error.message);
    error.path = named_path(error.path).path;
    if (output_.json()) output_.result(error_document("append", error));
    (void)deliver_failure();
    return totals_.lines == 0 ? ExitCode::failure : ExitCode::unsure;
  }

  // A failure in text is told on stderr, and the file of --output keeps what it holds.
  [[nodiscard]] bool deliver_failure() { return !output_.json() || output_.finish(); }

  ExitCode succeed() {
    if (options_.sync == LineSync::each && totals_.achieved < Durability::durable) {
      output_.warning(flags_.path + ": process instead of durable: " + totals_.why_lower);
    }
    if (output_.json()) {
      output_.result(document());
    } else if (output_.to_file()) {
      output_.result(sentence() + "\n");
    } else if (isatty(STDERR_FILENO) == 1) {
      output_.message(sentence());
    }
    if (output_.finish()) return ExitCode::done;
    output_.error(flags_.path + ": the lines are in the log all the same");
    return ExitCode::unsure;
  }

  [[nodiscard]] std::string sentence() const {
    return flags_.path + ": lines appended: " + std::to_string(totals_.lines) + ", " +
           std::to_string(totals_.bytes) + " bytes, " + std::string(to_string(totals_.achieved)) +
           ", syncs: " + std::to_string(totals_.syncs);
  }

  [[nodiscard]] std::string document() const {
    report::JsonWriter json;
    begin_document(json, totals_.lines == 0 ? "unchanged" : "applied");
    json.field("achieved", to_string(totals_.achieved));
    if (totals_.why_lower.empty()) {
      json.null_field("why_lower");
    } else {
      json.field("why_lower", totals_.why_lower);
    }
    json.field("protocol", "append").field("syncs", totals_.syncs).field("etag", etag());
    json.field("existed", existed_).field("rotated", totals_.rotated);
    json.field("last_line_completed", completed_);
    json.key("torn");
    write_torn(json);
    json.key("metadata_lost").begin_array().end_array().end_object();
    return std::move(json).take() + "\n";
  }

  void write_torn(report::JsonWriter& json) const {
    if (!torn_.happened) {
      json.null();
      return;
    }
    json.begin_object().field("bytes", torn_.bytes).field("lines", torn_.lines);
    json.field("moved_to", torn_.moved_to).field("reason", torn_.reason).end_object();
  }

  // Of the file as it is now; another program may have appended since.
  [[nodiscard]] std::string etag() const {
    const auto place = write::resolve(posix_file_system(), flags_.path, SymlinkPolicy::follow);
    return place && place->status ? write::etag_of(*place->status) : std::string();
  }

  const AppendFlags& flags_;
  Output& output_;
  const CommonFlags& common_;
  LineLogOptions options_;
  std::optional<LineLog> log_;
  AppendReceipt totals_;
  TornLines torn_;
  bool existed_ = false;
  bool completed_ = false;
};

std::vector<Flag> append_flags(AppendFlags& flags) {
  return {
      {"--durability",
       "process|durable",
       "What the lines survive: a kill of this program; also a power cut (default).",
       &flags.durability,
       {"process", "durable"}},
      {"--stream", "", "Append lines as they come, instead of all together at the end.",
       &flags.stream},
      {"--rotate-bytes", "SIZE",
       "Begin a new file when this one would grow above SIZE (4096, 64K, 16M): PATH becomes "
       "PATH.1. 0: never.",
       &flags.rotate_bytes},
      {"--rotate-age", "TIME",
       "Begin a new file when this one was begun longer ago (24h); 0s: never.", &flags.rotate_age},
      {"--keep", "N", "How many old files stay; 5 without it.", &flags.keep},
      {"--lock-wait", "TIME", "How long to wait for other programs; 10s without it.",
       &flags.lock_wait},
      {"--tree", "DIR",
       "The folder whose .untorn is used; without it the nearest one at or above PATH that has "
       "one.",
       &flags.tree},
  };
}

}  // namespace

Command make_append_command() {
  auto flags = std::make_shared<AppendFlags>();
  Command command;
  command.name = "append";
  command.summary = "Add the lines of stdin to a log, whole and never mixed with others.";
  command.usage = "PATH < LINES";
  command.description =
      "Reads stdin to its end and adds its lines to PATH, together, under a lock that all programs "
      "share which append with Untorn. After a crash PATH holds whole lines: a torn end is moved "
      "to PATH.torn-1 by whoever opens it next, never completed and never glued to the next "
      "line.\n"
      "\n"
      "A last line without a line end is added as a line, with a warning. Line ends are \"\\n\"; "
      "\"\\r\\n\" becomes that. NUL bytes are refused.\n"
      "\n"
      "Exit code: 0 done; 2 nothing was appended; 3 the lines are in the log but not known to be "
      "durable, or with --stream only the first of them are; 130 interrupted (lines that --stream "
      "has appended stay).";
  command.example = "service 2>&1 | untorn append --stream --rotate-bytes 16M service.log";
  command.arguments = {{"PATH", "The log to append to or create.", &flags->path}};
  command.flags = append_flags(*flags);
  command.run = [flags](const Invocation& invocation) {
    return AppendRun(*flags, invocation).run();
  };
  return command;
}

}  // namespace untorn::cli
