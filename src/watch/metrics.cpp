// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <utility>

#include "untorn/durability.h"
#include "untorn/error.h"
#include "watch/metrics_text.h"
#include "watch/pages.h"

namespace untorn::watch {
namespace {

// In the order of CounterTotals::commits.
constexpr std::array levels = {Durability::process, Durability::ordered, Durability::durable};
constexpr std::array outcomes = {Outcome::not_applied, Outcome::applied_unsynced, Outcome::applied,
                                 Outcome::unknown};
constexpr std::array results = {RecoveryResult::recovered, RecoveryResult::rolled_forward,
                                RecoveryResult::discarded, RecoveryResult::failed};

void write_state(MetricsText& text, const Picture& picture) {
  const Stale stale = count_stale(picture);
  text.family({"untorn_corrupted_files", "Files whose bytes are not what their writer wrote."});
  text.sample(count_corrupted(picture));
  text.family({"untorn_stale_temporaries", "Temporaries whose writer is gone."});
  text.sample(stale.files);
  text.family({"untorn_stale_temporary_bytes", "Size of the temporaries whose writer is gone.",
               MetricType::gauge, "bytes"});
  text.sample(stale.size_bytes);
  text.family({"untorn_problems", "Problems that the last look found, from warning up."});
  const ProblemCounts counts = count_problems(picture);
  for (std::size_t index = 0; index < counts.size(); ++index) {
    text.sample(counts[index], {{"kind", health::to_string(health::all_kinds[index])}});
  }
  text.family({"untorn_in_place_writes_total",
               "Times that a document was written under its name instead of being replaced, since "
               "this process began to watch.",
               MetricType::counter});
  text.sample(picture.in_place_writes);
}

void write_commits(MetricsText& text, const CounterTotals& totals) {
  text.family({"untorn_commits_total",
               "Replacements of a file, by the level achieved and what became of it.",
               MetricType::counter});
  for (std::size_t level = 0; level < levels.size(); ++level) {
    for (std::size_t outcome = 0; outcome < outcomes.size(); ++outcome) {
      text.sample(totals.commits[level][outcome], {{"durability", to_string(levels[level])},
                                                   {"outcome", to_string(outcomes[outcome])}});
    }
  }
  text.family({"untorn_commit_duration_seconds", "Time that one replacement took, syncs included.",
               MetricType::histogram, "seconds"});
  text.histogram(totals.commit_durations);
  text.family({"untorn_sync_duration_seconds", "Time that one sync call took.",
               MetricType::histogram, "seconds"});
  text.histogram(totals.sync_durations);
  text.family(
      {"untorn_written_bytes_total", "Bytes of new content.", MetricType::counter, "bytes"});
  text.sample(totals.bytes);
}

void write_recoveries(MetricsText& text, const CounterTotals& totals) {
  text.family({"untorn_recoveries_total",
               "Recoveries of a document, log, registry or transaction, by how they ended.",
               MetricType::counter});
  for (std::size_t result = 0; result < results.size(); ++result) {
    text.sample(totals.recoveries[result], {{"result", to_string(results[result])}});
  }
  text.family({"untorn_set_aside_files_total", "Damaged files that were kept under another name.",
               MetricType::counter});
  text.sample(totals.set_aside);
  text.family(
      {"untorn_torn_lines_total", "Lines of logs that a crash had torn.", MetricType::counter});
  text.sample(totals.torn_lines);
  text.family({"untorn_swept_temporaries_total", "Temporaries of dead writers that were removed.",
               MetricType::counter});
  text.sample(totals.swept);
  text.family({"untorn_processes_total", "Processes that ever counted here.", MetricType::counter});
  text.sample(totals.processes);
}

void write_watch(MetricsText& text, const View& view) {
  const Look& look = view.picture.look;
  const Coverage& coverage = view.picture.coverage;
  text.family({"untorn_last_look_timestamp_seconds", "When the last full look ended.",
               MetricType::gauge, "seconds"});
  text.seconds(look.at_ns);
  text.family({"untorn_last_look_duration_seconds", "Time that the last full look took.",
               MetricType::gauge, "seconds"});
  text.seconds(look.duration_ns);
  text.family({"untorn_last_look_complete", "1 if everything could be looked at, else 0."});
  text.sample(look.complete ? 1 : 0);
  text.family({"untorn_unreadable_counters", "Counter folders that could not be read."});
  text.sample(view.counted.errors.size());
  text.family({"untorn_watched_folders", "Folders whose changes are seen at once."});
  text.sample(coverage.watched_folders);
  text.family({"untorn_unwatched_folders", "Folders whose changes only the next look sees."});
  text.sample(coverage.unwatched_folders);
  text.family({"untorn_lost_announcements_total",
               "Times that the kernel dropped announcements of changes; a full look follows.",
               MetricType::counter});
  text.sample(coverage.overflows);
  text.family({"untorn_build_info", "The version of untorn that watches; always 1."});
  text.sample(1, {{"version", view.version}});
}

}  // namespace

std::string render_metrics(const View& view) {
  MetricsText text;
  write_state(text, view.picture);
  write_recoveries(text, view.counted.totals);
  write_commits(text, view.counted.totals);
  write_watch(text, view);
  return std::move(text).take();
}

}  // namespace untorn::watch
