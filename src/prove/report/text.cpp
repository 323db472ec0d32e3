// SPDX-License-Identifier: Apache-2.0
//
// The report for people: the verdict first, then for each way to fail the call that was lost, the
// one that exposed it, the call that is missing and the bytes as the crash leaves them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/escape.h"
#include "prove/prove.h"

namespace untorn::prove {

namespace {

constexpr std::size_t violations_shown_max = 12;
constexpr std::size_t paths_shown_max = 20;
constexpr std::size_t dump_lines_max = 4;
constexpr std::size_t dump_line_bytes = 16;
constexpr std::size_t output_lines_max = 6;

class TextReport {
 public:
  TextReport(const ProveReport& report, bool colour) : report_(report), colour_(colour) {}

  std::string render() {
    headline();
    violations();
    undecided();
    paths();
    engines();
    list("note", report_.notes);
    list("limit", report_.limits);
    out_ += fmt::format("verdict: {}\n", to_string(report_.verdict));
    return std::move(out_);
  }

 private:
  void headline();
  void violations();
  void violation(const Violation& violation, std::size_t repeated);
  void bytes(const StateBytes& bytes);
  void dump(const StateBytes& bytes);
  void command_output(const std::string& output);
  void operation(std::string_view label, const std::optional<OperationNote>& note);
  void undecided();
  void paths();
  void engines();
  void list(std::string_view label, const std::vector<std::string>& texts);
  [[nodiscard]] std::string painted(std::string_view text, std::string_view code) const {
    return colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }

