// SPDX-License-Identifier: Apache-2.0
//
// The report for people: the verdict first, then for each way to fail the call that was lost, the
// one that exposed it, the call that is missing and the bytes as the crash leaves them.
#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "prove/prove.h"
#include "prove/report/timeline.h"
#include "prove/report/words.h"

namespace untorn::prove {

namespace {

constexpr std::size_t violations_shown_max = 12;
constexpr std::size_t paths_shown_max = 20;
constexpr std::size_t dump_lines_max = 4;
constexpr std::size_t dump_line_bytes = 16;
constexpr std::size_t output_lines_max = 6;
constexpr std::size_t picture_lines_max = 12;

// In the picture the words have six columns.
std::string_view lost_mark(Engine engine) {
  return engine == Engine::kill ? "cut" : "lost";
}

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
  void field(std::string_view label, std::string_view text);
  void line(std::string_view start, const OperationNote& note);
  void operation(std::string_view label, const std::optional<OperationNote>& note);
  void picture(const Violation& violation);
  void picture_line(std::string_view mark, const PictureLine& each);
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

std::string shown_path(const Violation& violation) {
  return escape_controls(subject_words(violation));
}

void TextReport::headline() {
  switch (report_.verdict) {
    case Verdict::violated: {
      const Violation& first = report_.violations.front();
      const EngineReport* engine = engine_of(report_, first.engine);
      out_ += painted("NOT CRASH-SAFE", "1;31") + "  " + shown_path(first) + " " +
              damage_words(first) + " " + std::string(crash_words(first.engine));
      if (engine != nullptr) {
        out_ += fmt::format(" ({}{}, {} bad)",
                            first.engine == Engine::power
                                ? fmt::format("model {}, ", crash::to_string(report_.model))
                                : "",
                            count_words(*engine), first.states);
      }
      out_ += "\n";
      return;
    }
    case Verdict::proved:
      out_ += painted("PROVED", "1;32");
      break;
    case Verdict::passed:
      out_ += painted("PASSED", "1;33");
      break;
    case Verdict::undecided:
      out_ += painted("UNDECIDED", "1;33");
      break;
  }
  out_ += "  " + escape_controls(verdict_words(report_)) + "\n";
}

void TextReport::field(std::string_view label, std::string_view text) {
  if (!text.empty()) out_ += fmt::format("  {:8} {}\n", label, escape_controls(text));
}

void TextReport::line(std::string_view start, const OperationNote& note) {
  out_ += fmt::format("  {:8} {:<52} {}", start, escape_controls(call_words(note)),
                      escape_controls(place_words(note)));
  out_.erase(out_.find_last_not_of(' ') + 1);
  out_ += "\n";
}

void TextReport::operation(std::string_view label, const std::optional<OperationNote>& note) {
  if (note) line(fmt::format("{}:", label), *note);
}

// The operations in order, those that the bad state lacks marked, and where the crash came.
void TextReport::picture(const Violation& violation) {
  const auto lines = picture_of(report_, violation, picture_lines_max);
  if (lines.empty()) return;
  out_ += "  timeline:\n";
  for (const PictureLine& each : lines) {
    switch (each.mark) {
      case PictureLine::Mark::cut:
        out_ += fmt::format("    {:-<12} {} {:-<40}\n", "", cut_words(violation.engine), "");
        break;
      case PictureLine::Mark::left_out:
        out_ += fmt::format("    {:>12} … {} more\n", "", each.left_out);
        break;
      case PictureLine::Mark::lost:
        picture_line(painted(fmt::format("{:<6}", lost_mark(violation.engine)), "1;31"), each);
        break;
      case PictureLine::Mark::kept:
        picture_line(painted("kept  ", "1;32"), each);
        break;
      case PictureLine::Mark::done:
      case PictureLine::Mark::not_begun:
        picture_line("      ", each);
        break;
    }
  }
}

void TextReport::picture_line(std::string_view mark, const PictureLine& each) {
  out_ += fmt::format("    {}{:>6}  {:<46} {}", mark, each.entry->operation + 1,
                      escape_controls(call_words(each.entry->note)),
                      escape_controls(place_words(each.entry->note)));
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
  out_ += fmt::format("  {:8} {} (before the run {}, after it {})\n",
                      "content:", bytes.present ? fmt::format("{} bytes", bytes.size) : "no file",
                      size_words(bytes.old_size), size_words(bytes.new_size));
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
  const bool sampled =
      engine != nullptr && !engine->exhaustive && violation.engine != Engine::fault;
  out_ += fmt::format("\n{} {} {}: {} ({}{})\n", painted(shown_path(violation), "1"),
                      damage_words(violation), crash_words(violation.engine),
                      to_string(violation.check), bad_count_words(violation),
                      sampled ? " among those drawn" : "");
  operation("kept", violation.kept);
  operation(lost_label(violation.engine), violation.lost);
  field("missing:", violation.missing);
  picture(violation);
  if (shows_bytes(violation)) bytes(violation.bytes);
  if (!violation.output.empty()) command_output(violation.output);
  field("window:", violation.window.empty() ? "" : violation.window + " (measured on real disks)");
  if (violation.proved_fix) field("proved fix:", violation.proved_fix->text);
  if (!violation.replay.empty()) field("replay:", "untorn replay " + violation.replay + " DIR");
  if (repeated > 0) out_ += fmt::format("  and by {} more check(s) in the same way\n", repeated);
}

void TextReport::violations() {
  const auto entries = entries_of(report_);
  const std::size_t shown = std::min(entries.size(), violations_shown_max);
  for (std::size_t i = 0; i < shown; ++i) violation(*entries[i].front(), entries[i].size() - 1);
  if (shown < entries.size())
    out_ += fmt::format("\n… and {} more; see --format json\n", entries.size() - shown);
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
                        to_string(engine.engine), count_words(engine), engine.states_distinct,
                        engine.violations, engine.elapsed_s);
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
