// SPDX-License-Identifier: Apache-2.0
#include "scan/config.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "base/escape.h"
#include "base/nearest.h"
#include "base/try.h"
#include "rules/rule.h"
#include "scan/read_file.h"
#include "settings/toml.h"

namespace untorn::scan {
namespace {

using settings::List;
using settings::Table;
using settings::Value;

constexpr std::uint64_t settings_bytes_max = 1U << 20U;
constexpr std::array<const char*, 2> settings_names = {"untorn.toml", "pyproject.toml"};

std::string with_nearest(std::string problem, std::string_view word,
                         const std::vector<std::string>& known) {
  const std::string_view near = nearest(word, known);
  if (!near.empty()) problem += "; did you mean " + in_quotes(near) + "?";
  return problem;
}

std::vector<std::string> rule_names() {
  std::vector<std::string> names;
  for (const rules::Rule& rule : rules::all_rules()) {
    names.emplace_back(rule.code);
    names.emplace_back(rule.name);
  }
  return names;
}

// Reads the members of one table, each by its own function.
class TableReader {
 public:
  TableReader(const std::string& path, Config& config) : path_(path), config_(config) {}

  [[nodiscard]] Result<void> read(const Table& table) {
    for (const auto& [name, value] : table) {
      const auto* key = std::find_if(keys.begin(), keys.end(),
                                     [&](const Key& each) { return each.name == name; });
      if (key == keys.end()) return unknown_key(name, value.line);
      UNTORN_CHECK((this->*key->take)(name, value));
    }
    return {};
  }

 private:
  using Take = Result<void> (TableReader::*)(const std::string& name, const Value& value);
  struct Key {
    std::string_view name;
    Take take;
  };

  [[nodiscard]] std::unexpected<Error> fail(const Value& value, std::string_view problem) const {
    return std::unexpected(settings::settings_error(path_, value.line, problem));
  }

  [[nodiscard]] Result<void> unknown_key(const std::string& name, std::uint32_t line) const {
    std::vector<std::string> known;
    for (const Key& key : keys) known.emplace_back(key.name);
    return std::unexpected(settings::settings_error(
        path_, line, with_nearest(in_quotes(name) + " is no setting", name, known)));
  }

  [[nodiscard]] Result<std::vector<std::string>> texts(const std::string& name,
                                                       const Value& value) const {
    const auto* list = std::get_if<List>(&value.data);
    std::vector<std::string> items;
    for (const Value& each : list != nullptr ? *list : List()) {
      const auto* text = std::get_if<std::string>(&each.data);
      if (text == nullptr) return fail(each, in_quotes(name) + " must be a list of texts");
      items.push_back(*text);
    }
    if (list == nullptr) return fail(value, in_quotes(name) + " must be a list of texts");
    return items;
  }

  [[nodiscard]] Result<std::vector<rules::RuleId>> rules_of(const std::string& name,
                                                            const Value& value) const {
    UNTORN_TRY(const std::vector<std::string> names, texts(name, value));
    auto parsed = parse_rules(names);
    if (!parsed) return fail(value, in_quotes(name) + ": " + parsed.error().detail());
    return parsed;
  }

  [[nodiscard]] Result<std::vector<Glob>> globs_of(const std::string& name,
                                                   const Value& value) const {
    UNTORN_TRY(const std::vector<std::string> patterns, texts(name, value));
    std::vector<Glob> globs;
    for (const std::string& pattern : patterns) {
      auto glob = Glob::parse(pattern);
      if (!glob) return fail(value, in_quotes(name) + ": " + in_quotes(pattern) + " is no pattern");
      globs.push_back(*std::move(glob));
    }
    return globs;
  }

  Result<void> truth(bool& target, const std::string& name, const Value& value) const {
    const auto* truth = std::get_if<bool>(&value.data);
    if (truth == nullptr) return fail(value, in_quotes(name) + " must be true or false");
    target = *truth;
    return {};
  }

  Result<void> take_select(const std::string& name, const Value& value) {
    UNTORN_TRY(config_.select, rules_of(name, value));
    return {};
  }
  Result<void> take_ignore(const std::string& name, const Value& value) {
    UNTORN_TRY(config_.ignore, rules_of(name, value));
    return {};
  }
  Result<void> take_exclude(const std::string& name, const Value& value) {
    UNTORN_TRY(config_.exclude, globs_of(name, value));
    return {};
  }
  Result<void> take_include_tests(const std::string& name, const Value& value) {
    return truth(config_.include_tests, name, value);
  }
  Result<void> take_require_reasons(const std::string& name, const Value& value) {
    return truth(config_.require_reasons, name, value);
  }
  Result<void> take_atomic_writers(const std::string& name, const Value& value) {
    UNTORN_TRY(config_.atomic_writers, texts(name, value));
    return {};
  }
  Result<void> take_min_severity(const std::string& name, const Value& value) {
    const auto* text = std::get_if<std::string>(&value.data);
    const auto severity = text == nullptr ? std::nullopt : parse_severity(*text);
    if (!severity) return fail(value, in_quotes(name) + " must be low, medium, high or critical");
    config_.min_severity = *severity;
    return {};
  }
  Result<void> take_fail_on(const std::string& name, const Value& value) {
    const auto* text = std::get_if<std::string>(&value.data);
    config_.fail_on = text == nullptr ? std::nullopt : parse_severity(*text);
    if (config_.fail_on || (text != nullptr && *text == "never")) return {};
    return fail(value, in_quotes(name) + " must be low, medium, high, critical or never");
  }
  Result<void> take_override(const std::string& name, const Value& value) {
    const auto* list = std::get_if<List>(&value.data);
    if (list == nullptr) return fail(value, in_quotes(name) + " must be tables: [[override]]");
    for (const Value& each : *list) {
      const auto* table = std::get_if<Table>(&each.data);
      if (table == nullptr) return fail(each, in_quotes(name) + " must be tables: [[override]]");
      UNTORN_CHECK(read_override(*table, each));
    }
    return {};
  }
  Result<void> leave(const std::string&, const Value&) { return {}; }

