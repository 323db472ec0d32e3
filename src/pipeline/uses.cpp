// SPDX-License-Identifier: Apache-2.0
#include "pipeline/uses.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/try.h"
#include "pipeline/clock.h"
#include "pipeline/specs.h"

namespace untorn::pipeline {
namespace {

constexpr std::int64_t format_version = 1;
constexpr unsigned indent = 2;

std::string path_in(std::string_view folder) {
  return std::string(folder) + "/.uses.json";
}

Error wrong(const Project& project, std::string_view folder, Code code, std::string detail) {
  return {
      code, Step::check, Outcome::not_applied, 0, project.file(path_in(folder)), std::move(detail)};
}

JsonDocument new_document() {
  JsonValue format = JsonValue::object();
  format.set("format", JsonValue::string("use-statistics"));
  format.set("version", JsonValue::integer(format_version));
  format.set("oldest_reader", JsonValue::integer(format_version));
  JsonValue root = JsonValue::object();
  root.set("untorn", std::move(format));
  root.set("uses", JsonValue::object());
  root.set("operations", JsonValue::array());
  return JsonDocument(std::move(root), JsonStyle::indented(indent));
}

Result<void> check_format(const Project& project, std::string_view folder, const JsonValue& root) {
  const JsonValue* const format = root.find("untorn");
  const JsonValue* const reader = format == nullptr ? nullptr : format->find("oldest_reader");
  const std::int64_t oldest_reader = reader == nullptr ? 0 : reader->as_integer().value_or(0);
  if (oldest_reader > format_version) {
    return std::unexpected(wrong(project, folder, Code::unsupported,
                                 "a newer version of Untorn keeps these statistics"));
  }
  if (oldest_reader == 0) {
    return std::unexpected(
        wrong(project, folder, Code::invalid_argument, "it holds no use statistics of Untorn"));
  }
  return {};
}

std::uint64_t count_member(const JsonValue& json, std::string_view name) {
  const JsonValue* const member = json.find(name);
  const std::int64_t value = member == nullptr ? 0 : member->as_integer().value_or(0);
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

UseStatistics read_uses(const std::string& name, const JsonValue* json) {
  UseStatistics statistics;
  statistics.name = name;
  if (json == nullptr) return statistics;
  statistics.uses = count_member(*json, "uses");
  statistics.successes = std::min(count_member(*json, "successes"), statistics.uses);
  statistics.failures = statistics.uses - statistics.successes;
  const JsonValue* const total = json->find("total_ms");
  if (total != nullptr) statistics.total_ms = total->as_real().value_or(0);
  statistics.last_used = text_member(*json, "last_used");
  return statistics;
}

void add_use(JsonValue& root, const Use& use) {
  JsonValue& all = root.edit("uses");
  const std::string name(use.name);
  UseStatistics now = read_uses(name, all.find(name));
  JsonValue& entry = all.edit(name);
  entry.set("uses", JsonValue::integer(static_cast<std::int64_t>(now.uses + 1)));
  entry.set("successes",
            JsonValue::integer(static_cast<std::int64_t>(now.successes + (use.success ? 1U : 0U))));
  entry.set("total_ms", JsonValue::real(now.total_ms + use.milliseconds));
  entry.set("last_used", JsonValue::string(now_text()));
}

// False if it was there.
bool remember(JsonValue& root, std::string_view operation_id) {
  std::vector<JsonValue>& operations = root.edit("operations").edit_items();
  const JsonValue id = JsonValue::string(operation_id);
  if (std::ranges::find(operations, id) != operations.end()) return false;
  if (operations.size() >= operations_remembered) {
    const auto too_many = operations.size() - operations_remembered + 1;
    operations.erase(operations.begin(),
                     operations.begin() + static_cast<std::ptrdiff_t>(too_many));
  }
  operations.push_back(id);
  return true;
}

}  // namespace

double UseStatistics::success_rate() const noexcept {
  return uses == 0 ? 0 : static_cast<double>(successes) / static_cast<double>(uses);
}

double UseStatistics::mean_ms() const noexcept {
  return uses == 0 ? 0 : total_ms / static_cast<double>(uses);
}

JsonValue UseStatistics::to_json() const {
  const auto count = [](std::uint64_t value) {
    return JsonValue::integer(static_cast<std::int64_t>(value));
  };
  JsonValue json = JsonValue::object();
  json.set("name", JsonValue::string(name));
  json.set("uses", count(uses));
  json.set("successes", count(successes));
  json.set("failures", count(failures));
  json.set("success_rate", JsonValue::real(success_rate()));
  json.set("mean_ms", JsonValue::real(mean_ms()));
  json.set("total_ms", JsonValue::real(total_ms));
  json.set("last_used", last_used.empty() ? JsonValue() : JsonValue::string(last_used));
  return json;
}

Result<bool> record_use(const Project& project, std::string_view folder, const Use& use) {
  if (!std::isfinite(use.milliseconds) || use.milliseconds < 0) {
    return std::unexpected(
        wrong(project, folder, Code::invalid_argument, "a time in milliseconds is not negative"));
  }
  if (use.operation_id.size() > operation_id_bytes_max) {
    return std::unexpected(
        wrong(project, folder, Code::invalid_argument, "an operation id has 200 bytes at most"));
  }
  UNTORN_TRY(Document document, project.document(path_in(folder)));
  bool is_new = true;
  auto updated = document.update([&](std::optional<JsonDocument>& content) -> Result<void> {
    if (!content) content = new_document();
    UNTORN_CHECK(check_format(project, folder, content->root));
    is_new = use.operation_id.empty() || remember(content->root, use.operation_id);
    if (is_new) add_use(content->root, use);
    return {};
  });
  if (!updated) return std::unexpected(updated.error());
  if (updated->recovery.happened) {
    project.log(LogLevel::warning, updated->recovery.message());
  }
  return is_new;
}

Result<std::vector<UseStatistics>> use_statistics(const Project& project, std::string_view folder,
                                                  const std::vector<std::string>& names) {
  JsonValue uses = JsonValue::object();
  if (!names.empty()) {
    UNTORN_TRY(Document document, project.document(path_in(folder)));
    UNTORN_TRY(const LoadedDocument loaded, document.load());
    if (loaded.recovery.happened) project.log(LogLevel::warning, loaded.recovery.message());
    if (loaded.document) {
      UNTORN_CHECK(check_format(project, folder, loaded.document->root));
      if (const JsonValue* const found = loaded.document->root.find("uses")) uses = *found;
    }
  }
  std::vector<UseStatistics> statistics;
  for (const std::string& name : names) statistics.push_back(read_uses(name, uses.find(name)));
  return statistics;
}

}  // namespace untorn::pipeline
