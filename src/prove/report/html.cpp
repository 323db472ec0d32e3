// SPDX-License-Identifier: Apache-2.0
//
// The report as one page: no network, no server, no script. Whatever the run brought (names, lines,
// bytes, output) is escaped, and the page forbids itself everything but its own style.
#include <fmt/format.h>

#include <algorithm>

#include "prove/prove.h"
#include "prove/report/html_parts.h"
#include "prove/report/timeline.h"
#include "prove/report/words.h"
#include "report/html.h"

namespace untorn::prove {

namespace {

using report::html;

constexpr std::size_t entries_shown_max = 100;
constexpr std::size_t paths_shown_max = 500;
constexpr std::size_t picture_lines_max = 40;

// A command as a shell would read it.
std::string command_words(const std::vector<std::string>& command) {
  std::string text;
  for (const std::string& argument : command) {
    if (!text.empty()) text += ' ';
    const bool plain = !argument.empty() && argument.find_first_not_of(
                                                "abcdefghijklmnopqrstuvwxyz"
                                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                "0123456789_-./=:,+@%") == std::string::npos;
    if (plain) {
      text += argument;
      continue;
    }
    text += '\'';
    for (const char c : argument) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += '\'';
  }
  return text;
}

class Page {
 public:
  explicit Page(const ProveReport& report) : report_(report), entries_(entries_of(report)) {}

  std::string render() {
    head();
    cards();
    contents();
    for (std::size_t i = 0; i < std::min(entries_.size(), entries_shown_max); ++i) entry(i);
    reasons();
    paths();
    engines();
    list("Notes", report_.notes);
    list("What this does not say", report_.limits);
    foot();
    return std::move(out_);
  }

 private:
  void head();
  void foot();
  void cards();
  void card(const std::string& value, std::string_view label, std::string_view style);
  void contents();
  void entry(std::size_t index);
  void facts(const Violation& violation);
  void fact(std::string_view name, const std::string& markup);
  void operation(std::string_view name, const std::optional<OperationNote>& note);
  void fix(const Violation& violation);
  void picture(const Violation& violation);
  void picture_row(const Violation& violation, const PictureLine& line);
  void reasons();
  void paths();
  void engines();
  void list(std::string_view title, const std::vector<std::string>& texts);
  void open_table(std::string_view style, std::initializer_list<std::string_view> columns);
  void close_table() { out_ += "</tbody>\n</table></div>\n"; }

  const ProveReport& report_;
  std::vector<std::vector<const Violation*>> entries_;
  std::string out_;
};

std::string_view verdict_title(Verdict verdict) {
  switch (verdict) {
    case Verdict::proved:
      return "Proved";
    case Verdict::passed:
      return "Passed";
    case Verdict::violated:
      return "Not crash-safe";
    case Verdict::undecided:
      return "Undecided";
  }
  return "";
}

std::string_view verdict_style(Verdict verdict) {
  if (verdict == Verdict::violated) return "bad";
  return verdict == Verdict::proved ? "good" : "warn";
}

// Where a call stands, with the text of the line under it.
std::string source_markup(const OperationNote& note) {
  if (!note.source) return {};
  std::string markup = html(place_words(note));
  if (!note.source->text.empty())
    markup += fmt::format("<br><code>{}</code>", html(note.source->text));
  return markup;
}

void Page::head() {
  out_ += fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'\">\n<title>{} – untorn prove</title>\n<style>{}{}</style>\n"
      "</head>\n<body>\n<header>\n<h1 class=\"{}\">{}</h1>\n",
      verdict_title(report_.verdict), report::page_style(), report_style(),
      verdict_style(report_.verdict), verdict_title(report_.verdict));
  std::string sentence = html(verdict_words(report_));
  if (!report_.violations.empty()) {
    const Violation& first = report_.violations.front();
    sentence = fmt::format("<code>{}</code> {} {}", html(subject_words(first)),
                           html(damage_words(first)), crash_words(first.engine));
  }
  out_ += fmt::format("<p>{}</p>\n", sentence);
  out_ += fmt::format(
      "<p class=\"soft\"><code>{}</code><br>in <code>{}</code>, exit code {}</p>\n</header>\n"
      "<main>\n",
      html(command_words(report_.command)), html(report_.root),
      report_.command_exit ? std::to_string(*report_.command_exit) : "none");
}

void Page::card(const std::string& value, std::string_view label, std::string_view style) {
  out_ += fmt::format("<li><strong class=\"{}\">{}</strong>{}</li>\n", style, value, label);
}

void Page::cards() {
  std::uint64_t checked = 0;
  std::uint64_t faults = 0;
  for (const EngineReport& engine : report_.engines)
    (engine.engine == Engine::fault ? faults : checked) += engine.states_checked;
  out_ += "<ul class=\"cards\">\n";
  card(std::to_string(entries_.size()), entries_.size() == 1 ? "violation" : "violations",
       entries_.empty() ? "" : "bad");
  const std::string_view share = report_.exhaustive() ? ", all there are" : ", a sample";
  if (checked > 0 || faults == 0)
    card(std::to_string(checked), fmt::format("crash states{}", share), "");
  if (faults > 0) card(std::to_string(faults), fmt::format("faults{}", share), "");
  card(std::to_string(report_.operations), "operations in the run", "");
  card(std::to_string(report_.syncs), "syncs", "");
  out_ += "</ul>\n";
}

void Page::contents() {
  if (entries_.size() < 2) return;
  out_ += "<nav aria-label=\"Violations\">\n<h2>Violations</h2>\n<ul>\n";
  for (std::size_t i = 0; i < std::min(entries_.size(), entries_shown_max); ++i) {
    const Violation& violation = *entries_[i].front();
    out_ += fmt::format("<li><a href=\"#v{}\"><code>{}</code> {} {}</a></li>\n", i + 1,
                        html(subject_words(violation)), html(damage_words(violation)),
                        crash_words(violation.engine));
  }
  out_ += "</ul>\n";
  if (entries_.size() > entries_shown_max) {
    out_ += fmt::format("<p class=\"soft\">and {} more; --format json has them all</p>\n",
                        entries_.size() - entries_shown_max);
  }
  out_ += "</nav>\n";
}

void Page::fact(std::string_view name, const std::string& markup) {
  if (!markup.empty()) out_ += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, markup);
}

