// SPDX-License-Identifier: Apache-2.0
#include "prove/settings.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "base/try.h"
#include "settings/toml.h"

namespace untorn::prove {

namespace {

namespace fs = std::filesystem;

using settings::settings_error;
using settings::Table;
using settings::Value;

// Numbers are taken as the text that a flag would have.
std::optional<std::string> scalar(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value.data)) return std::to_string(*number);
  return {};
}

std::optional<std::vector<std::string>> list(const Value& value) {
  std::vector<std::string> items;
  const auto* array = std::get_if<settings::List>(&value.data);
  if (array == nullptr) {
    auto only = scalar(value);
    if (!only) return {};
    items.push_back(*std::move(only));
    return items;
  }
  for (const Value& each : *array) {
    auto item = scalar(each);
    if (!item) return {};
    items.push_back(*std::move(item));
  }
  return items;
}

struct ListKey {
  std::string_view name;
  std::vector<std::string> Settings::* member;
};
constexpr std::array<ListKey, 6> list_keys = {{{"also", &Settings::also},
                                               {"check", &Settings::check},
                                               {"expect", &Settings::expect},
                                               {"only", &Settings::only},
                                               {"ignore", &Settings::ignore},
                                               {"engine", &Settings::engine}}};

struct TextKey {
  std::string_view name;
  std::optional<std::string> Settings::* member;
};
constexpr std::array<TextKey, 7> text_keys = {{{"root", &Settings::root},
                                               {"ack", &Settings::ack},
                                               {"model", &Settings::model},
                                               {"budget", &Settings::budget},
                                               {"stop-after", &Settings::stop_after},
                                               {"seed", &Settings::seed},
                                               {"isolation", &Settings::isolation}}};

struct TruthKey {
  std::string_view name;
  bool Settings::* member;
};
constexpr std::array<TruthKey, 2> truth_keys = {
    {{"require-exhaustive", &Settings::require_exhaustive}, {"deep", &Settings::deep}}};

// What is wrong with the value, or "" if it was taken.
std::string take(Settings& settings, std::string_view key, const Value& value) {
  const std::string quoted = "\"" + std::string(key) + "\"";
  for (const ListKey& known : list_keys) {
    if (known.name != key) continue;
    auto items = list(value);
    if (!items) return quoted + " must be a text or a list of texts";
    settings.*known.member = *std::move(items);
    return {};
  }
  for (const TextKey& known : text_keys) {
    if (known.name != key) continue;
    settings.*known.member = scalar(value);
    return settings.*known.member ? std::string() : quoted + " must be a text or a number";
  }
  for (const TruthKey& known : truth_keys) {
    if (known.name != key) continue;
    const auto* truth = std::get_if<bool>(&value.data);
    if (truth == nullptr) return quoted + " must be true or false";
    settings.*known.member = *truth;
    return {};
  }
  return quoted + " is no setting of prove";
}

Result<Settings> read_table(const std::string& path, const Table& table) {
  Settings settings;
  settings.path = path;
  for (const auto& [key, value] : table) {
    const std::string problem = take(settings, key, value);
    if (!problem.empty()) return std::unexpected(settings_error(path, value.line, problem));
  }
  return settings;
}

// The file's settings; nothing if it has no part for Untorn.
Result<std::optional<Settings>> read_file(const std::string& path, bool is_pyproject) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream) return std::unexpected(settings_error(path, 1, "the file cannot be read"));
  UNTORN_TRY(const Table whole, settings::parse_toml(path, text));
  const Table* ours = &whole;
  if (is_pyproject) {
    for (const char* name : {"tool", "untorn"}) {
      const Value* value = settings::find(*ours, name);
      ours = value == nullptr ? nullptr : std::get_if<Table>(&value->data);
      if (ours == nullptr) return std::optional<Settings>();
    }
  }
  const Value* prove = settings::find(*ours, "prove");
  Settings empty;
  empty.path = path;
  if (prove == nullptr) return std::optional(empty);
  const auto* table = std::get_if<Table>(&prove->data);
  if (table == nullptr) {
    return std::unexpected(settings_error(path, prove->line, "\"prove\" must be a table"));
  }
  UNTORN_TRY(Settings settings, read_table(path, *table));
  return std::optional(std::move(settings));
}

}  // namespace

Result<Settings> find_settings(const std::string& folder) {
  fs::path at = folder;
  for (;;) {
    for (const char* name : {"untorn.toml", "pyproject.toml"}) {
      const fs::path file = at / name;
      std::error_code error;
      if (!fs::is_regular_file(file, error)) continue;
      auto settings = read_file(file.string(), std::string_view(name) == "pyproject.toml");
      if (!settings) return std::unexpected(settings.error());
      if (*settings) return **std::move(settings);
    }
    if (!at.has_parent_path() || at == at.parent_path()) return Settings();
    at = at.parent_path();
  }
}

}  // namespace untorn::prove
