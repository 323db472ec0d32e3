// SPDX-License-Identifier: Apache-2.0
//
// untorn apply [PATCH]: the files of a folder as a diff says, all of them or none.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/escape.h"
#include "cli/apply_report.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/tree_counters.h"
#include "filesystem/kept_folder.h"
#include "patch/parse.h"
#include "pipeline/patch_plan.h"
#include "pipeline/patch_source.h"
#include "transaction/leave.h"
#include "untorn/transaction.h"
#include "write/target.h"

namespace untorn::cli {
namespace {

constexpr std::size_t piece_bytes = 262144;

struct ApplyFlags {
  std::string patch;
  std::string directory = ".";
  std::optional<std::string> strip;
  bool check = false;
  bool reverse = false;
  bool strict = false;
};

// A failure of any kind ends the run and is told once.
using Failure = std::variant<Error, ToolError>;

std::optional<std::size_t> strip_of(const std::string& text) {
  constexpr std::size_t strip_max = 1000;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > strip_max) {
    return std::nullopt;
  }
  return value;
}

class ApplyRun {
 public:
  ApplyRun(const ApplyFlags& flags, const Invocation& invocation)
      : flags_(flags), output_(invocation.output), common_(invocation.common) {}

  ExitCode run() {
    report_.check = flags_.check;
    report_.reverse = flags_.reverse;
    std::error_code ignored;
    report_.root = std::filesystem::absolute(flags_.directory, ignored).lexically_normal().string();
    if (report_.root.size() > 1 && report_.root.ends_with('/')) report_.root.pop_back();
    InterruptGuard guard;
    // A limit on file sizes (ulimit -f) then is an error like a full disk, with the same clean-up.
    (void)std::signal(SIGXFSZ, SIG_IGN);
    const auto done = work(guard);
    if (guard.signal() != 0 && !report_.receipt) return fail(guard);
    if (!done) return fail(done.error());
    return report_.problems.empty() ? succeed() : refuse();
  }

 private:
  using Done = std::expected<void, Failure>;

  [[nodiscard]] std::string patch_name() const {
    return flags_.patch.empty() || flags_.patch == "-" ? "the patch on stdin" : flags_.patch;
  }

  Done work(InterruptGuard& guard) {
    patch::ParseOptions options;
    if (flags_.strip) {
      const auto strip = strip_of(*flags_.strip);
      if (!strip) return usage("-p: \"" + *flags_.strip + "\" is not a number from 0 to 1000");
      options = {.strip = *strip, .strip_is_exact = true};
    }
    if (auto read = read_patch(guard); !read) return read;
    auto patch = patch::parse(text_, options);
    if (!patch) return bad_patch(patch.error());
    if (flags_.reverse) {
      if (const auto problem = patch::reverse(*patch)) return bad_patch(*problem);
    }
    auto source = pipeline::PatchSource::open(fs_, flags_.directory);
    if (!source) return std::unexpected(source.error());
    std::error_code error;
    const auto root = std::filesystem::canonical(flags_.directory, error);
    if (!error) report_.root = root.string();
    if (flags_.strict) {
      const write::Level level = write::achievable(fs_.kind(source->root()), Durability::durable);
      if (level.achieved < Durability::durable) {
        return std::unexpected(Error(Code::unsupported, Step::inspect, Outcome::not_applied, 0,
                                     flags_.directory, level.why_lower));
      }
    }
    if (guard.interrupted()) return {};
    return flags_.check ? check(*source, *patch) : change(*source, *patch);
  }

  static std::unexpected<Failure> usage(std::string message) {
    return std::unexpected<Failure>(ToolError{.message = std::move(message)});
  }

  [[nodiscard]] std::unexpected<Failure> bad_patch(const patch::Problem& problem) const {
    return std::unexpected<Failure>(ToolError{.code = "invalid_argument",
                                              .step = "read_patch",
                                              .message = patch_name() + ", line " +
                                                         std::to_string(problem.patch_line) + ": " +
                                                         problem.message + "; nothing was changed",
                                              .path = flags_.patch});
  }

