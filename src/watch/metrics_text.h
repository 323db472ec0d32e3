// SPDX-License-Identifier: Apache-2.0
//
// The text format of Prometheus, version 0.0.4, family by family.
//
//   MetricsText text;
//   text.family({"app_jobs_total", "Jobs that ended.", MetricType::counter});
//   text.sample(3, {{"result", "done"}});
//   std::string page = std::move(text).take();
//
// Label values and help texts may hold any bytes: backslash, quotation mark and line feed are
// escaped, what is no UTF-8 becomes U+FFFD. Names are the caller's literals.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "untorn/counters.h"

namespace untorn::watch {

enum class MetricType : std::uint8_t { counter, gauge, histogram };

struct Family {
  std::string_view name;
  std::string_view help;
  MetricType type = MetricType::gauge;
  std::string_view unit = {};  // "seconds", "bytes", or none
};

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class MetricsText {
 public:
  // Begins a family: HELP, TYPE, and UNIT where there is one.
  MetricsText& family(const Family& family);
  // A sample of the family begun last.
  MetricsText& sample(std::uint64_t value, Labels labels = {});
  // The value in seconds, exactly: no digit of the nanoseconds is rounded away.
  MetricsText& seconds(std::int64_t value_ns, Labels labels = {});
  // Cumulative buckets with bounds in seconds, the sum in seconds, and the count.
  MetricsText& histogram(const DurationCounts& durations);

  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  MetricsText& line(std::string_view suffix, Labels labels, std::string_view value);

  std::string text_;
  std::string_view name_;
};

// "0.00012", "3", "-1.5": nanoseconds as seconds, without trailing zeros.
[[nodiscard]] std::string seconds_text(std::int64_t value_ns);

}  // namespace untorn::watch
