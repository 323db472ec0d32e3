// SPDX-License-Identifier: Apache-2.0
#include "patch/names.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace untorn::patch {
namespace {

constexpr bool is_blank(char each) {
  return each == ' ' || each == '\t';
}

// The byte that `letter` stands for behind a backslash; 0 if it stands for none.
char escaped_byte(char letter) {
  constexpr std::string_view letters = "abfnrtv\\\"";
  constexpr std::string_view bytes = "\a\b\f\n\r\t\v\\\"";
  const std::size_t at = letters.find(letter);
  return at == std::string_view::npos ? '\0' : bytes[at];
}

struct Quoted {
  std::string name;
  std::size_t size = 0;  // of the quoted form, quotation marks included
};

// As git writes names with special bytes: "a\tb\303\274". Nothing if it is not whole.
std::optional<Quoted> unquote(std::string_view text) {
  if (!text.starts_with('"')) return std::nullopt;
  Quoted result;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      result.size = at + 1;
      return result;
    }
    if (text[at] != '\\') {
      result.name += text[at];
      continue;
    }
    if (++at >= text.size()) break;
    if (const char byte = escaped_byte(text[at]); byte != '\0') {
      result.name += byte;
      continue;
    }
    constexpr std::size_t digits = 3;
    unsigned value = 0;
    if (text.size() - at < digits || text[at] > '3') return std::nullopt;
    for (const char digit : text.substr(at, digits)) {
      if (digit < '0' || digit > '7') return std::nullopt;
      value = value * 8 + static_cast<unsigned>(digit - '0');
    }
    result.name += static_cast<char>(value);
    at += digits - 1;
  }
  return std::nullopt;
}

// Behind the `strip`-th slash, doubled slashes made single. Nothing if nothing is left.
std::optional<std::string> stripped(std::string_view name, std::size_t strip) {
  for (; strip > 0; --strip) {
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    name.remove_prefix(slash + 1);
  }
  if (name.empty()) return std::nullopt;
  std::string result;
  result.reserve(name.size());
  for (const char each : name) {
    if (each != '/' || !result.ends_with('/')) result += each;
  }
  return result;
}

struct Time {
  std::string_view date;
  int minutes = 0;  // of the day, in its zone
  bool is_whole_minute = true;
  std::optional<int> zone_minutes;
};

class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  // YYYY-MM-DD hh:mm[:ss[.fraction]][ +hh[:]mm], to the end.
  std::optional<Time> read() {
    constexpr std::size_t date_size = 10;
    Time time;
    time.date = rest_.substr(0, date_size);
    int hour = 0;
    int minute = 0;
    if (!number(4) || !mark('-') || !number(2) || !mark('-') || !number(2) || !mark(' ') ||
        !number(2, &hour) || !mark(':') || !number(2, &minute)) {
      return std::nullopt;
    }
    time.minutes = hour * 60 + minute;
    if (mark(':')) {
      int second = 0;
      if (!number(2, &second)) return std::nullopt;
      time.is_whole_minute = second == 0;
      if (mark('.')) {
        const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        time.is_whole_minute &=
            rest_.substr(0, digits).find_first_not_of('0') == std::string_view::npos;
        rest_.remove_prefix(digits);
      }
    }
    if (mark(' ') && !zone(time)) return std::nullopt;
    return rest_.empty() ? std::optional(time) : std::nullopt;
  }

 private:
  bool mark(char wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool number(std::size_t digits, int* value = nullptr) {
    if (rest_.size() < digits) return false;
    int result = 0;
    for (const char each : rest_.substr(0, digits)) {
      if (!is_digit(each)) return false;
      result = result * 10 + (each - '0');
    }
    rest_.remove_prefix(digits);
    if (value != nullptr) *value = result;
    return true;
  }
  bool zone(Time& time) {
    const bool is_west = rest_.starts_with('-');
    int hour = 0;
    int minute = 0;
    if ((!mark('-') && !mark('+')) || !number(2, &hour)) return false;
    (void)mark(':');
    if (!number(2, &minute)) return false;
    time.zone_minutes = (is_west ? -1 : 1) * (hour * 60 + minute);
    return true;
  }

  std::string_view rest_;
};