  const ProveReport& report_;
  bool colour_;
  std::string out_;
};

std::string count_text(const EngineReport& engine) {
  if (engine.exhaustive) {
    return fmt::format("exhaustive, {} of {} states", engine.states_checked,
                       engine.states_total.value);
  }
  return fmt::format("sampled with seed {}, {} of {}{} states", engine.seed.value_or(0),
                     engine.states_checked, engine.states_total.exact ? "" : "more than ",
                     engine.states_total.value);
}

const EngineReport* engine_of(const ProveReport& report, crash::Model model) {
  const auto found = std::find_if(report.engines.begin(), report.engines.end(),
                                  [&](const EngineReport& each) { return each.engine == model; });
  return found == report.engines.end() ? nullptr : &*found;
}

std::string_view crash_of(crash::Model engine) {
  return engine == crash::Model::kill ? "after a kill" : "after a power cut";
}

// "is 0 bytes", "is missing", …
std::string what_happened(const Violation& violation) {
  const std::uint64_t size = violation.bytes.size;
  switch (violation.observed) {
    case Observed::empty:
      return "is 0 bytes";
    case Observed::cut_short:
      return fmt::format("is cut short at {} bytes", size);
    case Observed::missing:
      return "is missing";
    case Observed::zeros:
      return "holds NUL bytes where content belongs";
    case Observed::mixed:
      return "mixes the old content with the new";
    case Observed::garbage:
      return "holds something that the program never wrote";
    case Observed::old_after_ack:
      return "is back at an old version although the program had said it was done";
    case Observed::unparseable:
      return size == 0 ? "is 0 bytes and does not parse" : "does not parse";
    case Observed::check_failed:
      return "fails the check";
    case Observed::litter:
      return "is left behind";
    case Observed::rerun_failed:
      return "is a state from which the command fails";
  }
  return "is damaged";
}

std::string shown_path(const std::string& path) {
  return path.empty() ? "the tree" : escape_controls(path);
}

void TextReport::headline() {
  switch (report_.verdict) {
    case Verdict::violated: {
      const Violation& first = report_.violations.front();
      const EngineReport* engine = engine_of(report_, first.engine);
      out_ += painted("NOT CRASH-SAFE", "1;31") + "  " + shown_path(first.path) + " " +
              what_happened(first) + " " + std::string(crash_of(first.engine));
      if (engine != nullptr) {
        out_ += fmt::format(" ({}{}, {} bad)",
                            first.engine == crash::Model::kill ? "" : "model portable, ",
                            count_text(*engine), first.states);
      }
      out_ += "\n";
      return;
    }
    case Verdict::proved:
      out_ += painted("PROVED", "1;32") +
              "  every crash state of this run was judged, and none is bad\n";
      return;
    case Verdict::passed:
      out_ += painted("PASSED", "1;33") +
              "  none of the crash states that were drawn is bad; not all were judged\n";
      return;
    case Verdict::undecided:
      out_ += painted("UNDECIDED", "1;33") + "  " +
              (report_.interrupted         ? std::string("it was interrupted")
               : report_.undecided.empty() ? std::string("no reason is known")
                                           : escape_controls(report_.undecided.front().detail)) +
              "\n";
      return;
  }
}

void TextReport::operation(std::string_view label, const std::optional<OperationNote>& note) {
  if (!note) return;
  std::string call = note->operation + "(" + escape_controls(note->path);
  if (!note->target.empty() && note->target != note->path)
    call += " -> " + escape_controls(note->target);
  if (note->bytes) call += fmt::format(", {} bytes", *note->bytes);
  if (note->size) call += fmt::format(", to {} bytes", *note->size);
  call += ")";
  std::string place;
  if (note->source) {
    place = escape_controls(note->source->path);
    if (note->source->line != 0) place += fmt::format(" line {}", note->source->line);
    if (!note->source->function.empty()) place += " in " + escape_controls(note->source->function);
  }
  out_ += fmt::format("  {:8} {:<52} {}", label, call, place);
  out_.erase(out_.find_last_not_of(' ') + 1);
  out_ += "\n";
}

// Sixteen bytes a line, in hexadecimal and as text.
void TextReport::dump(const StateBytes& bytes) {
  const std::string_view head = bytes.head;
  for (std::size_t line = 0; line < dump_lines_max; ++line) {
    const std::string_view part =
        head.substr(std::min(line * dump_line_bytes, head.size()), dump_line_bytes);
    if (part.empty()) break;
    std::string hex;
    std::string text;
    for (const char byte : part) {
      const auto code = static_cast<unsigned char>(byte);
      hex += fmt::format("{:02x} ", code);
      text += code >= 0x20 && code < 0x7F ? byte : '.';
    }
    out_ += fmt::format("           {:06x}  {:<48} |{}|\n", line * dump_line_bytes, hex, text);
  }
  const std::uint64_t shown =
      std::min<std::uint64_t>(std::min(bytes.size, static_cast<std::uint64_t>(head.size())),
                              dump_lines_max * dump_line_bytes);
  if (bytes.size > shown) out_ += fmt::format("           … {} more bytes\n", bytes.size - shown);
}

void TextReport::bytes(const StateBytes& bytes) {
  const auto size = [](const std::optional<std::uint64_t>& known) {
    return known ? fmt::format("{} bytes", *known) : std::string("absent");
  };
  out_ += fmt::format("  {:8} {} (before the run {}, after it {})\n",
                      "content:", bytes.present ? fmt::format("{} bytes", bytes.size) : "no file",
                      size(bytes.old_size), size(bytes.new_size));
  dump(bytes);
}

void TextReport::command_output(const std::string& output) {
  std::string_view left = output;
  for (std::size_t line = 0; line < output_lines_max && !left.empty(); ++line) {
    const std::size_t end = std::min(left.find('\n'), left.size());
    out_ += fmt::format("  {:8} {}\n", line == 0 ? "answer:" : "",
                        escape_controls(left.substr(0, end)));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
}

void TextReport::violation(const Violation& violation, std::size_t repeated) {
  const EngineReport* engine = engine_of(report_, violation.engine);
  out_ +=
      fmt::format("\n{} {} {}: {} ({} {}{})\n", painted(shown_path(violation.path), "1"),
                  what_happened(violation), crash_of(violation.engine), to_string(violation.check),
                  violation.states, violation.states == 1 ? "bad state" : "bad states",
                  engine != nullptr && !engine->exhaustive ? " among those drawn" : "");
  operation("kept:", violation.kept);
  operation(violation.engine == crash::Model::kill ? "cut at:" : "lost:", violation.lost);
  if (!violation.missing.empty())
    out_ += fmt::format("  {:8} {}\n", "missing:", escape_controls(violation.missing));
  if (violation.check == Check::command || violation.check == Check::rerun) {
    command_output(violation.output);
  } else {
    bytes(violation.bytes);
    if (!violation.output.empty()) command_output(violation.output);
  }
  if (repeated > 0) out_ += fmt::format("  and by {} more check(s) in the same way\n", repeated);
}

// One entry for each engine and path: that `parse` fails where `atomic` does says nothing new.
void TextReport::violations() {
  std::map<std::tuple<std::string, crash::Model>, std::vector<const Violation*>> groups;
  std::vector<std::tuple<std::string, crash::Model>> order;
  for (const Violation& each : report_.violations) {
    auto& group = groups[{each.path, each.engine}];
    if (group.empty()) order.emplace_back(each.path, each.engine);
    group.push_back(&each);
  }
  std::size_t shown = 0;
  for (const auto& key : order) {
    if (shown++ == violations_shown_max) break;
    violation(*groups[key].front(), groups[key].size() - 1);
  }
  if (order.size() > violations_shown_max) {
    out_ +=
        fmt::format("\n… and {} more; see --format json\n", order.size() - violations_shown_max);
  }
}

void TextReport::undecided() {
  if (report_.undecided.empty()) return;
  out_ += "\n";
  for (const Undecided& each : report_.undecided) {
    out_ +=
        fmt::format("undecided: {}: {}\n", to_string(each.reason), escape_controls(each.detail));
  }
}

void TextReport::paths() {
  if (report_.paths.empty()) return;
  out_ += fmt::format("\n{:<40} {:<9} {:>8}  judged by\n", "path", "class", "versions");
  std::size_t shown = 0;
  for (const PathReport& path : report_.paths) {
    if (shown++ == paths_shown_max) break;
    std::string checks;
    for (const Check check : path.judged_by)
      checks += (checks.empty() ? "" : ", ") + std::string(to_string(check));
    out_ +=
        fmt::format("{:<40} {:<9} {:>8}  {}\n", escape_controls(path.path),
                    to_string(path.path_class), path.versions, checks.empty() ? "nothing" : checks);
  }
  if (report_.paths.size() > paths_shown_max) {
    out_ += fmt::format("… and {} more paths\n", report_.paths.size() - paths_shown_max);
  }
}

void TextReport::engines() {
  out_ += "\n";
  for (const EngineReport& engine : report_.engines) {
    out_ += fmt::format("engine {:<6} {}, {} distinct, {} violated, {:.2f} s\n",
                        to_string_of_engine(engine.engine), count_text(engine),
                        engine.states_distinct, engine.violations, engine.elapsed_s);
  }
  out_ += fmt::format(
      "this run: {} operations, {} syncs, {} acknowledgements, exit code {}, traced in {:.2f} s\n",
      report_.operations, report_.syncs, report_.acknowledgements,
      report_.command_exit ? std::to_string(*report_.command_exit) : "none", report_.trace_s);
}

void TextReport::list(std::string_view label, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    out_ += fmt::format("{}: {}\n", label, escape_controls(text));
  }
}

}  // namespace

std::string render_text(const ProveReport& report, bool colour) {
  return TextReport(report, colour).render();
}

}  // namespace untorn::prove
