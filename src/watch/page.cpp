// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <utility>

#include "health/words.h"
#include "report/html.h"
#include "untorn/durability.h"
#include "untorn/error.h"
#include "watch/metrics_text.h"
#include "watch/pages.h"

namespace untorn::watch {
namespace {

using report::html;

constexpr std::size_t listed_problems_max = 500;
constexpr int refreshed_every_s = 15;
constexpr std::uint64_t nanoseconds_per_millisecond = 1'000'000;

// In the order of CounterTotals::commits.
constexpr std::array levels = {Durability::process, Durability::ordered, Durability::durable};
constexpr std::array outcomes = {Outcome::not_applied, Outcome::applied_unsynced, Outcome::applied,
                                 Outcome::unknown};

std::string milliseconds(std::uint64_t value_ns) {
  return fmt::format("{:.2f} ms", static_cast<double>(value_ns) /
                                      static_cast<double>(nanoseconds_per_millisecond));
}

std::uint64_t count_of(const DurationCounts& durations) {
  return std::accumulate(durations.buckets.begin(), durations.buckets.end(), std::uint64_t{0});
}

// The bound that this share of all stays within: as fine as the buckets are.
std::string within(const DurationCounts& durations, std::uint64_t percent) {
  const std::uint64_t count = count_of(durations);
  if (count == 0) return "–";
  constexpr std::uint64_t whole = 100;
  std::uint64_t so_far = 0;
  for (std::size_t index = 0; index < DurationCounts::bounds_ns.size(); ++index) {
    so_far += durations.buckets[index];
    if (so_far * whole >= count * percent) {
      return seconds_text(static_cast<std::int64_t>(DurationCounts::bounds_ns[index])) + " s";
    }
  }
  return "over 5 s";
}

class Page {
 public:
  explicit Page(const View& view) : picture_(view.picture), counted_(view.counted), view_(view) {}

  std::string render() {
    head();
    cards();
    problems();
    in_place();
    unreadable();
    costs();
    recoveries();
    foot();
    return std::move(out_);
  }

 private:
  void head() {
    const bool healthy = is_healthy(picture_);
    out_ += fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta http-equiv=\"refresh\" content=\"{}\">\n<title>{} – untorn watch</title>\n"
        "<style>{}</style>\n</head>\n<body>\n<header>\n",
        refreshed_every_s, healthy ? "healthy" : "problems", report::page_style());
    const auto open = static_cast<std::uint64_t>(std::ranges::count_if(picture_.problems, is_open));
    if (healthy) {
      out_ += "<h1 class=\"good\">Healthy</h1>\n";
    } else if (open > 0) {
      out_ += fmt::format("<h1 class=\"bad\">{}</h1>\n", health::count_words(open, "problem"));
    } else {
      out_ += "<h1 class=\"warn\">Not everything could be looked at</h1>\n";
    }
    out_ += fmt::format("<p class=\"soft\"><code>{}</code></p>\n</header>\n<main>\n",
                        html(picture_.root));
  }

  void card(std::uint64_t value, std::string_view label, std::string_view note, bool is_bad) {
    out_ += fmt::format("<li><strong class=\"{}\">{}</strong>{}{}</li>\n",
                        value == 0 ? "good" : (is_bad ? "bad" : "warn"), value, label,
                        note.empty() ? "" : fmt::format(" <span class=\"soft\">{}</span>", note));
  }

  void cards() {
    const Stale stale = count_stale(picture_);
    constexpr auto failed = static_cast<std::size_t>(RecoveryResult::failed);
    out_ += "<ul class=\"cards\">\n";
    card(count_corrupted(picture_), "corrupted files", "", true);
    card(counted_.totals.recoveries[failed], "failed recoveries", "ever", true);
    card(stale.files, "stale temporaries",
         stale.files == 0 ? "" : health::size_words(stale.size_bytes), false);
    card(picture_.in_place_writes, "writes in place", "since watch began", false);
    out_ += "</ul>\n";
  }

  void open_table(std::string_view title, std::initializer_list<std::string_view> columns) {
    out_ += fmt::format("<h2>{}</h2>\n<div class=\"scroll\"><table>\n<thead><tr>", title);
    for (const std::string_view column : columns) {
      const bool number = column.starts_with('#');
      out_ += fmt::format("<th scope=\"col\"{}>{}</th>", number ? " class=\"number\"" : "",
                          column.substr(number ? 1 : 0));
    }
    out_ += "</tr></thead>\n<tbody>\n";
  }
  void close_table() { out_ += "</tbody>\n</table></div>\n"; }

  void problems() {
    if (picture_.problems.empty()) {
      out_ += "<h2>Problems</h2>\n<p class=\"soft\">None.</p>\n";
      return;
    }
    // The worst first, and within them by path, as they came.
    std::vector<const health::Problem*> sorted;
    sorted.reserve(picture_.problems.size());
    for (const health::Problem& problem : picture_.problems) sorted.push_back(&problem);
    std::ranges::stable_sort(sorted, std::ranges::greater(), &health::Problem::severity);
    open_table("Problems", {"severity", "file", "what", "what to do"});
    const std::size_t listed = std::min(sorted.size(), listed_problems_max);
    for (std::size_t index = 0; index < listed; ++index) problem_row(*sorted[index]);
    close_table();
    out_ +=
        "<p class=\"soft\"><code>--repair</code> is what <code>untorn doctor</code> takes.</p>\n";
    if (sorted.size() > listed) {
      out_ +=
          fmt::format("<p class=\"soft\">and {} more: <code>untorn doctor</code> lists all</p>\n",
                      sorted.size() - listed);
    }
  }

