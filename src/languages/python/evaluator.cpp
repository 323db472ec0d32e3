// SPDX-License-Identifier: Apache-2.0
//
// What names, attributes and operators mean: Evaluator::value.
#include "languages/python/evaluator.h"

#include <algorithm>
#include <array>

#include "languages/python/standard_library.h"
#include "languages/python/text.h"

namespace untorn::languages {
const Value& Evaluator::value(NodeId expression) {
  static const Value unknown;
  expression = bare(expression);
  if (expression == NodeId::none) return unknown;
  const auto id = static_cast<std::uint32_t>(expression);
  if (const auto found = values_.find(id); found != values_.end()) {
    return found->second ? *found->second : unknown;  // null while it is being evaluated
  }
  if (depth_ >= depth_limit) return unknown;
  const Deeper deeper(depth_);
  values_.emplace(id, nullptr);
  auto result = std::make_unique<Value>(evaluate(expression));
  std::unique_ptr<Value>& held = values_[id];
  held = std::move(result);
  return *held;
}

PathFacts Evaluator::facts(NodeId expression) {
  if (expression == NodeId::none) return {};
  return to_facts(value(expression), tree_.text(expression));
}

Value Evaluator::evaluate(NodeId expression) {
  const KindId kind = tree_.kind(expression);
  if (kind == grammar_.string) return literal_value(expression);
  if (kind == grammar_.identifier) return name_value(expression);
  if (kind == grammar_.attribute) return attribute_value(expression);
  if (kind == grammar_.call) return call_value(expression);
  if (kind == grammar_.binary_operator) return binary_value(expression);
  if (kind == grammar_.conditional_expression) return conditional_value(expression);
  if (kind == grammar_.subscript) return subscript_value(expression);
  if (kind == grammar_.boolean_operator) {
    return either(value(tree_.child(expression, grammar_.left)),
                  value(tree_.child(expression, grammar_.right)));
  }
  if (kind == grammar_.named_expression) return value(tree_.child(expression, grammar_.value));
  if (kind == grammar_.concatenated_string) {
    std::optional<Value> sum;
    for (const NodeId part : tree_.children(expression)) {
      if (tree_.kind(part) == grammar_.string) {
        sum = sum ? concatenate(*sum, value(part)) : value(part);
      }
    }
    return sum.value_or(Value{});
  }
  Value result;
  if (kind == grammar_.none) result.type = Type::none;
  if (kind == grammar_.integer) result.type = Type::number;
  if (kind == grammar_.lambda || kind == grammar_.true_literal || kind == grammar_.false_literal ||
      kind == grammar_.dictionary) {
    result.type = Type::other;
  }
  if (kind == grammar_.list_comprehension || kind == grammar_.generator_expression) {
    const Value& item = value(tree_.child(expression, grammar_.body));
    if (item.type == Type::path || item.type == Type::text) {
      result = item;
      result.type = item.type == Type::path ? Type::paths : Type::texts;
    }
  }
  if (kind == grammar_.list || kind == grammar_.tuple) {
    result = items_value(expression);
  }
  return result;
}

// A list of a few literals or paths: what its items have in common.
Value Evaluator::items_value(NodeId list) {
  Value items;
  items.type = Type::other;
  int count = 0;
  for (const NodeId each : tree_.children(list)) {
    if (tree_.kind(each) == grammar_.comment) continue;
    if (++count > 8) break;
    const Value& item = value(each);
    if (item.type != Type::path && item.type != Type::text) return {};
    items = count == 1 ? item : either(items, item);
  }
  if (items.type == Type::path) items.type = Type::paths;
  if (items.type == Type::text) items.type = Type::texts;
  return items;
}

Value Evaluator::literal_value(NodeId string) {
  const std::optional<Literal> literal = read_literal(tree_, string);
  if (!literal) return {};
  if (!literal->is_format) {
    return constant_value(literal->text, literal->is_bytes ? Type::bytes : Type::text);
  }
  // The parts in their order: text between the parts in braces, and what those mean.
  std::optional<Value> sum;
  const auto append = [&](const Value& part) { sum = sum ? concatenate(*sum, part) : part; };
  std::string_view rest = literal->text;
  const auto take_text = [&] {
    const std::size_t end = rest.find(unknown_part);
    if (const std::string_view text = rest.substr(0, end); !text.empty()) {
      append(constant_value(text));
    }
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  };
  int parts = 0;
  for (const NodeId part : tree_.children(string)) {
    if (tree_.kind(part) != grammar_.interpolation || ++parts > 16) continue;
    take_text();
    Value inner = value(tree_.child(part, grammar_.expression));
    if (inner.key.empty()) inner.key = "*";
    append(inner);
    sum->type = Type::text;
    sum->is_whole_parameter = false;
  }
  while (!rest.empty()) take_text();
  if (!sum) return constant_value("");
  sum->key = with_pattern(*sum);
  return std::move(*sum);
}

Value Evaluator::attribute_value(NodeId attribute) {
  const NodeId object = bare(tree_.child(attribute, grammar_.object));
  const std::string_view name = tree_.text(tree_.child(attribute, grammar_.attribute_name));
  Value result;
  if (const std::string api = dotted(attribute); !api.empty()) {
    add_words(name, result.words);
    result.key = absolute(api);
    result.is_stable = true;
    result.is_special = api == "os.devnull" || api == "os.path.devnull";
    if (api.starts_with("sys.std")) result.type = Type::handle;
    return result;
  }
  ScopeId owner = class_of_self(object);
  const Value* inner = nullptr;
  if (owner == ScopeId::none) {
    inner = &value(object);
    owner = inner->class_scope;
    if (tree_.kind(object) == grammar_.identifier && inner->type == Type::other) {
      const Callee found = callee(object);
      if (found.is_class) owner = module_.scope_opened_by(found.definition);
    }
  }
  std::optional<Value> known = owner == ScopeId::none ? std::nullopt : class_attribute(owner, name);
  if (known) {
    result = std::move(*known);
    if (inner == nullptr) take_local(attribute, owner, result);
  } else if (inner == nullptr) {
    result.key = module_.name() + "." +
                 module_.scope(module_.scope(module_.scope_of(object)).owner).qualified_name + "." +
                 std::string(name);
    result.is_stable = true;
  } else {
    result = path_property(*inner, name);
  }
  // The name of a path is the path's, and not "name".
  const bool is_part = inner != nullptr && inner->type == Type::path && !known &&
                       (name == "name" || name == "stem" || name == "suffix");
  std::vector<std::string> words;
  add_words(name, words);
  for (const std::string& word : result.words) add_words(word, words);
  if (!is_part) result.words = std::move(words);
  result.is_temporary = result.is_temporary || says_temporary(name);
  return result;
}

Value Evaluator::path_property(const Value& object, std::string_view name) const {
  Value result;
  if (object.type == Type::temporary_file || object.type == Type::temporary_folder) {
    result = object;
    result.type = name == "name" || name == "path" ? Type::text : Type::unknown;
    return result;
  }
  if (name == "parent" && (object.type == Type::path || object.type == Type::unknown)) {
    result = folder_of(object);
    return result;
  }
  if (object.type == Type::path && name == "name") return name_of(object);
  if (!object.key.empty()) result.key = object.key + "." + std::string(name);
  if (result.key.size() > 200) result.key.clear();
  result.is_stable = object.is_stable;
  result.has_parameter = object.has_parameter;
  result.parameter = object.parameter;
  result.is_unique = object.is_unique;
  if (object.type == Type::path && (name == "stem" || name == "suffix")) {
    result.type = Type::text;
    result.made_from = object.key;
  }
  if (object.never_leaves && name == "path") {  // of a TempDirectory
    result = object;
    result.type = Type::unknown;
    return result;
  }
  if (object.type == Type::texts && name == "path") result = item_of(object);
  result.is_member = object.type == Type::instance && !is_standard_library(object.class_name);
  return result;
}

Value Evaluator::binary_value(NodeId operation) {
  const NodeId left = tree_.child(operation, grammar_.left);
  const NodeId right = tree_.child(operation, grammar_.right);
  const std::string_view sign = tree_.text(tree_.child(operation, grammar_.operator_token));
  if (sign == "/") {
    const Value& folder = value(left);
    const Value& name = value(right);
    const bool is_path = folder.type == Type::path || name.type == Type::path ||
                         (name.type == Type::text && folder.type != Type::number);
    if (!is_path) return {};
    Value joined = join_path(folder, name);
    joined.type = Type::path;
    // What an object of the project divides by a text is a pathlib path, where the file knows no
    // other library of paths.
    joined.is_certain = (folder.type == Type::path && folder.is_certain) ||
                        (name.type == Type::path && name.is_certain) ||
                        (folder.is_member && name.type == Type::text && !knows_other_paths());
    joined.is_member = false;
    return joined;
  }
  if (sign == "+") return concatenate(value(left), value(right));
  if (sign == "%") return format_value(value(left), right);
  return {};
}

bool Evaluator::knows_other_paths() {
  if (!knows_other_paths_) {
    static constexpr std::array<std::string_view, 9> others = {
        "upath",        "anyio",     "trio",   "zipfile.Path", "py.path",
        "cloudpathlib", "importlib", "fsspec", "path"};
    knows_other_paths_ = false;
    for (const Binding& binding : module_.bindings()) {
      if (binding.kind != BindingKind::import) continue;
      const std::string_view name = module_.dotted(binding);
      knows_other_paths_ = *knows_other_paths_ ||
                           std::any_of(others.begin(), others.end(), [&](std::string_view other) {
                             return name == other || (name.starts_with(other) &&
                                                      name.substr(other.size()).starts_with('.'));
                           });
    }
  }
  return *knows_other_paths_;
}

// "pattern %s.json" % values, "pattern {}.json".format(values): holes are unknown.
Value Evaluator::format_value(const Value& pattern, NodeId arguments) {
  Value result = pattern;
  result.key.clear();
  result.is_whole_parameter = false;
  result.shape = without_holes(pattern.shape);
  result.words.clear();
  add_words(result.shape, result.words);
  const KindId kind = tree_.kind(arguments);
  int count = 0;
  const auto take = [&](NodeId node) {
    if (++count > 8) return;
    const Value& part = value(node);
    if (count == 1 && result.shape.starts_with(unknown_part)) {
      result.never_leaves = part.never_leaves;
      result.in_system_temp = part.in_system_temp;
      if (says_temporary(result.shape)) result.made_from = part.key;
      if (!part.key.empty()) result.key = part.key + result.shape.substr(1);
    }
    take_over(part, result);
  };
  if (kind == grammar_.tuple || kind == grammar_.argument_list) {
    for (const NodeId each : tree_.children(arguments)) {
      const bool is_named = tree_.kind(each) == grammar_.keyword_argument;
      take(is_named ? tree_.child(each, grammar_.value) : each);
    }
  } else {
    take(arguments);
  }
  std::replace(result.key.begin(), result.key.end(), unknown_part, '*');
  if (result.key.empty()) {
    result.key = result.shape;
    std::replace(result.key.begin(), result.key.end(), unknown_part, '*');
  }
  result.is_special = false;
  return result;
}

Value Evaluator::conditional_value(NodeId conditional) {
  std::vector<NodeId> parts;
  for (const NodeId each : tree_.children(conditional)) {
    if (tree_.kind(each) != grammar_.comment) parts.push_back(each);
  }
  if (parts.size() != 3) return {};
  return either(value(parts[0]), value(parts[2]));
}

// config["state_path"] is a state path, and paths[0] is one of the paths.
Value Evaluator::subscript_value(NodeId subscript) {
  const Value& whole = value(tree_.child(subscript, grammar_.value));
  const NodeId index = tree_.child(subscript, grammar_.subscript_index);
  Value result;
  if (index != NodeId::none && tree_.kind(index) == grammar_.string) {
    take_marks(whole, result);
    const Value& name = value(index);
    result.words = name.words;
    if (!whole.key.empty() && whole.key.size() < 150) {
      result.key = whole.key + "[" + name.key + "]";
      result.is_stable = whole.is_stable;
    }
  } else {
    take_over(whole, result);
  }
  if (whole.type == Type::descriptor_and_path && tree_.text(index) == "1") {
    result = whole;
    result.type = Type::text;
  }
  if (whole.type == Type::pair && tree_.text(index) == "0") {
    result = whole;
    result.type = Type::text;
  }
  return result;
}

}  // namespace untorn::languages
