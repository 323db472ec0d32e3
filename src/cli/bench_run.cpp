// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_run.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "base/try.h"
#include "untorn/batch.h"

namespace untorn::cli {
namespace {

using Clock = std::chrono::steady_clock;

// A round must not find the content that it is about to write.
void change(std::vector<std::byte>& content, std::size_t round) {
  for (std::size_t at = 0; at < std::min(content.size(), sizeof(round)); ++at) {
    content[at] = static_cast<std::byte>((round >> (8 * at)) & 0xFFU);
  }
}

class Bench {
 public:
  Bench(FileSystem& fs, const BenchScratch& scratch, const BenchSizes& sizes)
      : fs_(fs), scratch_(scratch), sizes_(sizes), content_(sizes.bytes, std::byte{'u'}) {}

  Result<std::optional<BenchOutcome>> run(
      const std::function<bool(std::size_t made, std::size_t all)>& keep_going) {
    const auto status = fs_.status(scratch_.handle());
    if (!status) {
      return std::unexpected(Error::from_errno(number(status.error()), Step::inspect,
                                               Outcome::not_applied, scratch_.folder_path()));
    }
    const FlushCounter counter(status->device);
    BenchOutcome outcome = {.kind = fs_.kind(scratch_.handle()), .series = all_series()};
    const std::size_t all = (sizes_.rounds + 1) * outcome.series.size();
    std::size_t made = 0;
    // The round before the first makes the files and warms what can be warmed.
    for (std::size_t round = 0; round <= sizes_.rounds; ++round) {
      change(content_, round);
      for (BenchSeries& series : outcome.series) {
        if (!keep_going(made++, all)) return std::optional<BenchOutcome>();
        UNTORN_CHECK(make_round(series, counter, round > 0));
      }
    }
    for (BenchSeries& series : outcome.series) std::ranges::sort(series.times_us);
    return std::optional(std::move(outcome));
  }

 private:
  static std::vector<BenchSeries> all_series() {
    std::vector<BenchSeries> series;
    for (const bool batch : {false, true}) {
      for (const Durability level :
           {Durability::process, Durability::ordered, Durability::durable}) {
        for (const ProtocolChoice choice : {ProtocolChoice::classic, ProtocolChoice::automatic}) {
          series.push_back({.batch = batch, .requested = level, .choice = choice});
        }
      }
    }
    return series;
  }

  Result<void> make_round(BenchSeries& series, const FlushCounter& counter, bool counts) {
    const ReplaceOptions options = {.durability = series.requested, .protocol = series.choice};
    const auto before = counter.read();
    const auto start = Clock::now();
    UNTORN_CHECK(series.batch ? replace_many(series, options) : replace_one(series, options));
    const std::chrono::duration<double, std::micro> time = Clock::now() - start;
    const auto after = counter.read();
    if (!counts) return {};
    series.times_us.push_back(time.count());
    if (before && after) series.flushes = series.flushes.value_or(0) + (*after - *before);
    return {};
  }

  Result<void> replace_one(BenchSeries& series, const ReplaceOptions& options) {
    UNTORN_TRY(const Receipt receipt, replace_file(fs_, scratch_.path(0), content_, options));
    series.achieved = receipt.achieved;
    series.protocol = receipt.protocol;
    series.syncs = receipt.syncs;
    series.commits = receipt.commits;
    return {};
  }

  Result<void> replace_many(BenchSeries& series, const ReplaceOptions& options) {
    Batch batch(fs_, options);
    for (std::size_t index = 0; index < sizes_.files; ++index) {
      UNTORN_CHECK(batch.put(scratch_.path(index), content_));
    }
    UNTORN_TRY(const BatchReceipt receipt, std::move(batch).commit());
    for (const BatchFile& file : receipt.files) {
      if (!file.result) return std::unexpected(file.result.error());
    }
    series.achieved = receipt.achieved;
    series.protocol = receipt.protocol;
    series.syncs = receipt.syncs;
    series.commits = receipt.commits;
    return {};
  }

  FileSystem& fs_;
  const BenchScratch& scratch_;
  const BenchSizes& sizes_;
  std::vector<std::byte> content_;
};

}  // namespace

double BenchSeries::median_us() const {
  const std::size_t middle = times_us.size() / 2;
  if (times_us.size() % 2 == 1) return times_us[middle];
  return (times_us[middle - 1] + times_us[middle]) / 2;
}

double BenchSeries::p99_us() const {
  return times_us[(times_us.size() * 99 + 99) / 100 - 1];
}

Result<std::optional<BenchOutcome>> run_bench(
    FileSystem& fs, const BenchScratch& scratch, const BenchSizes& sizes,
    const std::function<bool(std::size_t made, std::size_t all)>& keep_going) {
  return Bench(fs, scratch, sizes).run(keep_going);
}

}  // namespace untorn::cli
