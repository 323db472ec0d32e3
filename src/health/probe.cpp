// SPDX-License-Identifier: Apache-2.0
#include "health/probe.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

#include "base/try.h"
#include "health/device.h"
#include "write/plan.h"
#include "write/target.h"
#include "write/temporary.h"

namespace untorn::health {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t block_bytes = 4096;
constexpr unsigned tries_max = 25;
constexpr unsigned tries_min = 3;
// Of each of the four series, however slow the disk is.
constexpr std::chrono::milliseconds series_max{400};
// No device can be asked and answer in less.
constexpr double device_answer_us = 10;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

// The time of one call, added to `times`.
template <class Call>
auto timed(std::vector<double>& times, const Call& call) {
  const auto start = Clock::now();
  auto result = call();
  times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  return result;
}

class Probe {
 public:
  Probe(FileSystem& fs, Handle folder, const std::string& path,
        const std::function<bool()>& keep_going)
      : fs_(fs), folder_(folder), path_(path), keep_going_(keep_going) {
    block_.fill(std::byte{'u'});
  }

  Result<std::optional<Measures>> run() {
    UNTORN_CHECK(measure_calls());
    for (const Durability level : {Durability::process, Durability::ordered, Durability::durable}) {
      UNTORN_CHECK(measure_level(level));
    }
    if (stopped_) return std::optional<Measures>();
    return std::optional(std::move(measures_));
  }

 private:
  // Repeats `once` often enough for a median and not much longer than the series may take.
  template <class Once>
  Result<unsigned> repeat(const Once& once) {
    const auto start = Clock::now();
    for (unsigned tries = 0; tries < tries_max; ++tries) {
      if (tries >= tries_min && Clock::now() - start > series_max) return tries;
      if (stopped_ || !keep_going_()) {
        stopped_ = true;
        return tries;
      }
      UNTORN_CHECK(once());
    }
    return tries_max;
  }

  [[nodiscard]] Error failed(Errno os_errno, Step step, std::string detail) const {
    return Error::from_errno(number(os_errno), step, Outcome::not_applied, path_,
                             std::move(detail));
  }

  // A file is written, synced, and renamed back and forth.
  Result<void> measure_calls() {
    UNTORN_TRY(write::Temporary temporary,
               write::Temporary::create(fs_, folder_, path_, private_mode));
    MovingName name(fs_, folder_, temporary);
    std::vector<double> file_syncs;
    std::vector<double> renames;
    std::vector<double> folder_syncs;
    const auto once = [&]() -> Result<void> {
      const auto written = fs_.write_at(temporary.handle(), 0, block_);
      if (!written) return std::unexpected(failed(written.error(), Step::write, ""));
      const auto synced = timed(file_syncs, [&] { return fs_.sync(temporary.handle()); });
      if (!synced) return std::unexpected(failed(synced.error(), Step::sync_file, ""));
      const auto renamed = timed(renames, [&] { return name.move(); });
      if (!renamed) return std::unexpected(failed(renamed.error(), Step::rename, ""));
      const auto kept = timed(folder_syncs, [&] { return fs_.sync(folder_); });
      if (!kept && !write::means_unsupported(kept.error())) {
        return std::unexpected(failed(kept.error(), Step::sync_directory, ""));
      }
      return {};
    };
    UNTORN_TRY(measures_.tries, repeat(once));
    if (stopped_) return {};
    measures_.file_sync_us = median(std::move(file_syncs));
    measures_.rename_us = median(std::move(renames));
    measures_.folder_sync_us = median(std::move(folder_syncs));
    return {};
  }

