// SPDX-License-Identifier: Apache-2.0
#include "languages/python/loads.h"

#include <algorithm>
#include <array>

#include "languages/python/apis.h"
#include "languages/python/text.h"

namespace untorn::languages {
namespace {

constexpr std::uint32_t nodes_limit = 4000;

// Parse a file that they are given by its path.
bool is_path_parser(std::string_view api) {
  static constexpr std::array<std::string_view, 5> names = {
      "toml.load", "joblib.load", "numpy.load", "torch.load", "xml.etree.ElementTree.parse"};
  return std::find(names.begin(), names.end(), api) != names.end();
}

bool is_opener(std::string_view api) {
  const Api* const found = find_api(api);
  return found != nullptr && found->form == ApiForm::opens && api != "os.fdopen";
}

}  // namespace

bool is_parser(std::string_view api) noexcept {
  static constexpr std::array<std::string_view, 36> names = {
      "json.load",        "json.loads",         "ujson.load",          "ujson.loads",
      "orjson.loads",     "rapidjson.load",     "rapidjson.loads",     "json5.load",
      "json5.loads",      "yaml.load",          "yaml.safe_load",      "yaml.full_load",
      "yaml.load_all",    "yaml.safe_load_all", "toml.load",           "toml.loads",
      "tomllib.load",     "tomllib.loads",      "tomli.load",          "tomli.loads",
      "tomlkit.load",     "tomlkit.parse",      "tomlkit.loads",       "pickle.load",
      "pickle.loads",     "dill.load",          "dill.loads",          "cloudpickle.load",
      "marshal.load",     "marshal.loads",      "plistlib.load",       "plistlib.loads",
      "ast.literal_eval", "jsonpickle.decode",  "msgspec.json.decode", "pickle.Unpickler"};
  return std::find(names.begin(), names.end(), api) != names.end();
}

std::optional<Load> LoadFinder::find(NodeId node) {
  return find_in(node, 0);
}

std::optional<Load> LoadFinder::find_in(NodeId node, int calls) {
  const auto begin = static_cast<std::uint32_t>(node);
  const auto end = static_cast<std::uint32_t>(tree_.end_of(node));
  if (end - begin > nodes_limit) return std::nullopt;
  const std::uint32_t function =
      module_.function_of(tree_.first_child(node) == NodeId::none ? node : tree_.first_child(node));
  for (std::uint32_t index = begin; index < end; ++index) {
    const NodeId each{index};
    const KindId kind = tree_.kind(each);
    if (kind == grammar_.try_statement && each != node) {  // judged by itself
      index = static_cast<std::uint32_t>(tree_.end_of(each)) - 1;
      continue;
    }
    if (kind != grammar_.call || module_.function_of(each) != function) continue;
    if (std::optional<Load> load = load_of(each, calls)) return load;
  }
  return std::nullopt;
}

std::optional<Load> LoadFinder::load_of(NodeId call, int calls) {
  const NodeId called = evaluator_.bare(tree_.child(call, grammar_.function));
  if (called == NodeId::none) return std::nullopt;
  const std::string api = evaluator_.dotted(called);
  const bool parses_path = is_path_parser(api);
  if (is_parser(api) || parses_path) {
    const CallArguments arguments = call_arguments(tree_, call);
    if (arguments.all.empty() || arguments.all.front().starred) return std::nullopt;
    NodeId path = file_behind(arguments.all.front().value);
    if (path == NodeId::none && parses_path) path = arguments.all.front().value;
    if (path == NodeId::none) return std::nullopt;
    return Load{call, evaluator_.facts(path)};
  }
  if (api.empty() && tree_.kind(called) == grammar_.attribute) {
    const std::string_view name = tree_.text(tree_.child(called, grammar_.attribute_name));
    const Value& object = evaluator_.value(tree_.child(called, grammar_.object));
    const bool is_config = object.class_name.starts_with("configparser.") ||
                           object.class_name.starts_with("ConfigParser.");
    if (is_config && (name == "read" || name == "read_file" || name == "readfp")) {
      const CallArguments arguments = call_arguments(tree_, call);
      if (arguments.all.empty() || arguments.all.front().starred) return std::nullopt;
      const NodeId first = arguments.all.front().value;
      const NodeId path = name == "read" ? first : file_behind(first);
      if (path == NodeId::none) return std::nullopt;
      return Load{call, evaluator_.facts(path)};
    }
  }
  const Callee callee = evaluator_.callee(called);
  if (calls > 0) return std::nullopt;  // one level alone
  if (callee.kind != Callee::Kind::local || callee.is_class) return std::nullopt;
  return load_of_function(call, callee, calls);
}

// `self._read()` or `read_json(path)` of the same file.
std::optional<Load> LoadFinder::load_of_function(NodeId call, const Callee& callee, int calls) {
  const NodeId body = tree_.child(callee.definition, grammar_.body);
  if (body == NodeId::none || tree_.within(call, callee.definition)) return std::nullopt;
  std::optional<Load> inner = find_in(body, calls + 1);
  if (!inner) return std::nullopt;
  inner->call = call;
  const std::int32_t parameter = inner->path.parameter;
  if (parameter < 0) return inner;
  inner->path.parameter = -1;
  inner->path.is_whole_parameter = false;
  const Scope& scope = module_.scope(module_.scope_opened_by(callee.definition));
  const std::vector<Parameter>& parameters = module_.functions()[scope.function].parameters;
  const auto place = static_cast<std::size_t>(parameter);
  const CallArguments arguments = call_arguments(tree_, call);
  const CallArgument* const given = arguments.find(
      place, place < parameters.size() ? std::string_view(parameters[place].name) : "");
  if (given != nullptr && !given->starred) inner->path = evaluator_.facts(given->value);
  return inner;
}

NodeId LoadFinder::file_behind(NodeId expression) {
  constexpr int steps_limit = 12;
  for (int steps = 0; expression != NodeId::none && steps < steps_limit; ++steps) {
    expression = evaluator_.bare(expression);
    const KindId kind = tree_.kind(expression);
    if (kind == grammar_.call) {
      NodeId next = NodeId::none;
      const NodeId path = file_behind_call(expression, next);
      if (path != NodeId::none) return path;
      expression = next;
    } else if (kind == grammar_.identifier) {
      const Module::Reaching reaching = module_.reaching(expression);
      if (reaching.bindings.empty()) return NodeId::none;
      const Binding& nearest = *reaching.bindings.front();
      if (nearest.kind != BindingKind::assignment && nearest.kind != BindingKind::context) {
        return NodeId::none;
      }
      expression = nearest.value;
    } else if (kind == grammar_.named_expression) {
      expression = tree_.child(expression, grammar_.value);
    } else {
      return NodeId::none;
    }
  }
  return NodeId::none;
}

// Of `open(path)`, `path.open()`, `path.read_text()` the path; else what to look at next.
NodeId LoadFinder::file_behind_call(NodeId call, NodeId& next) {
  const NodeId called = evaluator_.bare(tree_.child(call, grammar_.function));
  if (called == NodeId::none) return NodeId::none;
  const CallArguments arguments = call_arguments(tree_, call);
  const std::string api = evaluator_.dotted(called);
  if (is_opener(api)) {
    const Api* const opener = find_api(api);
    const CallArgument* const path = arguments.find(opener->target, opener->target_name);
    return path == nullptr || path->starred ? NodeId::none : path->value;
  }
  if (api == "io.TextIOWrapper" || api == "contextlib.closing" || api == "str" ||
      api == "io.StringIO" || api == "io.BytesIO") {
    if (!arguments.all.empty()) next = arguments.all.front().value;
    return NodeId::none;
  }
  if (!api.empty() || tree_.kind(called) != grammar_.attribute) return NodeId::none;
  const NodeId object = tree_.child(called, grammar_.object);
  const std::string_view name = tree_.text(tree_.child(called, grammar_.attribute_name));
  if (name == "read_text" || name == "read_bytes" || name == "open") {
    const Type type = evaluator_.value(object).type;
    return type == Type::path || type == Type::unknown ? object : NodeId::none;
  }
  static constexpr std::array<std::string_view, 7> same = {
      "read", "decode", "strip", "readline", "rstrip", "replace", "__enter__"};
  if (std::find(same.begin(), same.end(), name) != same.end()) next = object;
  if (name == "enter_context" && !arguments.all.empty()) next = arguments.all.front().value;
  return NodeId::none;
}

}  // namespace untorn::languages
