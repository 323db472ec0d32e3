// SPDX-License-Identifier: Apache-2.0
#include "pipeline/improvement_record.h"

#include <array>
#include <optional>
#include <utility>

#include "base/try.h"
#include "document/format.h"
#include "untorn/json.h"

namespace untorn::pipeline {
namespace {

constexpr document::Format format = {.name = "improvement"};

Error damaged(std::string_view id, std::string detail) {
  return {Code::corrupt,        Step::inspect,    Outcome::not_applied, 0,
          improvement_file(id), std::move(detail)};
}

std::optional<ImprovementStatus> status_of(std::string_view name) {
  constexpr std::array all = {ImprovementStatus::pending, ImprovementStatus::accepted,
                              ImprovementStatus::rejected, ImprovementStatus::rolled_back};
  for (const ImprovementStatus status : all) {
    if (to_string(status) == name) return status;
  }
  return std::nullopt;
}

constexpr std::string_view hex_ending = "_hex";
constexpr std::string_view hex_digits = "0123456789abcdef";

std::string hex_of(std::string_view bytes) {
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    const auto code = static_cast<unsigned char>(byte);
    hex += hex_digits[code >> 4U];
    hex += hex_digits[code & 15U];
  }
  return hex;
}

std::optional<std::string> bytes_of(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t at = 0; at < hex.size(); at += 2) {
    const std::size_t high = hex_digits.find(hex[at]);
    const std::size_t low = hex_digits.find(hex[at + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes += static_cast<char>(high * hex_digits.size() + low);
  }
  return bytes;
}

// JSON holds Unicode: a prompt in Latin-1 would not come back as it was.
bool comes_back(const std::string& text) {
  const auto parsed = JsonDocument::parse(JsonDocument(JsonValue::string(text)).text());
  return parsed && parsed->root.as_string() == text;
}

void set_text(JsonValue& record, std::string_view name, const std::optional<std::string>& text) {
  if (!text) {
    record.set(name, JsonValue());
  } else if (comes_back(*text)) {
    record.set(name, JsonValue::string(*text));
  } else {
    record.set(std::string(name) + std::string(hex_ending), JsonValue::string(hex_of(*text)));
  }
}

// Reads members; the first one that is missing or of another type is the problem.
class RecordReader {
 public:
  explicit RecordReader(const JsonValue& record) : record_(record) {}

  [[nodiscard]] std::string text(std::string_view name) {
    const JsonValue* member = record_.find(name);
    std::optional<std::string> value = member == nullptr ? std::nullopt : member->as_string();
    if (!value && problem_.empty()) problem_ = std::string(name) + " is no text";
    return std::move(value).value_or(std::string());
  }

  [[nodiscard]] std::optional<std::string> optional_text(std::string_view name) {
    const JsonValue* member = record_.find(name);
    if (member != nullptr && member->is_null()) return std::nullopt;
    return text(name);
  }

  // As set_text() wrote it.
  [[nodiscard]] std::optional<std::string> any_text(std::string_view name) {
    const std::string hex_name = std::string(name) + std::string(hex_ending);
    if (record_.find(hex_name) == nullptr) return optional_text(name);
    std::optional<std::string> bytes = bytes_of(text(hex_name));
    if (!bytes && problem_.empty()) problem_ = hex_name + " is no hexadecimal text";
    return bytes;
  }

  [[nodiscard]] std::optional<double> optional_number(std::string_view name) {
    const JsonValue* member = record_.find(name);
    if (member == nullptr || member->is_null()) return std::nullopt;
    const std::optional<double> value = member->as_real();
    if (!value && problem_.empty()) problem_ = std::string(name) + " is no number";
    return value;
  }

  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  const JsonValue& record_;
  std::string problem_;
};

JsonValue optional_string(const std::optional<std::string>& text) {
  return text ? JsonValue::string(*text) : JsonValue();
}

JsonValue about(const Improvement& improvement) {
  JsonValue json = JsonValue::object();
  json.set("id", JsonValue::string(improvement.id));
  json.set("kind", JsonValue::string(to_string(improvement.kind)));
  json.set("name", JsonValue::string(improvement.name));
  json.set("path", JsonValue::string(improvement.path));
  json.set("rationale", JsonValue::string(improvement.rationale));
  json.set("status", JsonValue::string(to_string(improvement.status)));
  json.set("score", improvement.score ? JsonValue::real(*improvement.score) : JsonValue());
  json.set("note", JsonValue::string(improvement.note));
  json.set("created", JsonValue::string(improvement.created));
  json.set("updated", JsonValue::string(improvement.updated));
  return json;
}

JsonValue size_of(const std::string& text) {
  return JsonValue::integer(static_cast<std::int64_t>(text.size()));
}

}  // namespace

std::string_view to_string(ImprovementKind kind) noexcept {
  return kind == ImprovementKind::prompt ? "prompt" : "role";
}

std::optional<ImprovementKind> improvement_kind(std::string_view name) noexcept {
  for (const ImprovementKind kind : {ImprovementKind::prompt, ImprovementKind::role}) {
    if (to_string(kind) == name) return kind;
  }
  return std::nullopt;
}

std::string_view to_string(ImprovementStatus status) noexcept {
  switch (status) {
    case ImprovementStatus::pending:
      return "pending";
    case ImprovementStatus::accepted:
      return "accepted";
    case ImprovementStatus::rejected:
      return "rejected";
    case ImprovementStatus::rolled_back:
      return "rolled_back";
  }
  return "";
}

JsonValue Improvement::to_json(bool texts) const {
  JsonValue json = about(*this);
  json.set("already", JsonValue::boolean(already));
  json.set("old_bytes", old_text ? size_of(*old_text) : JsonValue());
  json.set("new_bytes", size_of(new_text));
  if (!texts) return json;
  json.set("old_text", optional_string(old_text));
  json.set("new_text", JsonValue::string(new_text));
  return json;
}

JsonValue ImprovementList::to_json() const {
  JsonValue json = JsonValue::object();
  JsonValue all = JsonValue::array();
  for (const Improvement& improvement : improvements) {
    all.edit_items().push_back(improvement.to_json());
  }
  json.set("improvements", std::move(all));
  JsonValue problems = JsonValue::array();
  for (const auto& [id, reason] : unreadable) {
    JsonValue problem = JsonValue::object();
    problem.set("id", JsonValue::string(id));
    problem.set("reason", JsonValue::string(reason));
    problems.edit_items().push_back(std::move(problem));
  }
  json.set("unreadable", std::move(problems));
  return json;
}

std::string improvement_file(std::string_view id) {
  return std::string(improvements_folder) + "/" + std::string(id) + ".json";
}

std::string improved_file(ImprovementKind kind, std::string_view name) {
  if (kind == ImprovementKind::prompt) return "prompts/" + std::string(name) + ".md";
  return ".pipeline/roles/" + std::string(name) + ".json";
}

std::string improvement_text(const Improvement& improvement) {
  JsonValue record = JsonValue::object();
  record.set("untorn", document::format_value(format));
  const JsonValue told = about(improvement);
  for (const JsonMember& member : told.members()) record.set(member.name(), member.value);
  set_text(record, "old_text", improvement.old_text);
  set_text(record, "new_text", improvement.new_text);
  JsonStyle style = JsonStyle::indented(2);
  style.after = "\n";
  return JsonDocument(std::move(record), style).text();
}

Result<Improvement> read_improvement(const std::string& text, std::string_view id) {
  auto parsed = JsonDocument::parse(text, improvement_file(id));
  if (!parsed) return std::unexpected(damaged(id, parsed.error().detail()));
  const JsonValue& record = parsed->root;
  if (auto known = document::check_format(record, format, improvement_file(id)); !known) {
    if (known.error().code() == Code::unsupported) return std::unexpected(known.error());
    return std::unexpected(damaged(id, known.error().detail()));
  }
  RecordReader reader(record);
  Improvement improvement;
  improvement.id = reader.text("id");
  const auto kind = improvement_kind(reader.text("kind"));
  improvement.name = reader.text("name");
  improvement.path = reader.text("path");
  improvement.rationale = reader.text("rationale");
  const auto status = status_of(reader.text("status"));
  improvement.score = reader.optional_number("score");
  improvement.note = reader.text("note");
  improvement.created = reader.text("created");
  improvement.updated = reader.text("updated");
  improvement.old_text = reader.any_text("old_text");
  improvement.new_text = reader.any_text("new_text").value_or(std::string());
  if (!reader.problem().empty()) return std::unexpected(damaged(id, reader.problem()));
  if (!kind || !status) return std::unexpected(damaged(id, "kind or status is not known"));
  improvement.kind = *kind;
  improvement.status = *status;
  // The record decides which file is written: it must not name another one.
  if (improvement.id != id || improvement.path != improved_file(*kind, improvement.name)) {
    return std::unexpected(damaged(id, "it is the record of another improvement"));
  }
  return improvement;
}

}  // namespace untorn::pipeline