  Result<void> measure_level(Durability level) {
    if (stopped_) return {};
    // Only for a name that nobody has: the file that is replaced must not be locked.
    UNTORN_TRY(write::Temporary target,
               write::Temporary::create(fs_, folder_, path_, private_mode));
    const std::string target_path = path_ + "/" + target.name();
    std::vector<double> times;
    LevelCost cost = {.requested = level, .achieved = level, .why_lower = {}};
    const auto once = [&]() -> Result<void> {
      UNTORN_TRY(const Receipt receipt, timed(times, [&] {
                   return replace_file(fs_, target_path, block_, {.durability = level});
                 }));
      cost.achieved = receipt.achieved;
      cost.why_lower = receipt.why_lower;
      cost.syncs = receipt.syncs;
      cost.commits = receipt.commits;
      return {};
    };
    UNTORN_TRY([[maybe_unused]] const unsigned tries, repeat(once));
    if (stopped_) return {};
    cost.replace_us = median(std::move(times));
    measures_.levels.push_back(std::move(cost));
    return {};
  }

  static constexpr std::uint32_t private_mode = 0600;

  // The file of a Temporary, which goes back and forth between its own name and another one.
  class MovingName {
   public:
    MovingName(FileSystem& fs, Handle folder, const write::Temporary& temporary)
        : fs_(fs), folder_(folder), home_(temporary.name()), away_(neighbour(home_)) {}
    MovingName(const MovingName&) = delete;
    MovingName& operator=(const MovingName&) = delete;
    ~MovingName() {
      if (is_away_) (void)fs_.unlink(folder_, away_);
    }

    SystemResult<void> move() {
      auto renamed = is_away_ ? fs_.rename(folder_, away_, folder_, home_, RenameMode::replace)
                              : fs_.rename(folder_, home_, folder_, away_, RenameMode::replace);
      if (renamed) is_away_ = !is_away_;
      return renamed;
    }

   private:
    // Of the same shape, and as unlikely to be taken.
    static std::string neighbour(std::string name) {
      name.back() = name.back() == '0' ? '1' : '0';
      return name;
    }

    FileSystem& fs_;
    Handle folder_;
    std::string home_;
    std::string away_;
    bool is_away_ = false;
  };

  FileSystem& fs_;
  Handle folder_;
  const std::string& path_;
  const std::function<bool()>& keep_going_;
  std::array<std::byte, block_bytes> block_{};
  Measures measures_;
  bool stopped_ = false;
};

}  // namespace

FileSystemReport describe(FileSystem& fs, Handle folder) {
  FileSystemReport report;
  report.kind = fs.kind(folder);
  const write::Level level = write::achievable(report.kind, Durability::durable);
  report.achievable = level.achieved;
  report.why_lower = level.why_lower;
  report.protocol =
      write::plan_for(report.kind, Durability::durable, ProtocolChoice::automatic).protocol;
  if (const auto status = fs.status(folder); status && !report.kind.network) {
    report.device_cache = device_cache(fs, status->device);
    report.flushes = device_flushes(fs, status->device, report.kind.name);
  }
  return report;
}

Result<std::optional<Measures>> probe(FileSystem& fs, Handle folder, const std::string& path,
                                      const std::function<bool()>& keep_going) {
  return Probe(fs, folder, path, keep_going).run();
}

std::optional<Problem> sync_problem(const FileSystemReport& report, const std::string& path) {
  Problem problem = {.kind = Kind::unreliable_sync,
                     .severity = Severity::warning,
                     .path = path,
                     .detail = {},
                     .repair = "keep what must survive a power cut on another file system"};
  if (report.achievable < Durability::durable) {
    problem.detail = report.why_lower;
    return problem;
  }
  if (report.flushes == false && report.device_cache != "write through") {
    problem.detail = "mounted with barriers off: a sync does not flush the cache of the device";
    problem.repair = "mount it with barriers, unless the cache of the device is protected";
    return problem;
  }
  if (!report.measures) return std::nullopt;
  const Measures& measures = *report.measures;
  if (!measures.levels.empty() && measures.levels.back().achieved < Durability::durable) {
    problem.detail = measures.levels.back().why_lower;
    return problem;
  }
  if (measures.file_sync_us >= device_answer_us) return std::nullopt;
  problem.severity = Severity::info;
  problem.detail =
      "a sync returns faster than a device can answer; something below may promise "
      "more than it keeps, and only a power cut can tell";
  problem.repair = "nothing to repair; look at what the disk is (a virtual one may ignore flushes)";
  return problem;
}

}  // namespace untorn::health
