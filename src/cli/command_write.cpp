// SPDX-License-Identifier: Apache-2.0
//
// untorn write PATH: stdin becomes the content of PATH, whole or not at all.
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/same_target.h"
#include "cli/tree_counters.h"
#include "report/json.h"
#include "untorn/replace.h"

namespace untorn::cli {
namespace {

constexpr std::size_t piece_bytes = 262144;

struct WriteFlags {
  std::string path;
  std::string durability = "durable";
  std::string symlink = "follow";
  std::string hard_links = "split";
  std::string protocol = "automatic";
  std::string match = "cooperative";
  std::optional<std::string> mode;
  std::optional<std::string> if_match;
  std::optional<std::string> backups;
  std::optional<std::string> sidecar;
  bool create_parents = false;
  bool strict = false;
  bool must_exist = false;
  bool must_not_exist = false;
  bool skip_if_same = false;
};

Durability durability_of(std::string_view name) {
  if (name == "process") return Durability::process;
  return name == "ordered" ? Durability::ordered : Durability::durable;
}

SymlinkPolicy symlink_policy_of(std::string_view name) {
  if (name == "replace") return SymlinkPolicy::replace;
  return name == "refuse" ? SymlinkPolicy::refuse : SymlinkPolicy::follow;
}

HardLinkPolicy hard_link_policy_of(std::string_view name) {
  if (name == "in-place") return HardLinkPolicy::in_place;
  return name == "refuse" ? HardLinkPolicy::refuse : HardLinkPolicy::split;
}

// "644", "0600", "4755". Nothing when it is no such number.
std::optional<std::uint32_t> octal_mode(std::string_view text) {
  constexpr std::uint32_t mode_max = 07777;
  constexpr std::size_t digits_max = 5;
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  std::uint32_t mode = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '7') return std::nullopt;
    mode = mode * 8 + static_cast<std::uint32_t>(digit - '0');
  }
  if (mode > mode_max) return std::nullopt;
  return mode;
}

// How many versions to keep.
std::optional<unsigned> version_count(std::string_view text) {
  constexpr unsigned versions_max = 1000;
  unsigned count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem != std::errc() || end != text.data() + text.size() || count > versions_max) {
    return std::nullopt;
  }
  return count;
}

bool is_a_look(Step step) {
  return step == Step::open_directory || step == Step::inspect;
}

// One call of the command. A failure of any kind goes through fail(), once.
class WriteRun {
 public:
  WriteRun(const WriteFlags& flags, const Invocation& invocation)
      : flags_(flags), output_(invocation.output), common_(invocation.common) {}

  ExitCode run() {
    if (auto problem = usage_problem()) {
      return fail({.message = *problem, .path = flags_.path});
    }
    options_.counters = counters_of_file(flags_.path);
    InterruptGuard guard;
    // A limit on file sizes (ulimit -f) then is an error like a full disk, with the same clean-up.
    (void)std::signal(SIGXFSZ, SIG_IGN);
    auto replacer = FileReplacer::open(flags_.path, options_);
    if (!replacer) return fail(replacer.error());
    if (isatty(STDIN_FILENO) == 1) {
      output_.message("reading from the terminal; end with Ctrl-D, give up with Ctrl-C");
    }
    if (auto failed = copy_input(guard, *replacer)) return *failed;
    auto receipt = std::move(*replacer).commit();
    if (!receipt) return fail(receipt.error());
    return succeed(*receipt);
  }

