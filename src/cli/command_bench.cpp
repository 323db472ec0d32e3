// SPDX-License-Identifier: Apache-2.0
//
// untorn bench [DIR]: what replacing files costs where the user's files are.
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/bench_report.h"
#include "cli/bench_run.h"
#include "cli/bench_scratch.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "report/json.h"

namespace untorn::cli {
namespace {

struct BenchFlags {
  std::string folder = ".";
  std::string rounds = "20";
  std::string bytes = "4096";
  std::string files = "100";
};

struct Limit {
  std::string_view flag;
  std::size_t least;
  std::size_t most;
};
constexpr Limit rounds_limit = {"--rounds", 1, 100'000};
constexpr Limit bytes_limit = {"--bytes", 0, std::size_t{1} << 30U};
constexpr Limit files_limit = {"--files", 1, 10'000};

// A line on the terminal that is rewritten while the rounds are made, and gone at their end.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted) : wanted_(wanted) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() {
    if (shown_ != none) print("\r\x1b[K");
  }

  void show(std::size_t made, std::size_t all) {
    const std::size_t percent = made * 100 / all;
    if (!wanted_ || percent == shown_) return;
    shown_ = percent;
    print("\r\x1b[Kuntorn: " + std::to_string(percent) + "% of the rounds");
  }

 private:
  static constexpr std::size_t none = 101;

  static void print(const std::string& text) {
    (void)std::fputs(text.c_str(), stderr);
    (void)std::fflush(stderr);
  }

  bool wanted_;
  std::size_t shown_ = none;
};

class BenchRun {
 public:
  BenchRun(const BenchFlags& flags, Output& output) : flags_(flags), output_(output) {}

  ExitCode run() {
    if (!take(rounds_limit, flags_.rounds, sizes_.rounds) ||
        !take(bytes_limit, flags_.bytes, sizes_.bytes) ||
        !take(files_limit, flags_.files, sizes_.files)) {
      return ExitCode::failure;
    }
    InterruptGuard guard;  // before anything is made that must be removed
    // A limit on file sizes (ulimit -f) then is an error like a full disk, with the same clean-up.
    (void)std::signal(SIGXFSZ, SIG_IGN);
    FileSystem& fs = posix_file_system();
    auto scratch = BenchScratch::make(fs, flags_.folder);
    if (!scratch) return fail(scratch.error());
    const auto outcome = measure(fs, *scratch, guard);
    const auto removed = scratch->remove();
    if (!outcome) return fail(outcome.error());
    if (!removed) return fail(removed.error());
    if (!*outcome) {
      (void)fail({.code = "interrupted",
                  .step = "measure",
                  .message = flags_.folder + ": interrupted; nothing is left there",
                  .path = flags_.folder});
      return guard.exit_code();
    }
    return deliver(**outcome);
  }

 private:
  Result<std::optional<BenchOutcome>> measure(FileSystem& fs, const BenchScratch& scratch,
                                              InterruptGuard& guard) {
    output_.message("measuring in " + scratch.folder_path() + "; Ctrl-C ends it");
    ProgressLine line(!output_.quiet() && isatty(STDERR_FILENO) == 1);
    return run_bench(fs, scratch, sizes_, [&](std::size_t made, std::size_t all) {
      line.show(made, all);
      return !guard.interrupted();
    });
  }

  bool take(const Limit& limit, const std::string& text, std::size_t& number) {
    const char* const end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, number);
    if (problem == std::errc() && rest == end && number >= limit.least && number <= limit.most) {
      return true;
    }
    (void)fail({.message = std::string(limit.flag) + ": \"" + text + "\" is not a number from " +
                           std::to_string(limit.least) + " to " + std::to_string(limit.most),
                .path = flags_.folder});
    return false;
  }

  ExitCode deliver(const BenchOutcome& outcome) {
    output_.result(output_.json() ? bench_document(outcome, sizes_, named_path(flags_.folder))
                                  : bench_table(outcome, sizes_, flags_.folder));
    return output_.finish() ? ExitCode::done : ExitCode::failure;
  }

  ExitCode fail(const Error& error) {
    output_.error(error.message());
    if (!output_.json()) return ExitCode::failure;
    const NamedPath named = named_path(flags_.folder);
    report::JsonWriter json;
    json.begin_object();
    json.field("schema", "untorn.bench/1").field("root", named.root).field("path", named.path);
    json.key("error");
    write_error(json, error, named.path);
    json.end_object();
    output_.result(std::move(json).take() + "\n");
    (void)output_.finish();
    return ExitCode::failure;
  }

  ExitCode fail(const ToolError& error) {
    output_.error(error.message);
    if (!output_.json()) return ExitCode::failure;
    output_.result(error_document("bench", error));
    (void)output_.finish();
    return ExitCode::failure;
  }

  const BenchFlags& flags_;
  Output& output_;
  BenchSizes sizes_;
};

}  // namespace

Command make_bench_command() {
  auto flags = std::make_shared<BenchFlags>();
  Command command;
  command.name = "bench";
  command.summary = "Measure what replacing files costs in a folder.";
  command.usage = "[DIR]";
  command.plumbing = true;
  command.description =
      "Replaces files in a new folder below DIR (default: the current one) at every level, by the "
      "classic protocol and by the one that is picked for this file system, alone and as a batch, "
      "and removes the folder again. Shows the median and the 99th percentile of the time, the "
      "sync calls, and, where the kernel counts them, the flushes of the device for each "
      "replacement. It needs room for the files of a batch twice.\n"
      "\n"
      "Exit code: 0 done; 2 it could not be measured; 130 interrupted, and cleaned up.";
  command.example =
      "untorn bench\n"
      "untorn bench --rounds 200 --bytes 1048576 --files 10 /var/lib/app\n"
      "untorn bench --format json --output costs.json";
  command.arguments = {{.name = "DIR",
                        .description = "The folder to measure in.",
                        .target = &flags->folder,
                        .required = false}};
  command.flags = {
      {"--rounds", "N", "How often each kind of replacement is made (default: 20).",
       &flags->rounds},
      {"--bytes", "N", "The size of each file (default: 4096).", &flags->bytes},
      {"--files", "N", "How many files a batch has (default: 100).", &flags->files},
  };
  command.run = [flags](const Invocation& invocation) {
    return BenchRun(*flags, invocation.output).run();
  };
  return command;
}

}  // namespace untorn::cli