struct TimedName {
  std::string_view name;
  Time time;
};

// A name, blanks, a time. Nothing if there is no time at the end.
std::optional<TimedName> split_time(std::string_view text) {
  constexpr std::size_t shortest = 16;
  constexpr std::size_t longest = 48;
  const std::size_t first = text.size() > longest ? text.size() - longest : 1;
  for (std::size_t at = first; at + shortest <= text.size(); ++at) {
    if (!is_blank(text[at - 1])) continue;
    const auto time = TimeReader(text.substr(at)).read();
    if (!time) continue;
    std::string_view name = text.substr(0, at);
    if (name.ends_with('\t')) {
      name.remove_suffix(1);
    } else {
      while (name.ends_with(' ')) name.remove_suffix(1);
    }
    return TimedName{.name = name, .time = *time};
  }
  return std::nullopt;
}

// "a/x b/x": the two names begin behind their `strip` components and are equal. The longer the
// first one, the shorter the second: at most one blank can be between them.
std::optional<std::string> common_plain_name(std::string_view text, std::size_t strip) {
  std::vector<std::size_t> slashes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '/') slashes.push_back(at);
  }
  const auto start_from = [&](std::size_t begin) {
    if (strip == 0) return begin;
    const auto next = std::lower_bound(slashes.begin(), slashes.end(), begin);
    if (static_cast<std::size_t>(slashes.end() - next) < strip) return text.size();
    return *(next + static_cast<std::ptrdiff_t>(strip - 1)) + 1;
  };
  const std::size_t start = start_from(0);
  for (std::size_t at = start; at < text.size(); ++at) {
    if (!is_blank(text[at])) continue;
    const std::size_t second = start_from(at + 1);
    if (at - start != text.size() - second) continue;
    const std::string_view name = text.substr(second);
    if (!name.empty() && text.substr(start, at - start) == name) return stripped(name, 0);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> read_name(std::string_view text, std::size_t strip, NameEnd end) {
  if (text.size() > header_bytes_max) return std::nullopt;
  if (const auto quoted = unquote(text)) return stripped(quoted->name, strip);
  if (end == NameEnd::at_tab) text = text.substr(0, text.find('\t'));
  return stripped(text, strip);
}

std::optional<std::string> read_plain_name(std::string_view text, std::size_t strip) {
  if (text.size() > header_bytes_max) return std::nullopt;
  if (text.starts_with('"')) return read_name(text, strip, NameEnd::at_tab);
  if (const auto timed = split_time(text)) return stripped(timed->name, strip);
  return read_name(text, strip, NameEnd::at_tab);
}

std::optional<std::string> common_name(std::string_view text, std::size_t strip) {
  if (text.size() > header_bytes_max) return std::nullopt;
  if (const auto first = unquote(text)) {
    text.remove_prefix(first->size);
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    const auto one = stripped(first->name, strip);
    const auto other = read_name(text, strip, NameEnd::at_line);
    return one && one == other ? one : std::nullopt;
  }
  if (const std::size_t mark = text.find(" \""); mark != std::string_view::npos) {
    const auto second = unquote(text.substr(mark + 1));
    if (second && mark + 1 + second->size == text.size()) {
      const auto one = stripped(text.substr(0, mark), strip);
      return one && one == stripped(second->name, strip) ? one : std::nullopt;
    }
  }
  return common_plain_name(text, strip);
}

bool is_null_name(std::string_view text) {
  constexpr std::string_view null_name = "/dev/null";
  return text.starts_with(null_name) &&
         (text.size() == null_name.size() || is_blank(text[null_name.size()]));
}

bool has_epoch_time(std::string_view text) {
  const auto timed = split_time(text);
  if (!timed || !timed->time.zone_minutes || !timed->time.is_whole_minute) return false;
  constexpr int day_minutes = 24 * 60;
  const int minutes = timed->time.minutes - *timed->time.zone_minutes;
  return (timed->time.date == "1970-01-01" && minutes == 0) ||
         (timed->time.date == "1969-12-31" && minutes == day_minutes);
}

}  // namespace untorn::patch