  void problem_row(const health::Problem& problem) {
    std::string_view style = "soft";
    if (problem.severity == health::Severity::error) style = "bad";
    if (problem.severity == health::Severity::warning) style = "warn";
    out_ += fmt::format(
        "<tr><th scope=\"row\" class=\"{}\">{}</th><td><code>{}</code></td><td>{}: {}</td>"
        "<td>{}</td></tr>\n",
        style, health::to_string(problem.severity), html(problem.path),
        health::to_string(problem.kind), html(problem.detail), html(problem.repair));
  }

  void in_place() {
    if (picture_.in_place.empty()) return;
    open_table("Written in place", {"file", "#times", "last", "by"});
    for (const InPlaceWrite& write : picture_.in_place) {
      out_ += fmt::format(
          "<tr><td><code>{}</code></td><td class=\"number\">{}</td><td>{}</td><td>{}</td></tr>\n",
          html(write.path), write.times, utc_words(write.last_ns),
          write.writer.empty() ? "<span class=\"soft\">not known</span>" : html(write.writer));
    }
    close_table();
    out_ +=
        "<p class=\"soft\">A kill or a power cut during such a write leaves a part of the file. "
        "<code>untorn scan</code> finds the line that does it, <code>untorn fix</code> changes "
        "it.</p>\n";
  }

  void unreadable() {
    if (picture_.unreadable.empty() && counted_.errors.empty()) return;
    open_table("Could not be looked at", {"what", "why"});
    std::size_t listed = 0;
    for (const health::Skipped& skipped : picture_.unreadable) {
      if (++listed > listed_problems_max) break;
      out_ += fmt::format("<tr><td><code>{}</code></td><td>{}</td></tr>\n", html(skipped.path),
                          html(skipped.reason));
    }
    for (const std::string& error : counted_.errors) {
      out_ += fmt::format("<tr><td>counters</td><td>{}</td></tr>\n", html(error));
    }
    close_table();
  }

  void costs() {
    const CounterTotals& totals = counted_.totals;
    open_table("What safety costs", {"", "#count", "#mean", "#half within", "#99 % within"});
    duration_row("commit", totals.commit_durations);
    duration_row("sync call", totals.sync_durations);
    close_table();
    open_table("Commits",
               {"level", "#applied", "#applied, not synced", "#not applied", "#unknown"});
    constexpr std::array order = {Outcome::applied, Outcome::applied_unsynced, Outcome::not_applied,
                                  Outcome::unknown};
    for (std::size_t level = 0; level < levels.size(); ++level) {
      out_ += fmt::format("<tr><th scope=\"row\">{}</th>", to_string(levels[level]));
      for (const Outcome outcome : order) {
        const auto index =
            static_cast<std::size_t>(std::ranges::find(outcomes, outcome) - outcomes.begin());
        out_ += fmt::format("<td class=\"number\">{}</td>", totals.commits[level][index]);
      }
      out_ += "</tr>\n";
    }
    close_table();
  }

  void duration_row(std::string_view label, const DurationCounts& durations) {
    const std::uint64_t count = count_of(durations);
    out_ += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td>"
        "<td class=\"number\">{}</td><td class=\"number\">{}</td></tr>\n",
        label, count, count == 0 ? "–" : milliseconds(durations.sum_ns / count),
        within(durations, 50), within(durations, 99));
  }

  void recoveries() {
    const CounterTotals& totals = counted_.totals;
    constexpr std::array results = {RecoveryResult::recovered, RecoveryResult::rolled_forward,
                                    RecoveryResult::discarded, RecoveryResult::failed};
    open_table("Recoveries and cleaning", {"", "#count"});
    for (std::size_t result = 0; result < results.size(); ++result) {
      std::string words(to_string(results[result]));
      std::ranges::replace(words, '_', ' ');
      count_row("recoveries: " + words, totals.recoveries[result]);
    }
    count_row("damaged files set aside", totals.set_aside);
    count_row("torn lines", totals.torn_lines);
    count_row("temporaries removed", totals.swept);
    count_row("bytes written", totals.bytes);
    count_row("processes that counted", totals.processes);
    close_table();
  }

  void count_row(std::string_view label, std::uint64_t value) {
    out_ += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td></tr>\n", label,
                        value);
  }

  void foot() {
    const Look& look = picture_.look;
    const Coverage& coverage = picture_.coverage;
    out_ += fmt::format("</main>\n<footer>\n<p>Last look {}, in {}: {}, {}, {}.</p>\n",
                        utc_words(look.at_ns),
                        milliseconds(static_cast<std::uint64_t>(look.duration_ns)),
                        health::count_words(look.counts.folders, "folder"),
                        health::count_words(look.counts.files, "file"),
                        health::count_words(look.counts.documents, "document"));
    if (coverage.unwatched_folders > 0) {
      out_ += fmt::format("<p class=\"warn\">{} not watched: {}. Only looks see them.</p>\n",
                          health::count_words(coverage.unwatched_folders, "folder"),
                          html(coverage.reason));
    }
    if (coverage.overflows > 0) {
      out_ += fmt::format(
          "<p class=\"warn\">Announcements of changes were lost {} times: writes in place may "
          "have been missed.</p>\n",
          coverage.overflows);
    }
    out_ += fmt::format(
        "<p>untorn {} · <a href=\"/metrics\">metrics</a> · <a href=\"/health\">health</a></p>\n"
        "</footer>\n</body>\n</html>\n",
        html(view_.version));
  }

  const Picture& picture_;
  const Counted& counted_;
  const View& view_;
  std::string out_;
};

}  // namespace

std::string render_page(const View& view) {
  return Page(view).render();
}

}  // namespace untorn::watch
