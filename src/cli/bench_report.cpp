// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_report.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <utility>

namespace untorn::cli {
namespace {

std::string_view to_string(ProtocolChoice choice) {
  return choice == ProtocolChoice::classic ? "classic" : "automatic";
}

bool has_flushes(const BenchOutcome& outcome) {
  return std::ranges::all_of(outcome.series,
                             [](const BenchSeries& each) { return each.flushes.has_value(); });
}

double flushes_each(const BenchSeries& series) {
  return static_cast<double>(series.flushes.value_or(0)) /
         static_cast<double>(series.times_us.size());
}

std::string with_digits(double number, int digits) {
  std::array<char, 64> text = {};
  (void)std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return text.data();
}

std::string shown_time(double us) {
  constexpr double ms_from_us = 10'000;
  if (us < ms_from_us) return with_digits(us, us < 100 ? 1 : 0) + " us";
  return with_digits(us / 1000, 1) + " ms";
}

using Row = std::array<std::string, 8>;

Row row_of(const BenchSeries& series, const BenchSizes& sizes) {
  return {series.batch ? std::to_string(sizes.files) + " files" : "one file",
          std::string(untorn::to_string(series.achieved)),
          std::string(to_string(series.choice)),
          std::string(untorn::to_string(series.protocol)),
          shown_time(series.median_us()),
          shown_time(series.p99_us()),
          std::to_string(series.syncs),
          series.flushes ? with_digits(flushes_each(series), 2) : "?"};
}

// Words to the left, numbers to the right.
std::string aligned(const std::vector<Row>& rows) {
  constexpr std::size_t first_number = 4;
  std::array<std::size_t, std::tuple_size_v<Row>> widths = {};
  for (const Row& row : rows) {
    for (std::size_t at = 0; at < row.size(); ++at) {
      widths.at(at) = std::max(widths.at(at), row.at(at).size());
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t at = 0; at < row.size(); ++at) {
      const std::string blanks(widths.at(at) - row.at(at).size(), ' ');
      line += "  " + (at < first_number ? row.at(at) + blanks : blanks + row.at(at));
    }
    text += line + "\n";
  }
  return text;
}

void write_series(report::JsonWriter& json, const BenchSeries& series, const BenchSizes& sizes) {
  json.begin_object();
  json.field("what", series.batch ? "batch" : "file");
  json.field("files", series.batch ? sizes.files : std::size_t{1});
  json.field("requested", untorn::to_string(series.requested));
  json.field("achieved", untorn::to_string(series.achieved));
  json.field("choice", to_string(series.choice));
  json.field("protocol", untorn::to_string(series.protocol));
  json.field("rounds", series.times_us.size());
  json.field("median_us", series.median_us()).field("p99_us", series.p99_us());
  json.field("syncs", series.syncs).field("commits", series.commits);
  if (series.flushes) {
    json.field("flushes", flushes_each(series));
  } else {
    json.null_field("flushes");
  }
  json.end_object();
}

void write_kind(report::JsonWriter& json, const FileSystemKind& kind) {
  json.key("filesystem").begin_object();
  json.field("name", kind.name).field("volatile", kind.volatile_storage);
  json.field("network", kind.network);
  json.field("one_commit", kind.range_sync == RangeSync::before_names);
  if (kind.why_classic.empty()) {
    json.null_field("why_classic");
  } else {
    json.field("why_classic", kind.why_classic);
  }
  json.end_object();
}

}  // namespace

std::vector<std::string> bench_limits(const BenchOutcome& outcome, const BenchSizes& sizes) {
  constexpr std::size_t rounds_of_p99 = 100;
  std::vector<std::string> limits;
  if (has_flushes(outcome)) {
    limits.emplace_back(
        "the flushes are those of the whole device: what others sync meanwhile counts, too");
    limits.emplace_back(
        "whether the device keeps what it was told to flush, only a power cut can tell");
  } else {
    limits.push_back("flushes cannot be counted: " + outcome.kind.name +
                     " has no block device of its own here, or its driver does not count");
  }
  if (outcome.kind.volatile_storage) {
    limits.emplace_back("nothing here survives a power cut, so no level above process is measured");
  }
  if (!outcome.kind.why_classic.empty()) {
    limits.push_back("automatic is classic here: " + outcome.kind.why_classic);
  }
  if (sizes.rounds < rounds_of_p99) {
    limits.emplace_back("with fewer than 100 rounds p99 is the slowest of them");
  }
  return limits;
}

std::string bench_table(const BenchOutcome& outcome, const BenchSizes& sizes,
                        const std::string& folder) {
  std::string text = folder + ": " + outcome.kind.name + ", files of " +
                     std::to_string(sizes.bytes) + " bytes, " + std::to_string(sizes.rounds) +
                     " rounds\n\n";
  std::vector<Row> rows = {
      {"replaced", "level", "asked", "protocol", "median", "p99", "syncs", "flushes"}};
  for (const BenchSeries& series : outcome.series) rows.push_back(row_of(series, sizes));
  text += aligned(rows) + "\n";
  for (const std::string& limit : bench_limits(outcome, sizes)) text += "Note: " + limit + ".\n";
  return text;
}

std::string bench_document(const BenchOutcome& outcome, const BenchSizes& sizes,
                           const NamedPath& folder) {
  report::JsonWriter json;
  json.begin_object();
  json.field("schema", "untorn.bench/1").field("root", folder.root).field("path", folder.path);
  json.field("tool_version", UNTORN_VERSION);
  write_kind(json, outcome.kind);
  json.field("bytes", sizes.bytes).field("rounds", sizes.rounds).field("files", sizes.files);
  json.key("results").begin_array();
  for (const BenchSeries& series : outcome.series) write_series(json, series, sizes);
  json.end_array();
  json.key("limits").begin_array();
  for (const std::string& limit : bench_limits(outcome, sizes)) json.string(limit);
  json.end_array().end_object();
  return std::move(json).take() + "\n";
}

}  // namespace untorn::cli