 private:
  std::optional<std::string> usage_problem() {
    options_ = {.durability = durability_of(flags_.durability),
                .strict = flags_.strict,
                .symlink = symlink_policy_of(flags_.symlink),
                .hard_links = hard_link_policy_of(flags_.hard_links),
                .skip_if_same = flags_.skip_if_same,
                .protocol = flags_.protocol == "classic" ? ProtocolChoice::classic
                                                         : ProtocolChoice::automatic,
                .if_match = flags_.if_match,
                .match = flags_.match == "detect" ? Match::detect : Match::cooperative,
                .create_parents = flags_.create_parents};
    if (flags_.sidecar) options_.sidecar = *flags_.sidecar;
    if (flags_.must_exist) options_.existence = Existence::must_exist;
    if (flags_.must_not_exist) options_.existence = Existence::must_not_exist;
    if (auto problem = contradiction()) return problem;
    if (auto problem = number_problem()) return problem;
    if (common_.output && leads_to_same(*common_.output, flags_.path, options_.symlink)) {
      output_.abandon_file();
      return "--output names the file that is written";
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<std::string> contradiction() const {
    if (flags_.must_exist && flags_.must_not_exist) {
      return "--must-exist and --must-not-exist exclude each other";
    }
    if (flags_.must_not_exist && flags_.if_match) {
      return "--must-not-exist and --if-match exclude each other";
    }
    if (flags_.if_match && flags_.if_match->empty()) {
      return "--if-match: the etag is empty, and names no version";
    }
    if (flags_.match == "detect" && !flags_.if_match) {
      return "--match detect is for --if-match, which is missing";
    }
    if (flags_.hard_links == "in-place" && !flags_.sidecar) {
      return "--hard-links in-place needs --sidecar";
    }
    return std::nullopt;
  }

  std::optional<std::string> number_problem() {
    if (flags_.mode) {
      options_.mode = octal_mode(*flags_.mode);
      if (!options_.mode) return "--mode: \"" + *flags_.mode + "\" is not an octal mode like 0644";
    }
    if (!flags_.backups) return std::nullopt;
    const std::optional<unsigned> count = version_count(*flags_.backups);
    if (!count) return "--keep-backup: \"" + *flags_.backups + "\" is not a number from 0 to 1000";
    options_.backups = *count;
    return std::nullopt;
  }

  // Memory stays constant however much there is. Nothing: the end of the input was reached.
  std::optional<ExitCode> copy_input(InterruptGuard& guard, FileReplacer& replacer) {
    std::vector<std::byte> piece(piece_bytes);
    while (guard.wait_readable(STDIN_FILENO)) {
      const ssize_t count = read(STDIN_FILENO, piece.data(), piece.size());
      if (count == 0) return std::nullopt;
      if (count < 0) {
        if (errno == EINTR || errno == EAGAIN) continue;
        const int os_errno = errno;
        replacer.discard();
        return fail(input_error(os_errno));
      }
      const auto bytes = std::span(piece).first(static_cast<std::size_t>(count));
      if (auto written = replacer.write(bytes); !written) return fail(written.error());
    }
    replacer.discard();
    (void)fail({.code = "interrupted",
                .step = "read_input",
                .message = flags_.path + ": interrupted; the old content is untouched",
                .path = flags_.path});
    return guard.exit_code();
  }

  [[nodiscard]] ToolError input_error(int os_errno) const {
    std::string message = flags_.path + ": the new content cannot be read from stdin: ";
    message += os_errno == EBADF ? "it is closed" : std::strerror(os_errno);
    message += "; the old content is untouched";
    return {.code = "io", .step = "read_input", .message = std::move(message), .path = flags_.path};
  }

  // The fields that success and failure share, so that a reader finds them in both.
  void begin_document(report::JsonWriter& json, std::string_view outcome) const {
    const NamedPath named = named_path(flags_.path);
    json.begin_object();
    json.field("schema", "untorn.write/1").field("root", named.root).field("path", named.path);
    json.field("outcome", outcome).field("requested", to_string(options_.durability));
  }

  ExitCode fail(const Error& error) {
    output_.error(error.message());
    if (output_.json()) {
      report::JsonWriter json;
      begin_document(json, to_string(error.outcome()));
      json.null_field("achieved").key("error");
      write_error(json, error, named_path(flags_.path).path);
      json.end_object();
      output_.result(std::move(json).take() + "\n");
    }
    const ExitCode code = exit_code_of(error);
    return deliver_failure() || code == ExitCode::unsure ? code : ExitCode::failure;
  }

  ExitCode fail(ToolError error) {
    output_.error(error.message);
    error.path = named_path(error.path).path;
    if (output_.json()) output_.result(error_document("write", error));
    (void)deliver_failure();
    return ExitCode::failure;
  }

  // A failure in text is told on stderr, and the file of --output keeps what it holds.
  [[nodiscard]] bool deliver_failure() { return !output_.json() || output_.finish(); }

  [[nodiscard]] ExitCode exit_code_of(const Error& error) const {
    if (error.outcome() != Outcome::not_applied) return ExitCode::unsure;
    switch (error.code()) {
      case Code::conflict:
        return ExitCode::condition;
      case Code::already_exists:
        return flags_.must_not_exist ? ExitCode::condition : ExitCode::failure;
      case Code::not_found:
        // Later steps miss something else: a directory or a temporary that was taken away.
        return states_existence() && is_a_look(error.step()) ? ExitCode::condition
                                                             : ExitCode::failure;
      default:
        return ExitCode::failure;
    }
  }

  [[nodiscard]] bool states_existence() const {
    return flags_.must_exist || flags_.if_match.has_value();
  }

  ExitCode succeed(const Receipt& receipt) {
    report_losses(receipt);
    if (output_.json()) {
      output_.result(document(receipt));
    } else if (output_.to_file()) {
      output_.result(sentence(receipt) + "\n");
    } else if (isatty(STDERR_FILENO) == 1) {
      output_.message(sentence(receipt));  // silent in scripts: nothing to filter out of a log
    }
    if (output_.finish()) return ExitCode::done;
    output_.error(flags_.path + ": the new content is in place all the same");
    return ExitCode::unsure;
  }

  void report_losses(const Receipt& receipt) const {
    if (receipt.achieved < receipt.requested) {
      output_.warning(flags_.path + ": " + std::string(to_string(receipt.achieved)) +
                      " instead of " + std::string(to_string(receipt.requested)) + ": " +
                      receipt.why_lower);
    }
    if (receipt.hard_links_split) {
      output_.warning(flags_.path + ": its other names (hard links) keep the old content");
    }
    for (const std::string& lost : receipt.metadata_lost) {
      output_.warning(flags_.path + ": " + lost + " could not be kept");
    }
  }

  [[nodiscard]] std::string sentence(const Receipt& receipt) const {
    return flags_.path + ": " + (receipt.unchanged ? "unchanged" : "replaced") + ", " +
           std::to_string(receipt.bytes) + " bytes, " + std::string(to_string(receipt.achieved)) +
           ", syncs: " + std::to_string(receipt.syncs);
  }

  [[nodiscard]] std::string document(const Receipt& receipt) const {
    report::JsonWriter json;
    begin_document(json, receipt.unchanged ? "unchanged" : to_string(receipt.outcome));
    json.field("achieved", to_string(receipt.achieved));
    if (receipt.why_lower.empty()) {
      json.null_field("why_lower");
    } else {
      json.field("why_lower", receipt.why_lower);
    }
    json.field("protocol", to_string(receipt.protocol)).field("syncs", receipt.syncs);
    json.field("commits", receipt.commits).field("retries", receipt.retries);
    json.field("bytes", receipt.bytes).field("etag", receipt.etag);
    json.field("existed", receipt.existed);
    json.field("hard_links_split", receipt.hard_links_split);
    json.key("metadata_lost").begin_array();
    for (const std::string& lost : receipt.metadata_lost) json.string(lost);
    json.end_array().end_object();
    return std::move(json).take() + "\n";
  }

  const WriteFlags& flags_;
  Output& output_;
  const CommonFlags& common_;
  ReplaceOptions options_;
};

// What is promised, and under which conditions.
std::vector<Flag> content_flags(WriteFlags& flags) {
  return {
      {"--durability",
       "process|ordered|durable",
       "What the new content survives: a kill; also a power cut, whole or not there; also a power "
       "cut for good (default).",
       &flags.durability,
       {"process", "ordered", "durable"}},
      {"--strict", "", "Fail where the file system cannot give that level, instead of a warning.",
       &flags.strict},
      {"--mode", "OCTAL", "Permission bits; without it the old file's, or 0666 less the umask.",
       &flags.mode},
      {"--must-exist", "", "Fail with 1 if there is no such file.", &flags.must_exist},
      {"--must-not-exist", "", "Fail with 1 if there is one, even if it appears meanwhile.",
       &flags.must_not_exist},
      {"--if-match", "ETAG",
       "Fail with 1 unless PATH still holds the version that this etag names (untorn etag).",
       &flags.if_match},
      {"--match",
       "cooperative|detect",
       "How sure --if-match is: no update is lost among those who use it (default); or none that "
       "anybody makes by a rename, at the price that readers may glimpse our version.",
       &flags.match,
       {"cooperative", "detect"}},
      {"--skip-if-same", "", "Leave the file alone if it holds exactly this content already.",
       &flags.skip_if_same},
      {"--keep-backup", "N",
       "Keep the last N versions as PATH.~1~ (the newest) to PATH.~N~; at most 1000.",
       &flags.backups},
      {"--create-parents", "", "Make the folders of PATH that are missing.", &flags.create_parents},
  };
}

// What may be at the path, and how it is replaced.
std::vector<Flag> target_flags(WriteFlags& flags) {
  return {
      {"--symlink",
       "follow|replace|refuse",
       "What to do if PATH is a symbolic link.",
       &flags.symlink,
       {"follow", "replace", "refuse"}},
      {"--hard-links",
       "split|refuse|in-place",
       "What to do if the file has other names: they keep the old content (default); fail; or all "
       "names get the new one, which needs --sidecar.",
       &flags.hard_links,
       {"split", "refuse", "in-place"}},
      {"--sidecar", "DIR",
       "Where PATH cannot be replaced (a file that is mounted by itself): overwrite it, protected "
       "by a copy in DIR, which lies on the same file system. Readers may see a mixture meanwhile.",
       &flags.sidecar},
      {"--protocol",
       "automatic|classic",
       "The cheapest sequence of calls that is known to keep the promise on this file system "
       "(default), or the one that needs nothing but an honest fsync.",
       &flags.protocol,
       {"automatic", "classic"}},
  };
}

}  // namespace

Command make_write_command() {
  auto flags = std::make_shared<WriteFlags>();
  Command command;
  command.name = "write";
  command.summary = "Replace one file by what stdin holds, whole or not at all.";
  command.usage = "PATH < CONTENT";
  command.description =
      "Reads stdin to its end and replaces PATH by it. Until then, and after a crash at any "
      "instant, PATH holds its old content or the new one, never a mixture and never an empty "
      "file. Mode, owner, ACL and extended attributes stay; a symbolic link is followed.\n"
      "\n"
      "Exit code: 0 done or unchanged; 1 a stated condition does not hold; 2 nothing was changed; "
      "3 the new content is visible but not known to be durable; 130 interrupted, nothing changed.";
  command.example =
      "curl -fsS https://example.org/list.json | untorn write --skip-if-same list.json\n"
      "seen=$(untorn etag list.json) && sort list.json | untorn write --if-match \"$seen\" "
      "list.json\n"
      "untorn write --keep-backup 3 notes.txt < draft.txt";
  command.arguments = {{"PATH", "The file to replace or create.", &flags->path}};
  command.flags = content_flags(*flags);
  for (Flag& flag : target_flags(*flags)) command.flags.push_back(std::move(flag));
  command.run = [flags](const Invocation& invocation) {
    return WriteRun(*flags, invocation).run();
  };
  return command;
}

}  // namespace untorn::cli
