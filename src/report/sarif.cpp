// SPDX-License-Identifier: Apache-2.0
#include "report/sarif.h"

#include <algorithm>

#include "report/json.h"

namespace untorn::report {

namespace {

constexpr std::string_view schema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
constexpr std::string_view root_name = "ROOT";

std::string_view level_name(SarifLevel level) {
  switch (level) {
    case SarifLevel::note:
      return "note";
    case SarifLevel::warning:
      return "warning";
    case SarifLevel::error:
      return "error";
  }
  return "none";
}

class SarifWriter {
 public:
  explicit SarifWriter(const SarifRun& run) : run_(run) {}

  std::string write() {
    json_.begin_object();
    json_.field("$schema", schema).field("version", "2.1.0");
    json_.key("runs").begin_array().begin_object();
    tool();
    invocation();
    if (!run_.root.empty()) {
      json_.key("originalUriBaseIds").begin_object().key(root_name).begin_object();
      json_.field("uri", "file://" + uri_path(run_.root) + "/");
      json_.end_object().end_object();
    }
    json_.key("results").begin_array();
    for (const SarifResult& each : run_.results) result(each);
    json_.end_array();
    properties(run_.properties);
    json_.end_object().end_array().end_object();
    return std::move(json_).take() + "\n";
  }

 private:
  void text_object(std::string_view key, std::string_view text) {
    json_.key(key).begin_object().field("text", text).end_object();
  }

  void properties(const std::vector<std::pair<std::string, std::string>>& values) {
    if (values.empty()) return;
    json_.key("properties").begin_object();
    for (const auto& [name, value] : values) json_.field(name, value);
    json_.end_object();
  }

  void tool() {
    json_.key("tool").begin_object().key("driver").begin_object();
    json_.field("name", run_.tool);
    if (!run_.version.empty()) json_.field("semanticVersion", run_.version);
    json_.key("rules").begin_array();
    for (const SarifRule& rule : run_.rules) {
      json_.begin_object().field("id", rule.id).field("name", rule.name);
      text_object("shortDescription", rule.description);
      if (!rule.help.empty()) text_object("help", rule.help);
      json_.key("defaultConfiguration").begin_object();
      json_.field("level", level_name(rule.level)).end_object();
      json_.end_object();
    }
    json_.end_array().end_object().end_object();
  }

  void invocation() {
    json_.key("invocations").begin_array().begin_object();
    json_.field("executionSuccessful", run_.successful);
    if (!run_.command.empty()) {
      json_.key("arguments").begin_array();
      for (const std::string& argument : run_.command) json_.string(argument);
      json_.end_array();
    }
    if (!run_.notifications.empty()) {
      json_.key("toolExecutionNotifications").begin_array();
      for (const std::string& text : run_.notifications) {
        json_.begin_object().field("level", "warning");
        text_object("message", text);
        json_.end_object();
      }
      json_.end_array();
    }
    json_.end_object().end_array();
  }

  void location_fields(const SarifLocation& location) {
    json_.key("physicalLocation").begin_object();
    json_.key("artifactLocation").begin_object();
    const bool absolute = location.path.starts_with('/');
    json_.field("uri", (absolute ? "file://" : "") + uri_path(location.path));
    if (!absolute && !run_.root.empty()) json_.field("uriBaseId", root_name);
    json_.end_object();
    if (location.line > 0) {
      json_.key("region").begin_object().field("startLine", location.line);
      if (!location.text.empty()) text_object("snippet", location.text);
      json_.end_object();
    }
    json_.end_object();
    if (!location.function.empty()) {
      json_.key("logicalLocations").begin_array().begin_object();
      json_.field("name", location.function).field("kind", "function");
      json_.end_object().end_array();
    }
    if (!location.message.empty()) text_object("message", location.message);
  }

  void locations(std::string_view key, const std::vector<SarifLocation>& places, bool numbered) {
    if (places.empty()) return;
    json_.key(key).begin_array();
    std::uint64_t number = 0;
    for (const SarifLocation& place : places) {
      json_.begin_object();
      if (numbered) json_.field("id", ++number);
      location_fields(place);
      json_.end_object();
    }
    json_.end_array();
  }

  void flow(const std::vector<SarifStep>& steps) {
    if (steps.empty()) return;
    json_.key("codeFlows").begin_array().begin_object();
    json_.key("threadFlows").begin_array().begin_object();
    json_.key("locations").begin_array();
    std::uint64_t order = 0;
    for (const SarifStep& step : steps) {
      json_.begin_object().field("executionOrder", ++order);
      json_.field("importance", step.essential ? "essential" : "unimportant");
      json_.key("location").begin_object();
      location_fields(step.location);
      json_.end_object().end_object();
    }
    json_.end_array().end_object().end_array().end_object().end_array();
  }

  void result(const SarifResult& result) {
    json_.begin_object().field("ruleId", result.rule);
    const auto rule = std::find_if(run_.rules.begin(), run_.rules.end(),
                                   [&](const SarifRule& each) { return each.id == result.rule; });
    if (rule != run_.rules.end())
      json_.field("ruleIndex", static_cast<std::uint64_t>(rule - run_.rules.begin()));
    json_.field("level", level_name(result.level));
    text_object("message", result.message);
    locations("locations", result.locations, false);
    locations("relatedLocations", result.related, true);
    flow(result.flow);
    if (!result.fingerprint.empty()) {
      json_.key("partialFingerprints").begin_object();
      json_.field("untorn/v1", result.fingerprint).end_object();
    }
    properties(result.properties);
    json_.end_object();
  }

  const SarifRun& run_;
  JsonWriter json_;
};

}  // namespace

std::string uri_path(std::string_view path) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view plain = "-._~/";
  std::string uri;
  for (const char c : path) {
    const auto code = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || (c >= '0' && c <= '9') || plain.find(c) != std::string_view::npos) {
      uri += c;
    } else {
      uri += {'%', digits[code >> 4U], digits[code & 15U]};
    }
  }
  return uri;
}

std::string render_sarif(const SarifRun& run) {
  return SarifWriter(run).write();
}

}  // namespace untorn::report