  Done read_patch(InterruptGuard& guard) {
    if (flags_.patch.empty() || flags_.patch == "-") {
      if (isatty(STDIN_FILENO) == 1) {
        output_.message("reading from the terminal; end with Ctrl-D, give up with Ctrl-C");
      }
      return read_from(guard, STDIN_FILENO);
    }
    const int file = open(flags_.patch.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return unreadable(errno);
    Done done = read_from(guard, file);
    (void)close(file);
    return done;
  }

  [[nodiscard]] std::unexpected<Failure> unreadable(int os_errno) const {
    const std::string reason = os_errno == EBADF ? "it is closed" : std::strerror(os_errno);
    return std::unexpected<Failure>(
        ToolError{.code = os_errno == ENOENT ? "not_found" : "io",
                  .step = "read_patch",
                  .message = patch_name() + " cannot be read: " + reason + "; nothing was changed",
                  .path = flags_.patch});
  }

  Done read_from(InterruptGuard& guard, int descriptor) {
    std::string piece(piece_bytes, '\0');
    while (guard.wait_readable(descriptor)) {
      const ssize_t count = read(descriptor, piece.data(), piece.size());
      if (count == 0) return {};
      if (count < 0) {
        if (errno == EINTR || errno == EAGAIN) continue;
        return unreadable(errno);
      }
      text_.append(piece, 0, static_cast<std::size_t>(count));
      // One byte more than is allowed: parse() then says that it is too much.
      if (text_.size() > patch::patch_bytes_max) return {};
    }
    return {};
  }

  Done check(const pipeline::PatchSource& source, const patch::Patch& patch) {
    std::optional<TreeLock> lock;
    if (has_kept_folder()) {
      auto taken = TreeLock::shared(fs_, flags_.directory);
      if (!taken) return std::unexpected(taken.error());
      tell(taken->recovery());
      lock = std::move(*taken);
    }
    auto plan = pipeline::plan_patch(source, patch, {});
    if (!plan) return std::unexpected(plan.error());
    take(*std::move(plan));
    return {};
  }

  Done change(const pipeline::PatchSource& source, const patch::Patch& patch) {
    const bool was_kept = has_kept_folder();
    Done done = transact(source, patch);
    if (!was_kept) {
      // Not worth an error: what is left is an empty folder.
      const auto removed = transaction::remove_unused_kept_folder(fs_, flags_.directory);
      if (!removed) output_.warning(removed.error().message());
    }
    return done;
  }

  Done transact(const pipeline::PatchSource& source, const patch::Patch& patch) {
    auto transaction = Transaction::begin(fs_, flags_.directory,
                                          {.counters = counters_of_folder(flags_.directory)});
    if (!transaction) return std::unexpected(transaction.error());
    tell(transaction->recovery());
    auto plan = pipeline::plan_patch(source, patch, {});
    if (!plan) return std::unexpected(plan.error());
    if (const auto clash = output_clash(*plan)) return usage(*clash);
    if (plan->fits()) {
      if (auto collected = pipeline::collect(*plan, source, fs_, *transaction); !collected) {
        return std::unexpected(collected.error());
      }
      auto receipt = std::move(*transaction).commit();
      if (!receipt) return std::unexpected(receipt.error());
      report_.receipt = *std::move(receipt);
    }
    take(*std::move(plan));
    return {};
  }

  void take(pipeline::PatchPlan plan) {
    report_.unchanged = plan.fits() && plan.changes_nothing();
    report_.files = std::move(plan.files);
    report_.problems = std::move(plan.problems);
  }

  void tell(const TransactionRecovery& recovery) const {
    const std::string message = recovery.message();
    if (!message.empty()) output_.warning(message);
  }

  [[nodiscard]] bool has_kept_folder() const {
    std::error_code ignored;
    return std::filesystem::exists(std::filesystem::path(flags_.directory) / kept_folder_name,
                                   ignored);
  }

  // The report must not replace what the patch has just changed.
  std::optional<std::string> output_clash(const pipeline::PatchPlan& plan) {
    if (!common_.output) return std::nullopt;
    std::error_code error;
    const auto output = std::filesystem::weakly_canonical(*common_.output, error);
    if (error) return std::nullopt;
    for (const auto& [path, name] : plan.names) {
      if (output != std::filesystem::path(report_.root) / path) continue;
      output_.abandon_file();
      return "--output names a file that the patch changes";
    }
    return std::nullopt;
  }

  ExitCode succeed() {
    if (report_.receipt) report_losses(*report_.receipt);
    if (output_.json()) {
      output_.result(apply_document(report_));
    } else if (output_.to_file()) {
      output_.result(apply_sentence(report_) + "\n");
    } else if (isatty(STDERR_FILENO) == 1) {
      output_.message(apply_sentence(report_));  // silent in scripts: nothing to filter out
    }
    if (output_.finish()) return ExitCode::done;
    if (report_.check) return ExitCode::failure;
    output_.error(flags_.directory + ": the patch is in place all the same");
    return ExitCode::unsure;
  }

  void report_losses(const TransactionReceipt& receipt) const {
    if (receipt.achieved < Durability::durable) {
      output_.warning(flags_.directory + ": " + std::string(to_string(receipt.achieved)) +
                      " instead of durable: " + receipt.why_lower);
    }
    for (const std::string& lost : receipt.metadata_lost) {
      output_.warning(lost + " could not be kept");
    }
    for (const std::string& changed : receipt.changed) {
      output_.warning(changed + ": another program changed it at the same moment");
    }
  }

  // The patch does not fit: every place, and once that nothing was changed.
  ExitCode refuse() {
    for (const pipeline::PatchProblem& problem : report_.problems) output_.error(problem.message);
    if (!report_.check) output_.message("nothing was changed");
    return deliver(ExitCode::condition);
  }

  ExitCode fail(const InterruptGuard& guard) {
    report_.tool_error = ToolError{.code = "interrupted",
                                   .step = "read_patch",
                                   .message = "interrupted; nothing was changed",
                                   .path = flags_.patch};
    output_.error(report_.tool_error->message);
    (void)deliver(ExitCode::interrupted);
    return guard.exit_code();
  }

  ExitCode fail(const Failure& failure) {
    ExitCode code = ExitCode::failure;
    if (const auto* error = std::get_if<Error>(&failure)) {
      report_.error = *error;
      output_.error(error->message());
      if (error->outcome() != Outcome::not_applied)
        code = ExitCode::unsure;
      else if (error->code() == Code::conflict)
        code = ExitCode::condition;
    } else {
      report_.tool_error = std::get<ToolError>(failure);
      output_.error(report_.tool_error->message);
    }
    return deliver(code);
  }

  // A failure in text is told on stderr, and the file of --output keeps what it holds.
  ExitCode deliver(ExitCode code) {
    if (!output_.json()) return code;
    output_.result(apply_document(report_));
    return output_.finish() || code == ExitCode::unsure ? code : ExitCode::failure;
  }

  const ApplyFlags& flags_;
  Output& output_;
  const CommonFlags& common_;
  FileSystem& fs_ = posix_file_system();
  std::string text_;  // of the patch; what was parsed refers to it
  ApplyReport report_;
};

}  // namespace

Command make_apply_command() {
  auto flags = std::make_shared<ApplyFlags>();
  Command command;
  command.name = "apply";
  command.summary = "Change files as a patch says: all of them, or none.";
  command.usage = "[PATCH]";
  command.description =
      "Reads a git or unified diff (from stdin without PATCH) and applies it to the files of a "
      "folder in one transaction: after a crash at any instant all files are changed, or none, "
      "once "
      "the next command has looked at the folder. New, deleted and renamed files and their mode "
      "are understood; binary patches, symbolic links and submodules are refused.\n"
      "\n"
      "A hunk may have moved, as with git apply; its lines must be equal byte for byte. Paths "
      "outside of the folder, through symbolic links, in .git or .untorn are refused.\n"
      "\n"
      "Exit code: 0 done; 1 the patch does not fit; 2 it cannot be read or must not be applied; in "
      "all these cases nothing was changed but with 0. 3 the outcome is not known; 130 "
      "interrupted, nothing changed.";
  command.example =
      "git diff | untorn apply --directory ../copy\n"
      "untorn apply --check fix.patch && untorn apply fix.patch";
  command.arguments = {{.name = "PATCH",
                        .description = "The patch; stdin if it is missing or \"-\".",
                        .target = &flags->patch,
                        .required = false}};
  command.flags = {
      {"-p,--strip", "N", "Remove N leading components from the names; 1 by default.",
       &flags->strip},
      {"--directory", "DIR", "The folder to change; the current one by default.",
       &flags->directory},
      {"--check", "", "Only say whether the patch fits.", &flags->check},
      {"-R,--reverse", "", "Apply the patch backwards.", &flags->reverse},
      {"--strict", "", "Fail where the file system cannot make the change durable.",
       &flags->strict},
  };
  command.run = [flags](const Invocation& invocation) {
    return ApplyRun(*flags, invocation).run();
  };
  return command;
}

}  // namespace untorn::cli