void Page::operation(std::string_view name, const std::optional<OperationNote>& note) {
  if (!note) return;
  const std::string place = source_markup(*note);
  fact(name, fmt::format("<code>{}</code>{}{}", html(call_words(*note)),
                         place.empty() ? "" : "<br>", place));
}

void Page::fix(const Violation& violation) {
  if (!violation.proved_fix) return;
  std::string markup = html(violation.proved_fix->text);
  for (const ProvedFix::Step& step : violation.proved_fix->steps) {
    markup += fmt::format("<br><code>{}</code>", html(step.call));
    if (!step.after) continue;
    markup += fmt::format(" after {} line {}", html(step.after->path), step.after->line);
    if (!step.after->text.empty())
      markup += fmt::format(" <code>{}</code>", html(step.after->text));
  }
  fact("proved fix", markup);
}

void Page::facts(const Violation& violation) {
  out_ += "<dl>\n";
  operation("kept", violation.kept);
  operation(lost_label(violation.engine), violation.lost);
  fact("missing", html(violation.missing));
  fix(violation);
  if (!violation.window.empty())
    fact("window",
         html(violation.window) + " <span class=\"soft\">(measured on real disks)</span>");
  if (!violation.replay.empty())
    fact("replay", fmt::format("<code>untorn replay {} DIR</code>", html(violation.replay)));
  out_ += "</dl>\n";
}

void Page::entry(std::size_t index) {
  const auto& group = entries_[index];
  const Violation& violation = *group.front();
  out_ += fmt::format(
      "<section class=\"entry\" id=\"v{0}\" aria-labelledby=\"t{0}\">\n"
      "<h2 id=\"t{0}\"><code>{1}</code> {2} {3}</h2>\n<p class=\"soft\">",
      index + 1, html(subject_words(violation)), html(damage_words(violation)),
      crash_words(violation.engine));
  for (const Violation* each : group) {
    out_ += fmt::format("{}{}: {}", each == group.front() ? "" : "; ", to_string(each->check),
                        bad_count_words(*each));
  }
  out_ += "</p>\n";
  facts(violation);
  picture(violation);
  if (shows_bytes(violation)) out_ += "<h3>The file</h3>\n" + html_bytes(violation.bytes);
  if (!violation.output.empty()) {
    out_ += "<h3>The answer</h3>\n<div class=\"scroll\"><pre class=\"wrapped\">";
    std::string_view left = violation.output;
    while (!left.empty()) {
      const std::size_t end = std::min(left.find('\n'), left.size());
      out_ += html(left.substr(0, end)) + "\n";
      left.remove_prefix(std::min(end + 1, left.size()));
    }
    out_ += "</pre></div>\n";
  }
  out_ += "</section>\n";
}

