// SPDX-License-Identifier: Apache-2.0
//
// untorn doctor [DIR…]: what is wrong with what Untorn manages, and the repair of what is safe.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/named_folders.h"
#include "cli/output.h"
#include "health/doctor.h"

namespace untorn::cli {
namespace {

struct DoctorFlags {
  std::vector<std::string> folders;
  std::vector<std::string> documents;
  bool repair = false;
  bool probe = false;
  bool acknowledge = false;
};

// A line on the terminal that is rewritten while long work goes on, and gone at its end.
class Progress {
 public:
  explicit Progress(bool wanted) : wanted_(wanted) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    if (shown_) print("\r\x1b[K");
  }

  void show(const health::Counts& counts) {
    if (!wanted_) return;
    const auto now = Clock::now();
    if (now - start_ < first_after || now - last_ < next_after) return;
    last_ = now;
    shown_ = true;
    print("\r\x1b[Kuntorn: looked at " + std::to_string(counts.files) + " files in " +
          std::to_string(counts.folders) + " folders");
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds first_after{500};
  static constexpr std::chrono::milliseconds next_after{100};

  static void print(const std::string& text) {
    (void)std::fputs(text.c_str(), stderr);
    (void)std::fflush(stderr);
  }

  bool wanted_;
  bool shown_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_;
};

health::Options options_of(const DoctorFlags& flags) {
  health::Options options = {.folders = named_folders(flags.folders),
                             .documents = flags.documents,
                             .repair = flags.repair,
                             .probe = flags.probe,
                             .acknowledge = flags.acknowledge};
  return options;
}

ExitCode exit_code_of(const health::Report& report) {
  if (!report.failures.empty()) return ExitCode::failure;
  if (report.has_problems()) return ExitCode::condition;
  return report.is_complete() ? ExitCode::done : ExitCode::failure;
}

// What was repaired before an interruption stays repaired, so it is reported.
ExitCode deliver(const health::Report& report, const InterruptGuard& guard, Output& output) {
  for (const health::Failure& failure : report.failures) output.error(failure.error.message());
  if (output.json()) {
    output.result(health::render_json(report));
  } else if (report.counts.folders > 0) {
    output.result(health::render_text(report, output.result_in_color()));
  }
  const bool delivered = output.finish();
  if (report.interrupted) {
    output.message("interrupted; what was repaired until then stays repaired");
    return guard.exit_code();
  }
  return delivered ? exit_code_of(report) : ExitCode::failure;
}

ExitCode run_doctor(const DoctorFlags& flags, const Invocation& invocation) {
  Output& output = invocation.output;
  InterruptGuard guard;
  health::Options options = options_of(flags);
  auto progress = std::make_unique<Progress>(!output.quiet() && isatty(STDERR_FILENO) == 1);
  options.keep_going = [&](const health::Counts& counts) {
    progress->show(counts);
    return !guard.interrupted();
  };
  const health::Report report = health::examine(posix_file_system(), options);
  progress.reset();  // its line is gone before ours appear
  return deliver(report, guard, output);
}

}  // namespace

Command make_doctor_command() {
  auto flags = std::make_shared<DoctorFlags>();
  Command command;
  command.name = "doctor";
  command.summary = "Find what crashes left behind, and repair what is safe to repair.";
  command.usage = "[DIR…]";
  command.description =
      "Looks at every folder below DIR (default: the current one), hidden ones included, without "
      "following links or entering other file systems. Finds interrupted transactions and "
      "overwritings, torn logs, registries and documents that are damaged, temporaries whose "
      "writer is gone, and what earlier repairs set aside. Nothing is changed without --repair, "
      "and "
      "a repair never removes what may be the only copy of something.\n"
      "\n"
      "Exit code: 0 healthy, or everything repaired; 1 problems from warning up remain; 2 "
      "something could not be looked at; 130 interrupted.";
  command.example =
      "untorn doctor --documents '*.json' state\n"
      "untorn doctor --repair state\n"
      "untorn doctor --ack state\n"
      "untorn doctor --probe state";
  command.arguments = {{.name = "DIR",
                        .description = "A folder to look at.",
                        .required = false,
                        .targets = &flags->folders}};
  command.flags = {
      {"--repair", "",
       "Carry out what a crash interrupted, move torn ends of logs away, bring damaged documents "
       "and registries back, and remove temporaries whose writer is gone.",
       &flags->repair},
      {"--probe", "",
       "Measure what durability the file system of the first DIR gives, at what cost. Writes and "
       "removes small files there.",
       &flags->probe},
      {"--documents", "GLOB",
       "Also judge files of this name, or of this path below DIR: *.json as JSON, others only if "
       "they are empty or nothing but NUL bytes. May be repeated.",
       &flags->documents},
      {"--ack", "",
       "File away what you have seen: files that repairs set aside are not shown again. They stay.",
       &flags->acknowledge},
  };
  command.run = [flags](const Invocation& invocation) { return run_doctor(*flags, invocation); };
  return command;
}

}  // namespace untorn::cli
