// SPDX-License-Identifier: Apache-2.0
//
// What bound names mean: parameters, loops, contexts, attributes of classes.
#include <algorithm>
#include <array>

#include "languages/python/evaluator.h"
#include "languages/python/text.h"

namespace untorn::languages {
namespace {

bool is_path_class(std::string_view dotted) {
  static constexpr std::array<std::string_view, 5> names = {"pathlib.Path", "pathlib.PurePath",
                                                            "pathlib.PurePosixPath", "os.PathLike",
                                                            "pathlib.PureWindowsPath"};
  return std::find(names.begin(), names.end(), dotted) != names.end();
}

// Methods and properties that paths have and hardly anything else has.
bool is_path_member(std::string_view name) {
  static constexpr std::array<std::string_view, 14> names = {
      "with_suffix", "with_name",   "with_stem",  "read_text",  "write_text",
      "read_bytes",  "write_bytes", "is_file",    "is_dir",     "iterdir",
      "joinpath",    "rglob",       "expanduser", "relative_to"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::string Evaluator::scoped_key(const Binding& binding, bool numbered) const {
  std::string key = module_.name();
  const Scope& scope = module_.scope(binding.scope);
  const std::string& owner = scope.kind == ScopeKind::class_body
                                 ? scope.qualified_name
                                 : module_.functions()[scope.function].name;
  for (const std::string_view part : {std::string_view(owner), binding.name}) {
    if (part.empty()) continue;
    if (!key.empty()) key += '.';
    key += part;
  }
  if (numbered) {
    const std::span<const Binding> all = module_.bindings(binding.scope, binding.name);
    const auto number = &binding - all.data();
    if (number > 0) key += "#" + std::to_string(number);
  }
  return key;
}

Value Evaluator::name_value(NodeId identifier) {
  const std::string_view name = tree_.text(identifier);
  Value result;
  const Module::Reaching reaching = module_.reaching(identifier);
  if (reaching.bindings.empty()) {
    add_words(name, result.words);
    if (name == "__file__") {
      result.type = Type::text;
      result.shape += ".py";
      result.is_stable = true;
    }
    result.key = module_.name() + "." + std::string(name);
    return result;
  }
  bool is_first = true;
  for (const Binding* binding : reaching.bindings) {
    if (binding->kind == BindingKind::augmented) continue;
    Value each = binding_value(*binding);
    result = is_first ? std::move(each) : either(result, each);
    is_first = false;
  }
  for (auto each = reaching.bindings.rbegin(); each != reaching.bindings.rend(); ++each) {
    if ((*each)->kind == BindingKind::augmented) {
      result = concatenate(result, value((*each)->value));
      if (result.key.empty()) is_first = true;
    }
  }
  const Binding& nearest = *reaching.bindings.front();
  const bool is_import = nearest.kind == BindingKind::import;
  if (result.key.empty() || (!result.is_stable && !is_import)) {
    result.key = scoped_key(nearest, true);
    result.is_stable = module_.scope(nearest.scope).kind == ScopeKind::module &&
                       module_.bindings(nearest.scope, name).size() == 1;
  }
  if (!reaching.is_complete) result.is_certain = result.is_regular = false;
  // A parameter of another function is none of the code that uses it.
  if (module_.scope(reaching.scope).function != module_.function_of(identifier)) {
    result.parameter = -1;
    result.is_whole_parameter = false;
  }
  std::vector<std::string> words;
  add_words(name, words);
  for (const std::string& word : result.words) add_words(word, words);
  result.words = std::move(words);
  result.is_temporary = result.is_temporary || (says_temporary(name) && !result.is_special);
  if (result.type == Type::unknown && is_used_as_path(nearest)) result.type = Type::path;
  return result;
}

// `x.with_suffix(…)`, `x / "literal"`: whatever x is, it behaves as a path.
bool Evaluator::is_used_as_path(const Binding& binding) {
  constexpr int uses_limit = 40;
  int uses = 0;
  for (const NodeId use : module_.identifiers(binding.name)) {
    if (use < binding.node) continue;
    if (++uses > uses_limit) return false;
    const NodeId parent = tree_.parent(use);
    if (module_.home_of(binding.name, module_.scope_of(use)) != binding.scope) continue;
    if (tree_.kind(parent) == grammar_.attribute && tree_.field(use) == grammar_.object &&
        is_path_member(tree_.text(tree_.child(parent, grammar_.attribute_name)))) {
      return true;
    }
    if (tree_.kind(parent) == grammar_.binary_operator && tree_.field(use) == grammar_.left &&
        tree_.text(tree_.child(parent, grammar_.operator_token)) == "/" &&
        tree_.kind(tree_.child(parent, grammar_.right)) == grammar_.string) {
      return true;
    }
  }
  return false;
}

Value Evaluator::binding_value(const Binding& binding) {
  Value result;
  switch (binding.kind) {
    case BindingKind::parameter:
      return parameter_value(binding);
    case BindingKind::assignment:
      if (binding.value != NodeId::none) result = value(binding.value);
      break;
    case BindingKind::element:
      return element_value(binding);
    case BindingKind::loop:
      return loop_value(binding);
    case BindingKind::context:
      return context_value(binding);
    case BindingKind::import:
      return import_value(binding);
    case BindingKind::function:
    case BindingKind::class_definition:
      result.type = Type::other;
      return result;
    case BindingKind::augmented:
    case BindingKind::other:
      return result;
  }
  if (binding.annotation != NodeId::none && result.type == Type::unknown) {
    annotate(binding.annotation, result);
  }
  return result;
}

Value Evaluator::parameter_value(const Binding& binding) {
  Value result;
  if (binding.value != NodeId::none) {
    const Value& initial = value(binding.value);
    for (const std::string& word : initial.words) add_words(word, result.words);
    if (initial.type == Type::path || initial.type == Type::text) result.type = initial.type;
  }
  if (binding.annotation != NodeId::none) annotate(binding.annotation, result);
  result.key = scoped_key(binding, false);
  result.is_stable = true;
  result.has_parameter = true;
  result.parameter = binding.index;
  result.is_whole_parameter = binding.index >= 0;
  if (binding.name == "tmp_path" || binding.name == "tmpdir" ||
      binding.name == "tmp_path_factory") {
    result.never_leaves = result.is_temporary = result.in_system_temp = true;
    if (result.type == Type::unknown) result.type = Type::path;
  }
  return result;
}

// Taken at its word: whoever passes something else has broken the promise first.
void Evaluator::annotate(NodeId annotation, Value& result) {
  std::vector<NodeId> open = {annotation};
  bool is_path = false;
  bool is_else = false;
  for (int steps = 0; !open.empty() && steps < 24; ++steps) {
    const NodeId node = open.back();
    open.pop_back();
    const KindId kind = tree_.kind(node);
    if (kind == grammar_.identifier || kind == grammar_.attribute) {
      const std::string name = dotted(node);
      if (is_path_class(name)) {
        is_path = true;
        is_else = is_else || name == "os.PathLike";
      } else if (name == "str") {
        is_else = true;
        if (result.type == Type::unknown) result.type = Type::text;
      } else if (name != "typing.Optional" && name != "typing.Union" && name != "None") {
        is_else = is_else || name != "typing.Final";
        annotate_class(node, result);
      }
    } else if (kind == grammar_.string) {
      const std::optional<Literal> literal = read_literal(tree_, node);
      if (literal && (literal->text == "Path" || literal->text == "pathlib.Path")) is_path = true;
    } else if (kind != grammar_.none) {
      for (const NodeId each : tree_.children(node)) open.push_back(each);
    }
  }
  if (!is_path) return;
  result.type = is_else ? Type::unknown : Type::path;
  result.is_certain = !is_else;
}

void Evaluator::annotate_class(NodeId name, Value& result) {
  const Callee found = callee(name);
  if (found.kind == Callee::Kind::local && found.is_class) {
    result.type = Type::instance;
    result.class_name = found.name;
    result.class_scope = module_.scope_opened_by(found.definition);
  } else if (found.kind == Callee::Kind::foreign ||
             (found.kind == Callee::Kind::api && found.name.find('.') != std::string::npos &&
              !found.name.starts_with("typing."))) {
    result.type = Type::instance;
    result.class_name = found.name;
  }
}

Value Evaluator::element_value(const Binding& binding) {
  Value whole = value(binding.value);
  if (whole.type == Type::descriptor_and_path) {
    if (binding.index == 1) {
      whole.type = Type::text;
      return whole;
    }
    Value descriptor;
    descriptor.type = Type::number;
    return descriptor;
  }
  if (whole.type == Type::pair && binding.index == 0) {
    whole.type = Type::text;
    return whole;
  }
  Value element;
  if (whole.type == Type::number) element.type = Type::number;  // os.pipe()
  element.words = std::move(whole.words);
  element.parameter = whole.parameter;
  return element;
}

Value Evaluator::item_of(const Value& items) const {
  Value item = items;
  item.type = items.type == Type::paths ? Type::path : Type::text;
  if (items.type != Type::paths && items.type != Type::texts) {
    item = {};
    item.words = items.words;
  }
  return item;
}

Value Evaluator::loop_value(const Binding& binding) {
  if (binding.value == NodeId::none) return {};
  const Value& items = value(binding.value);
  Value item;
  if (items.type == Type::walk) {
    if (binding.index == 0) {
      item = items;
      item.type = Type::text;
      item.is_stable = false;
      item.key.clear();
    }
    return item;
  }
  if (binding.index < 0) {
    item = item_of(items);
  } else {  // for index, path in enumerate(paths)
    const NodeId call = bare(binding.value);
    if (tree_.kind(call) == grammar_.call && binding.index == 1 &&
        dotted(tree_.child(call, grammar_.function)) == "enumerate") {
      const CallArguments arguments = call_arguments(tree_, call);
      item = item_of(argument_value(arguments, 0, "iterable"));
    }
  }
  return item;
}

Value Evaluator::context_value(const Binding& binding) {
  Value result = value(binding.value);
  const NodeId call = bare(binding.value);
  if (tree_.kind(call) == grammar_.call) {  // a context manager of this file
    const Callee called = callee(tree_.child(call, grammar_.function));
    if (called.kind == Callee::Kind::local && !called.is_class) {
      result = yielded_value(called.definition);
    }
  }
  if (binding.index >= 0) return {};
  if (result.type == Type::temporary_folder) result.type = Type::text;
  return result;
}

// What a function decorated by contextmanager gives.
Value Evaluator::yielded_value(NodeId definition) {
  constexpr std::uint32_t nodes_limit = 4000;
  const auto begin = static_cast<std::uint32_t>(definition);
  const auto end = static_cast<std::uint32_t>(tree_.end_of(definition));
  Value result;
  result.type = Type::none;
  int count = 0;
  for (std::uint32_t index = begin; index < end && end - begin <= nodes_limit; ++index) {
    const NodeId node{index};
    if (tree_.kind(node) != grammar_.yield || ++count > 4) continue;
    if (const NodeId given = tree_.first_child(node); given != NodeId::none) {
      result = either(result, value(given));
    }
  }
  if (result.type == Type::none) return {};
  if (result.has_parameter) {
    result.key.clear();
    result.is_stable = false;
  }
  result.parameter = -1;
  result.is_whole_parameter = result.has_parameter = false;
  return result;
}

// A constant of another module of the project: the key is the one that it has there.
Value Evaluator::import_value(const Binding& binding) {
  Value result;
  const std::string name = absolute(module_.dotted(binding));
  add_words(last_word_of(name), result.words);
  result.key = name;
  result.is_stable = true;
  return result;
}

std::string_view Evaluator::last_word_of(std::string_view dotted) {
  const std::size_t dot = dotted.find_last_of(".:");
  return dot == std::string_view::npos ? dotted : dotted.substr(dot + 1);
}

// ".files:STATE" in "shop.orders.store" is "shop.orders.files.STATE".
std::string Evaluator::absolute(const std::string& dotted) const {
  if (!dotted.starts_with('.')) return dotted;
  const std::size_t dots = dotted.find_first_not_of('.');
  if (dots == std::string::npos) return dotted;
  std::string base = module_.name();
  for (std::size_t level = 0; level < dots && !base.empty(); ++level) {
    const std::size_t dot = base.rfind('.');
    base.resize(dot == std::string::npos ? 0 : dot);
  }
  std::string rest = dotted.substr(dots);
  if (rest.starts_with(':')) rest.erase(0, 1);
  std::replace(rest.begin(), rest.end(), ':', '.');
  return base.empty() ? rest : base + "." + rest;
}

std::optional<Value> Evaluator::class_attribute(ScopeId owner, std::string_view name) {
  for (const ScopeId each : lineage(owner)) {
    const std::span<const Binding> bindings = module_.bindings(each, name);
    if (bindings.empty()) continue;
    Value result;
    result.type = Type::none;
    bool is_single = true;
    std::size_t count = 0;
    for (const Binding& binding : bindings) {
      if (++count > Module::reaching_limit) break;
      Value more;
      if (binding.kind == BindingKind::function) {  // a property, or a method as a value
        more = returned_value(binding.value);
      } else {
        more = binding_value(binding);
      }
      if (more.type == Type::none) continue;
      is_single = result.type == Type::none;
      result = either(result, more);
    }
    if (result.type == Type::none) result.type = Type::unknown;
    if (!is_single || !result.is_stable || result.has_parameter || result.key.empty()) {
      result.key = scoped_key(bindings.front(), false);
    }
    result.is_stable = true;
    result.has_parameter = false;
    result.parameter = -1;
    result.is_whole_parameter = false;
    result.is_certain = result.is_certain && count <= Module::reaching_limit;
    return result;
  }
  return std::nullopt;
}

// What the same function gave the attribute before: a parameter that it comes from is one here.
void Evaluator::take_local(NodeId attribute, ScopeId owner, Value& known) {
  const std::string_view name = tree_.text(tree_.child(attribute, grammar_.attribute_name));
  const Binding* nearest = nullptr;
  for (const Binding& binding : module_.bindings(owner, name)) {
    if (binding.is_attribute && binding.effective <= attribute &&
        binding.kind == BindingKind::assignment &&
        module_.function_of(binding.node) == module_.function_of(attribute)) {
      nearest = &binding;
    }
  }
  if (nearest == nullptr) return;
  const Value local = binding_value(*nearest);
  if (local.parameter < 0 || local.has_other_source) return;  // `folder or default_folder()`
  known.parameter = local.parameter;
  known.is_whole_parameter = local.is_whole_parameter;
}

}  // namespace untorn::languages