void Page::picture_row(const Violation& violation, const PictureLine& line) {
  std::string_view style;
  std::string_view mark;
  switch (line.mark) {
    case PictureLine::Mark::cut:
      out_ += fmt::format("<tr class=\"cut\"><td colspan=\"4\">{}</td></tr>\n",
                          cut_words(violation.engine));
      return;
    case PictureLine::Mark::left_out:
      out_ +=
          fmt::format("<tr class=\"later\"><td colspan=\"4\">… {} more</td></tr>\n", line.left_out);
      return;
    case PictureLine::Mark::lost:
      style = "lost";
      mark = lost_label(violation.engine);
      break;
    case PictureLine::Mark::kept:
      style = "kept";
      mark = "kept";
      break;
    case PictureLine::Mark::not_begun:
      style = "later";
      mark = "not begun";
      break;
    case PictureLine::Mark::done:
      break;
  }
  out_ += fmt::format(
      "<tr class=\"{}\"><td class=\"mark\">{}</td><td class=\"number\">{}</td>"
      "<td class=\"call\"><code>{}</code></td><td>{}</td></tr>\n",
      style, mark, line.entry->operation + 1, html(call_words(line.entry->note)),
      source_markup(line.entry->note));
}

void Page::picture(const Violation& violation) {
  const auto lines = picture_of(report_, violation, picture_lines_max);
  if (lines.empty()) return;
  out_ += "<h3>What the program did</h3>\n";
  open_table("timeline", {"", "#operation", "call", "source"});
  for (const PictureLine& line : lines) picture_row(violation, line);
  close_table();
}

void Page::open_table(std::string_view style, std::initializer_list<std::string_view> columns) {
  // A region that scrolls sideways can be reached by the keyboard.
  out_ +=
      fmt::format("<div class=\"scroll\" tabindex=\"0\"><table class=\"{}\">\n<thead><tr>", style);
  for (const std::string_view column : columns) {
    const bool number = column.starts_with('#');
    out_ += fmt::format("<th scope=\"col\"{}>{}</th>", number ? " class=\"number\"" : "",
                        column.substr(number ? 1 : 0));
  }
  out_ += "</tr></thead>\n<tbody>\n";
}

void Page::reasons() {
  if (report_.undecided.empty()) return;
  out_ += "<h2>Why it is not decided</h2>\n";
  open_table("", {"reason", "detail"});
  for (const Undecided& each : report_.undecided) {
    out_ += fmt::format("<tr><td class=\"mark\">{}</td><td>{}</td></tr>\n", to_string(each.reason),
                        html(each.detail));
  }
  close_table();
}

void Page::paths() {
  if (report_.paths.empty()) return;
  out_ += "<h2>Paths</h2>\n";
  open_table("", {"path", "class", "#versions", "judged by"});
  const std::size_t shown = std::min(report_.paths.size(), paths_shown_max);
  for (std::size_t i = 0; i < shown; ++i) {
    const PathReport& path = report_.paths[i];
    std::string checks;
    for (const Check check : path.judged_by)
      checks += (checks.empty() ? "" : ", ") + std::string(to_string(check));
    out_ += fmt::format(
        "<tr><td><code>{}</code></td><td>{}</td><td class=\"number\">{}</td><td>{}</td></tr>\n",
        html(path.path), to_string(path.path_class), path.versions,
        checks.empty() ? "nothing" : checks);
  }
  close_table();
  if (shown < report_.paths.size())
    out_ += fmt::format("<p class=\"soft\">and {} more</p>\n", report_.paths.size() - shown);
}

void Page::engines() {
  if (report_.engines.empty()) return;
  out_ += "<h2>Engines</h2>\n";
  open_table("", {"engine", "states", "#distinct", "#violated", "#seconds"});
  for (const EngineReport& engine : report_.engines) {
    out_ += fmt::format(
        "<tr><td>{}{}</td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>"
        "<td class=\"number\">{:.2f}</td></tr>\n",
        to_string(engine.engine),
        engine.engine == Engine::power ? fmt::format(", model {}", crash::to_string(report_.model))
                                       : std::string(),
        count_words(engine), engine.states_distinct, engine.violations, engine.elapsed_s);
  }
  close_table();
}

void Page::list(std::string_view title, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  out_ += fmt::format("<h2>{}</h2>\n<ul>\n", title);
  for (const std::string& text : texts) out_ += fmt::format("<li>{}</li>\n", html(text));
  out_ += "</ul>\n";
}

void Page::foot() {
  out_ += fmt::format(
      "</main>\n<footer>untorn {}. This speaks of one run of this command, traced in {:.2f} s and "
      "judged in {:.2f} s.</footer>\n</body>\n</html>\n",
      UNTORN_VERSION, report_.trace_s, std::max(0.0, report_.elapsed_s - report_.trace_s));
}

}  // namespace

std::string render_html(const ProveReport& report) {
  return Page(report).render();
}

}  // namespace untorn::prove
