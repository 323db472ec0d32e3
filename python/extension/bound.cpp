// SPDX-License-Identifier: Apache-2.0
#include "bound.h"

#include <chrono>
#include <limits>

namespace untorn::python {

namespace {

constexpr unsigned char lead_of_surrogates = 0xED;  // and two more bytes
constexpr unsigned char second_of_low = 0xB2;       // U+DC80 to U+DCBF
constexpr unsigned char second_of_high = 0xB3;      // U+DCC0 to U+DCFF

unsigned char byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

}  // namespace

std::string bytes_of(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const unsigned char second = byte_at(text, at + 1);
    const unsigned char third = byte_at(text, at + 2);
    const bool escaped = byte_at(text, at) == lead_of_surrogates && third >= 0x80 &&
                         (second == second_of_low || second == second_of_high);
    if (!escaped) {
      bytes += text[at];
      continue;
    }
    bytes += static_cast<char>(second == second_of_low ? third : third + 0x40U);
    at += 2;
  }
  return bytes;
}

const JsonValue* Call::find(std::string_view name) const {
  const JsonValue* found = arguments_.find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::optional<std::string> Call::optional_text(std::string_view name) const {
  const JsonValue* found = find(name);
  if (found == nullptr) return std::nullopt;
  std::optional<std::string> text = found->as_string();
  if (!text) throw WrongArgument(name);
  return text;
}

std::optional<std::int64_t> Call::optional_integer(std::string_view name) const {
  const JsonValue* found = find(name);
  if (found == nullptr) return std::nullopt;
  const std::optional<std::int64_t> number = found->as_integer();
  if (!number) throw WrongArgument(name);
  return number;
}

std::optional<double> Call::optional_real(std::string_view name) const {
  const JsonValue* found = find(name);
  if (found == nullptr) return std::nullopt;
  const std::optional<double> number = found->as_real();
  if (!number) throw WrongArgument(name);
  return number;
}

std::string Call::text(std::string_view name) const {
  std::optional<std::string> text = optional_text(name);
  if (!text) throw WrongArgument(name);
  return std::move(*text);
}

std::int64_t Call::integer(std::string_view name) const {
  const std::optional<std::int64_t> number = optional_integer(name);
  if (!number) throw WrongArgument(name);
  return *number;
}

std::uint64_t Call::count(std::string_view name) const {
  const std::int64_t number = integer(name);
  if (number < 0) throw WrongArgument(name);
  return static_cast<std::uint64_t>(number);
}

std::uint32_t Call::small_count(std::string_view name) const {
  const std::uint64_t number = count(name);
  if (number > std::numeric_limits<std::uint32_t>::max()) throw WrongArgument(name);
  return static_cast<std::uint32_t>(number);
}

double Call::real(std::string_view name) const {
  const std::optional<double> number = optional_real(name);
  if (!number) throw WrongArgument(name);
  return *number;
}

bool Call::flag(std::string_view name) const {
  const JsonValue* found = find(name);
  const std::optional<bool> value = found == nullptr ? std::nullopt : found->as_boolean();
  if (!value) throw WrongArgument(name);
  return *value;
}

std::vector<std::string> Call::texts(std::string_view name) const {
  const JsonValue* list = find(name);
  if (list == nullptr || list->kind() != JsonKind::array) throw WrongArgument(name);
  std::vector<std::string> found;
  for (const JsonValue& item : list->items()) {
    std::optional<std::string> text = item.as_string();
    if (!text) throw WrongArgument(name);
    found.push_back(std::move(*text));
  }
  return found;
}

std::string Call::path(std::string_view name) const {
  return bytes_of(text(name));
}

Durability Call::durability(std::string_view name) const {
  const std::string word = text(name);
  for (const Durability level : {Durability::process, Durability::ordered, Durability::durable}) {
    if (to_string(level) == word) return level;
  }
  throw WrongArgument(name);
}

std::string_view Call::content(std::size_t index) const {
  if (index >= contents_.size()) throw WrongArgument("content");
  return contents_[index];
}

Error unknown_name(std::string_view name) {
  return Error(Code::internal, Step::inspect, Outcome::not_applied, 0, std::string(name),
               "there is no such method");
}

pipeline::ProjectOptions project_options(const Call& call, const Logger& logger) {
  pipeline::ProjectOptions options;
  options.durability = call.durability();
  options.lock_wait = std::chrono::milliseconds(call.integer("lock_wait_ms"));
  options.count = call.flag("count");
  options.generations = call.small_count("generations");
  if (call.find("mode") != nullptr) options.mode = call.small_count("mode");
  options.read_only = call.flag("read_only");
  options.log = [logger](pipeline::LogLevel level, const std::string& line) {
    if (logger->talk != nullptr) logger->talk->log(level, line);
  };
  return options;
}

}  // namespace untorn::python
