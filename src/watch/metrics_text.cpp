// SPDX-License-Identifier: Apache-2.0
#include "watch/metrics_text.h"

#include <fmt/format.h>

#include <cstddef>

#include "report/json.h"

namespace untorn::watch {
namespace {

constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;

std::string_view word_of(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      break;
  }
  return "histogram";
}

// Help texts keep their quotation marks, label values escape them.
std::string escaped(std::string_view text, bool quoted) {
  std::string out;
  for (const char c : report::valid_utf8(text)) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quoted) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

std::string unsigned_seconds(std::uint64_t value_ns) {
  const std::uint64_t fraction = value_ns % nanoseconds_per_second;
  std::string text = fmt::format("{}", value_ns / nanoseconds_per_second);
  if (fraction == 0) return text;
  text += fmt::format(".{:09}", fraction);
  text.resize(text.find_last_not_of('0') + 1);
  return text;
}

}  // namespace

std::string seconds_text(std::int64_t value_ns) {
  if (value_ns >= 0) return unsigned_seconds(static_cast<std::uint64_t>(value_ns));
  return "-" + unsigned_seconds(0 - static_cast<std::uint64_t>(value_ns));
}

MetricsText& MetricsText::family(const Family& family) {
  name_ = family.name;
  text_ += fmt::format("# HELP {} {}\n", family.name, escaped(family.help, false));
  text_ += fmt::format("# TYPE {} {}\n", family.name, word_of(family.type));
  if (!family.unit.empty()) text_ += fmt::format("# UNIT {} {}\n", family.name, family.unit);
  return *this;
}

MetricsText& MetricsText::line(std::string_view suffix, Labels labels, std::string_view value) {
  text_ += name_;
  text_ += suffix;
  char before = '{';
  for (const auto& [name, label] : labels) {
    text_ += fmt::format("{}{}=\"{}\"", before, name, escaped(label, true));
    before = ',';
  }
  if (labels.size() != 0) text_ += '}';
  text_ += fmt::format(" {}\n", value);
  return *this;
}

MetricsText& MetricsText::sample(std::uint64_t value, Labels labels) {
  return line("", labels, fmt::format("{}", value));
}

MetricsText& MetricsText::seconds(std::int64_t value_ns, Labels labels) {
  return line("", labels, seconds_text(value_ns));
}

MetricsText& MetricsText::histogram(const DurationCounts& durations) {
  std::uint64_t so_far = 0;
  for (std::size_t index = 0; index < durations.buckets.size(); ++index) {
    so_far += durations.buckets[index];
    // Bounds are labels, which are compared as text: this is the text of other exporters.
    const std::string bound =
        index < DurationCounts::bounds_ns.size()
            ? fmt::format("{}", static_cast<double>(DurationCounts::bounds_ns[index]) /
                                    static_cast<double>(nanoseconds_per_second))
            : "+Inf";
    line("_bucket", {{"le", bound}}, fmt::format("{}", so_far));
  }
  line("_sum", {}, unsigned_seconds(durations.sum_ns));
  return line("_count", {}, fmt::format("{}", so_far));
}

}  // namespace untorn::watch