  [[nodiscard]] Result<void> read_override(const Table& table, const Value& whole) {
    PathOverride made;
    for (const auto& [name, value] : table) {
      if (name == "paths") {
        UNTORN_TRY(made.paths, globs_of(name, value));
      } else if (name == "select") {
        UNTORN_TRY(made.select, rules_of(name, value));
      } else if (name == "ignore") {
        UNTORN_TRY(made.ignore, rules_of(name, value));
      } else {
        return fail(value, with_nearest(in_quotes(name) + " is no setting of an override", name,
                                        {"paths", "select", "ignore"}));
      }
    }
    if (made.paths.empty()) return fail(whole, "an override needs \"paths\"");
    config_.path_overrides.push_back(std::move(made));
    return {};
  }

  static constexpr std::array<Key, 10> keys = {
      {{"select", &TableReader::take_select},
       {"ignore", &TableReader::take_ignore},
       {"exclude", &TableReader::take_exclude},
       {"include-tests", &TableReader::take_include_tests},
       {"min-severity", &TableReader::take_min_severity},
       {"fail-on", &TableReader::take_fail_on},
       {"atomic-writers", &TableReader::take_atomic_writers},
       {"require-reasons", &TableReader::take_require_reasons},
       {"override", &TableReader::take_override},
       {"prove", &TableReader::leave}}};

  const std::string& path_;
  Config& config_;
};

bool holds(const std::vector<rules::RuleId>& rules, rules::RuleId rule) {
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

}  // namespace

bool Config::wants(rules::RuleId rule, std::string_view file) const {
  if (!select.empty() && !holds(select, rule)) return false;
  if (holds(ignore, rule)) return false;
  return std::none_of(path_overrides.begin(), path_overrides.end(), [&](const PathOverride& each) {
    const bool concerns = std::any_of(each.paths.begin(), each.paths.end(),
                                      [&](const Glob& glob) { return glob.matches_within(file); });
    return concerns &&
           (holds(each.ignore, rule) || (!each.select.empty() && !holds(each.select, rule)));
  });
}

Result<std::optional<Config>> read_config(FileSystem& fs, const std::string& path) {
  std::string text;
  const auto read = read_file(fs, path, settings_bytes_max, text);
  if (!read) {
    return std::unexpected(
        Error::from_errno(number(read.error()), Step::inspect, Outcome::not_applied, path));
  }
  const std::filesystem::path file = path;
  // Without the word it holds nothing of ours, and whether it is TOML is its owner's business.
  const bool is_ours =
      file.filename() != "pyproject.toml" || text.find("untorn") != std::string_view::npos;
  if (!is_ours) return std::optional<Config>();
  UNTORN_TRY(Table table, settings::parse_toml(path, text));
  const Table* ours = &table;
  if (file.filename() == "pyproject.toml") {
    for (const char* name : {"tool", "untorn"}) {
      const Value* value = settings::find(*ours, name);
      ours = value == nullptr ? nullptr : std::get_if<Table>(&value->data);
      if (ours == nullptr) return std::optional<Config>();
    }
  }
  Config config;
  config.path = path;
  config.folder = file.parent_path().string();
  UNTORN_CHECK(TableReader(path, config).read(*ours));
  return std::optional(std::move(config));
}

Result<Config> nearest_config(FileSystem& fs, const std::string& folder) {
  std::filesystem::path at = folder;
  for (;;) {
    for (const char* name : settings_names) {
      const std::string path = (at / name).string();
      const auto status = fs.status_at(Handle::working_directory, path);
      if (!status || (status->type != FileType::regular && status->type != FileType::symlink)) {
        continue;
      }
      UNTORN_TRY(std::optional<Config> config, read_config(fs, path));
      if (config) return *std::move(config);
    }
    if (!at.has_relative_path()) break;
    at = at.parent_path();
  }
  Config defaults;
  defaults.folder = folder;
  return defaults;
}

Config overridden(Config config, const Overrides& flags) {
  if (flags.select) config.select = *flags.select;
  if (flags.ignore) config.ignore = *flags.ignore;
  if (flags.min_severity) config.min_severity = *flags.min_severity;
  if (flags.fail_on) config.fail_on = *flags.fail_on;
  config.include_tests = config.include_tests || flags.include_tests;
  return config;
}

Result<std::vector<rules::RuleId>> parse_rules(std::span<const std::string> names) {
  std::vector<rules::RuleId> ids;
  for (const std::string& name : names) {
    const rules::Rule* rule = rules::find_rule(name);
    if (rule == nullptr) {
      return std::unexpected(
          Error(Code::invalid_argument, Step::inspect, Outcome::not_applied, 0, name,
                with_nearest(in_quotes(name) + " is no rule", name, rule_names())));
    }
    ids.push_back(rule->id);
  }
  return ids;
}

std::optional<rules::Severity> parse_severity(std::string_view name) {
  using rules::Severity;
  for (const Severity severity :
       {Severity::low, Severity::medium, Severity::high, Severity::critical}) {
    if (rules::to_string(severity) == name) return severity;
  }
  return std::nullopt;
}

}  // namespace untorn::scan
