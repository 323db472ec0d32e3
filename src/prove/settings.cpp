// SPDX-License-Identifier: Apache-2.0
#include "prove/settings.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace untorn::prove {

namespace {

namespace fs = std::filesystem;

Error settings_error(const std::string& path, const toml::source_region& where,
                     std::string_view what) {
  std::string detail = "line " + std::to_string(where.begin.line) + ": ";
  detail += what;
  return Error(Code::invalid_argument, Step::inspect, Outcome::not_applied, 0, path,
               std::move(detail));
}

// Numbers and truth values are taken as the text that a flag would have.
std::optional<std::string> scalar(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  return {};
}

std::optional<std::vector<std::string>> list(const toml::node& node) {
  std::vector<std::string> items;
  const auto* array = node.as_array();
  if (array == nullptr) {
    auto only = scalar(node);
    if (!only) return {};
    items.push_back(*std::move(only));
    return items;
  }
  for (const toml::node& each : *array) {
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

// What is wrong with the value, or "" if it was taken.
std::string take(Settings& settings, std::string_view key, const toml::node& value) {
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
  if (key == "require-exhaustive") {
    const auto* truth = value.as_boolean();
    if (truth == nullptr) return quoted + " must be true or false";
    settings.require_exhaustive = truth->get();
    return {};
  }
  return quoted + " is no setting of prove";
}

Result<Settings> read_table(const std::string& path, const toml::table& table) {
  Settings settings;
  settings.path = path;
  for (const auto& [key, value] : table) {
    const std::string problem = take(settings, key.str(), value);
    if (!problem.empty()) return std::unexpected(settings_error(path, value.source(), problem));
  }
  return settings;
}

// The file's settings; nothing if it has no part for Untorn.
Result<std::optional<Settings>> read_file(const std::string& path, bool is_pyproject) {
  const toml::parse_result parsed = toml::parse_file(path);
  if (!parsed) {
    return std::unexpected(
        settings_error(path, parsed.error().source(), parsed.error().description()));
  }
  const toml::node_view<const toml::node> ours =
      is_pyproject ? parsed.table()["tool"]["untorn"]
                   : toml::node_view<const toml::node>(&parsed.table());
  if (!ours) return std::optional<Settings>();
  const toml::node_view<const toml::node> prove = ours["prove"];
  Settings empty;
  empty.path = path;
  if (!prove) return std::optional(empty);
  const toml::table* table = prove.as_table();
  if (table == nullptr) {
    return std::unexpected(
        settings_error(path, prove.node()->source(), "\"prove\" must be a table"));
  }
  auto settings = read_table(path, *table);
  if (!settings) return std::unexpected(settings.error());
  return std::optional(*std::move(settings));
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
