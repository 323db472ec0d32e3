// SPDX-License-Identifier: Apache-2.0
#include "untorn/line_log.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/escape.h"
#include "base/try.h"
#include "counters/timing.h"
#include "line_log/log_file.h"

namespace untorn {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t call_bytes_max = std::uint64_t{1} << 30U;
constexpr unsigned keep_max = 1000;

Error refused(const std::string& path, std::string detail) {
  return {Code::invalid_argument, Step::check, Outcome::not_applied, 0, path, std::move(detail)};
}

std::optional<Error> options_problem(const std::string& path, const LineLogOptions& options) {
  constexpr std::uint32_t mode_bits = 07777;
  if (options.keep < 1 || options.keep > keep_max) {
    return refused(path, "the number of old files to keep must be from 1 to 1000");
  }
  if (options.mode && (*options.mode & ~mode_bits) != 0) {
    return refused(path, "the mode has more than permission bits");
  }
  return std::nullopt;
}

// Why it is no line; empty if it is one.
std::string_view line_problem(std::string_view line) {
  if (line.find('\0') != std::string_view::npos) return "a line holds a NUL byte";
  if (line.find('\n') != std::string_view::npos) return "a line holds a line end";
  if (line.ends_with('\r')) return "a line ends in a carriage return";
  return {};
}

}  // namespace

std::string_view to_string(LineSync sync) noexcept {
  switch (sync) {
    case LineSync::each:
      return "each";
    case LineSync::batched:
      return "batched";
    case LineSync::never:
      return "never";
  }
  return "";
}

std::string TornLines::message() const {
  if (!happened) return {};
  return "the torn end of the log (" + std::to_string(bytes) +
         " bytes, line ends: " + std::to_string(lines) + ") was moved to " +
         escape_controls(moved_to) + ": " + reason;
}

struct LineLog::State {
  State(line_log::LogPlace place, const LineLogOptions& given) : file(std::move(place), given) {
    options = given;
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (options.sync != LineSync::never) (void)file.sync_content();
  }

  // Is a sync wanted, now that `lines` were written?
  [[nodiscard]] bool sync_is_due(std::uint64_t lines) {
    if (options.sync != LineSync::batched) return options.sync == LineSync::each;
    const auto now = steady_clock::now();
    if (unsynced_lines == 0) oldest = now;
    unsynced_lines += lines;
    return unsynced_lines >= options.batch_lines || now - oldest >= options.batch_time;
  }

  [[nodiscard]] Result<AppendReceipt> append(std::string_view text, std::uint64_t lines);
  [[nodiscard]] Result<void> append_held(std::string_view text, AppendReceipt& receipt);
  void count(const Result<AppendReceipt>& receipt, std::uint64_t bytes,
             const counters::Stopwatch& watch) const;

  line_log::LogFile file;
  LineLogOptions options;
  std::uint64_t unsynced_lines = 0;
  steady_clock::time_point oldest;  // when the oldest unsynced line was written
};

Result<AppendReceipt> LineLog::State::append(std::string_view text, std::uint64_t lines) {
  AppendReceipt receipt;
  if (lines == 0) return receipt;
  if (text.size() > call_bytes_max) {
    return std::unexpected(refused(file.place().path, "more than 1 GiB in one call"));
  }
  const counters::Stopwatch watch(options.counters.get());
  const unsigned syncs_before = file.syncs();
  receipt.lines = lines;
  receipt.bytes = text.size();
  Result<void> done = file.hold();
  if (done) {
    done = append_held(text, receipt);
    file.release();
  }
  receipt.syncs = file.syncs() - syncs_before;
  Result<AppendReceipt> result = receipt;
  if (!done) result = std::unexpected(std::move(done).error());
  if (options.counters) count(result, text.size(), watch);
  return result;
}

Result<void> LineLog::State::append_held(std::string_view text, AppendReceipt& receipt) {
  UNTORN_CHECK(file.check_end());
  if (file.wants_rotation(text.size())) {
    UNTORN_CHECK(file.rotate());
    unsynced_lines = 0;
    receipt.rotated = true;
  }
  UNTORN_CHECK(file.write(text));
  if (sync_is_due(receipt.lines)) {
    UNTORN_CHECK(file.sync_content());
    unsynced_lines = 0;
    receipt.synced = true;
    receipt.achieved = file.place().level;
    receipt.why_lower = file.place().why_lower;
  }
  return {};
}

void LineLog::State::count(const Result<AppendReceipt>& receipt, std::uint64_t bytes,
                           const counters::Stopwatch& watch) const {
  const Durability level = receipt ? receipt->achieved : Durability::process;
  const Outcome outcome = receipt ? Outcome::applied : receipt.error().outcome();
  options.counters->count_commit(level, outcome, bytes, watch.elapsed());
}

Result<LineLog> LineLog::open(FileSystem& fs, const std::filesystem::path& path,
                              const LineLogOptions& options) {
  if (auto problem = options_problem(path.string(), options)) {
    return std::unexpected(std::move(*problem));
  }
  UNTORN_TRY(line_log::LogPlace place,
             line_log::LogPlace::find(fs, path.string(), options.tree.string()));
  auto state = std::make_unique<State>(std::move(place), options);
  UNTORN_CHECK(state->file.hold());
  state->file.release();
  return LineLog(std::move(state));
}

Result<LineLog> LineLog::open(const std::filesystem::path& path, const LineLogOptions& options) {
  return open(posix_file_system(), path, options);
}

LineLog::LineLog(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
LineLog::LineLog(LineLog&&) noexcept = default;
LineLog& LineLog::operator=(LineLog&&) noexcept = default;
LineLog::~LineLog() = default;

Result<AppendReceipt> LineLog::append(std::string_view line) {
  const std::string_view problem = line_problem(line);
  if (!problem.empty()) {
    return std::unexpected(refused(state_->file.place().path, std::string(problem)));
  }
  std::string text;
  text.reserve(line.size() + 1);
  text += line;
  text += '\n';
  return state_->append(text, 1);
}

Result<AppendReceipt> LineLog::append(std::span<const std::string> lines) {
  std::string text;
  for (std::size_t index = 0; index < lines.size(); ++index) {
    const std::string_view problem = line_problem(lines[index]);
    if (!problem.empty()) {
      return std::unexpected(
          refused(state_->file.place().path,
                  std::string(problem) + " (number " + std::to_string(index + 1) + ")"));
    }
    text += lines[index];
    text += '\n';
  }
  return state_->append(text, lines.size());
}

Result<void> LineLog::sync() {
  UNTORN_CHECK(state_->file.sync_content());
  state_->unsynced_lines = 0;
  return {};
}

const TornLines& LineLog::torn() const noexcept {
  return state_->file.torn();
}

const std::string& LineLog::path() const noexcept {
  return state_->file.place().path;
}

}  // namespace untorn
