// SPDX-License-Identifier: Apache-2.0
//
// What methods of paths and texts give, and functions of the same file.
#include <algorithm>
#include <array>

#include "languages/python/evaluator.h"
#include "languages/python/text.h"

namespace untorn::languages {
namespace {

template <std::size_t Size>
bool is_one_of(std::string_view name, const std::array<std::string_view, Size>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Methods of a path that give the same path.
bool is_same_path_method(std::string_view name) {
  static constexpr std::array<std::string_view, 9> names = {
      "resolve", "absolute",   "expanduser", "as_posix", "relative_to",
      "rename",  "__fspath__", "replace",    "readlink"};
  return is_one_of(name, names);
}

bool is_same_text_method(std::string_view name) {
  static constexpr std::array<std::string_view, 12> names = {
      "strip",  "lower", "upper",      "rstrip",       "lstrip",       "encode",
      "decode", "title", "expandtabs", "removesuffix", "removeprefix", "casefold"};
  return is_one_of(name, names);
}

bool has_word(const std::vector<std::string>& words, std::string_view wanted) {
  return std::find(words.begin(), words.end(), wanted) != words.end();
}

}  // namespace

std::optional<Value> Evaluator::method_value(NodeId call, const CallArguments& arguments) {
  const NodeId called = bare(tree_.child(call, grammar_.function));
  const NodeId object = bare(tree_.child(called, grammar_.object));
  const std::string_view name = tree_.text(tree_.child(called, grammar_.attribute_name));
  if (class_of_self(object) != ScopeId::none) return std::nullopt;
  if (tree_.kind(object) == grammar_.call &&
      tree_.text(tree_.child(object, grammar_.function)) == "super") {
    return std::nullopt;
  }
  const Value& path = value(object);
  if (path.type == Type::instance && name != "fileno" && name != "detach") return std::nullopt;
  if (path.type == Type::other) return std::nullopt;
  if (path.type == Type::path || path.type == Type::unknown) {
    if (std::optional<Value> known = path_method_value(path, name, arguments)) return known;
  }
  if (name == "get") return unknown_call_value(call, arguments);
  if (name == "fileno" || name == "detach" || name == "dup") {
    Value descriptor;
    descriptor.type = Type::number;
    return descriptor;
  }
  return text_method_value(object, name, arguments);
}

std::optional<Value> Evaluator::path_method_value(const Value& path, std::string_view name,
                                                  const CallArguments& arguments) {
  const bool is_path = path.type == Type::path;
  if (name == "with_suffix" || name == "with_stem" || name == "with_name") {
    const Value part = argument_value(arguments, 0, name.substr(5));
    Value result =
        name == "with_suffix" ? with_suffix(path, part) : join_path(folder_of(path), part);
    if (name == "with_stem") {
      result.shape += known_extension(last_component(path.shape));
      result.key += known_extension(last_component(path.shape));
    }
    if (name != "with_suffix" && (result.is_temporary || says_temporary(part.shape))) {
      result.is_temporary = true;
      result.made_from = path.key;
    }
    if (result.parameter < 0) result.parameter = path.parameter;
    for (const std::string& word : path.words) add_words(word, result.words);
    result.type = Type::path;
    result.is_certain = is_path && path.is_certain;
    return result;
  }
  if (name == "joinpath") {
    Value joined = path;
    for (const CallArgument& argument : arguments.all) {
      joined = join_path(joined, argument.starred ? Value{} : value(argument.value));
    }
    joined.type = Type::path;
    joined.is_certain = is_path && path.is_certain;
    return joined;
  }
  if (name == "glob" || name == "rglob" || name == "iterdir") {
    if (!is_path && name == "glob") return std::nullopt;
    Value pattern = name == "iterdir" ? Value{} : argument_value(arguments, 0, "pattern");
    pattern.shape = glob_shape(pattern.shape);
    if (name == "iterdir") {
      pattern.key = "*";
      pattern.is_stable = true;
    }
    Value items = join_path(path, pattern);
    items.type = Type::paths;
    items.is_certain = is_path && path.is_certain;
    items.is_regular = name != "iterdir";
    return items;
  }
  if (!is_path) return std::nullopt;
  if (name == "open") {
    Value handle = path;
    handle.type = Type::handle;
    return handle;
  }
  if (name == "read_text" || name == "read_bytes") {
    Value text;
    text.type = name == "read_text" ? Type::text : Type::bytes;
    text.key = path.key.empty() ? std::string() : "content(" + path.key + ")";
    return text;
  }
  if (name == "rename" || name == "replace") return argument_value(arguments, 0, "target");
  if (is_same_path_method(name)) {
    Value same = path;
    if (name == "as_posix" || name == "__fspath__") same.type = Type::text;
    return same;
  }
  return std::nullopt;
}

std::optional<Value> Evaluator::text_method_value(NodeId object, std::string_view name,
                                                  const CallArguments& arguments) {
  const Value& text = value(object);
  if (name == "format" && (text.type == Type::text || tree_.kind(object) == grammar_.string)) {
    return format_value(
        text, arguments.all.empty() ? NodeId::none : tree_.parent(arguments.all.front().node));
  }
  if (name == "join" && text.type == Type::text) {
    Value joined;
    joined.type = Type::text;
    take_over(argument_value(arguments, 0, "iterable"), joined);
    return joined;
  }
  if (text.type == Type::path) return std::nullopt;
  if (is_same_text_method(name) || name == "replace") {
    Value same = text;
    same.is_whole_parameter = false;
    if (name == "replace") {
      same.key.clear();
      same.shape =
          std::string(1, unknown_part) + std::string(known_extension(last_component(text.shape)));
      for (std::size_t at = 0; at < 2; ++at) take_over(argument_value(arguments, at, ""), same);
      const Value to = argument_value(arguments, 1, "new");
      if (says_temporary(to.shape)) {
        same.is_temporary = true;
        same.made_from = text.key;
      }
    }
    return same;
  }
  return std::nullopt;
}

// What the returns of a function have in common. Its own parameters mean nothing outside.
Value Evaluator::returned_value(NodeId definition) {
  Value result;
  result.type = Type::none;
  if (const std::optional<std::vector<NodeId>> values = returned(definition)) {
    int count = 0;
    for (const NodeId each : *values) {
      if (++count > 4) return {};
      result = either(result, value(each));
    }
  }
  if (result.type == Type::none) result = {};
  const NodeId annotation = tree_.child(definition, grammar_.return_type);
  if (annotation != NodeId::none && result.type == Type::unknown) annotate(annotation, result);
  if (result.has_parameter) {
    result.key.clear();
    result.is_stable = false;
  }
  result.parameter = -1;
  result.is_whole_parameter = false;
  result.has_parameter = false;
  return result;
}

Value Evaluator::local_call_value(const Callee& called, const CallArguments& arguments) {
  Value result;
  if (called.is_class) {
    result.type = Type::instance;
    result.class_name = called.name;
    result.class_scope = module_.scope_opened_by(called.definition);
    return result;
  }
  result = returned_value(called.definition);
  const NodeId parent = tree_.parent(called.definition);
  const bool is_decorated = tree_.kind(parent) == grammar_.decorated_definition;
  if (is_decorated && result.type != Type::path) result.type = Type::unknown;
  std::vector<std::string> words;
  add_words(last_word_of(called.name), words);
  std::string key = module_.name() + "." + called.name + "(";
  bool is_stable = true;
  for (const CallArgument& argument : arguments.all) {
    const Value& part = value(argument.value);
    key += part.key + ",";
    is_stable = is_stable && part.is_stable && !part.key.empty();
    if (result.parameter < 0) result.parameter = part.parameter;
    result.has_parameter = result.has_parameter || part.has_parameter;
    result.is_unique = result.is_unique || part.is_unique;
  }
  for (const std::string& word : result.words) add_words(word, words);
  result.words = std::move(words);
  if (result.key.empty() && key.size() < 180) {
    result.key = key + ")";
    result.is_stable = is_stable;
  }
  return result;
}

// The name of the function says what its result is; the arguments only leave their marks.
Value Evaluator::unknown_call_value(NodeId call, const CallArguments& arguments) {
  Value result;
  result.is_result = true;
  const std::string_view name = called_name(tree_, call);
  const NodeId called = bare(tree_.child(call, grammar_.function));
  std::string key(tree_.text(called).substr(0, 60));
  if (tree_.kind(called) == grammar_.attribute) {
    const Value& object = value(tree_.child(called, grammar_.object));
    take_marks(object, result);
    if (!object.key.empty()) key = object.key + "." + std::string(name);
  }
  key += '(';
  if (name != "get") add_words(name, result.words);
  result.is_unique = result.is_unique || has_word(result.words, "unique") ||
                     has_word(result.words, "uuid") || has_word(result.words, "random");
  int count = 0;
  for (const CallArgument& argument : arguments.all) {
    if (++count > 6) break;
    const Value& part = value(argument.value);
    take_marks(part, result);
    key += part.key + ",";
    if (name == "get" && count == 1) result.words = part.words;  // settings.get("state_path")
  }
  key += ')';
  if (key.size() < 180) {
    std::erase_if(key, [](char each) { return each == '\n' || each == '\r' || each == ' '; });
    result.key = std::move(key);
  }
  return result;
}

}  // namespace untorn::languages
