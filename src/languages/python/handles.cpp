// SPDX-License-Identifier: Apache-2.0
#include "languages/python/handles.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>

#include "languages/python/handle_apis.h"
#include "languages/python/loads.h"
#include "languages/python/text.h"

namespace untorn::languages {
namespace {

constexpr std::size_t names_limit = 16;
constexpr int uses_limit = 2000;

}  // namespace

Content content_of(Evaluator& evaluator, NodeId expression) {
  const SyntaxTree& tree = evaluator.module().tree();
  const Grammar& grammar = Grammar::get();
  for (int steps = 0; expression != NodeId::none && steps < 12; ++steps) {
    expression = evaluator.bare(expression);
    const KindId kind = tree.kind(expression);
    if (kind == grammar.call) {
      const NodeId called = tree.child(expression, grammar.function);
      const std::string api = evaluator.dotted(called);
      if (const auto content = dumped(api)) return *content;
      if (called == NodeId::none || tree.kind(called) != grammar.attribute) return Content::unknown;
      expression = tree.child(called, grammar.object);  // json.dumps(x).encode()
    } else if (kind == grammar.binary_operator) {       // json.dumps(x) + "\n"
      expression = tree.child(expression, grammar.left);
    } else if (kind == grammar.string || kind == grammar.concatenated_string) {
      return evaluator.value(expression).type == Type::bytes ? Content::bytes : Content::text;
    } else if (kind == grammar.identifier) {
      const Module::Reaching reaching = evaluator.module().reaching(expression);
      if (reaching.bindings.empty()) return Content::unknown;
      const Binding& nearest = *reaching.bindings.front();
      if (nearest.kind != BindingKind::assignment) return Content::unknown;
      expression = nearest.value;
    } else {
      return Content::unknown;
    }
  }
  return Content::unknown;
}

HandleUse HandleTracker::track(NodeId producer) {
  use_ = {};
  is_kept_ = false;
  opened_ = producer;
  last_write_ = last_sync_ = NodeId::none;
  seen_.clear();
  open_ = {{producer, false, Content::unknown}};
  while (!open_.empty()) {
    const Open next = open_.back();
    open_.pop_back();
    is_writer_ = next.is_writer;
    writer_content_ = next.content;
    follow(next.handle);
  }
  use_.is_synced =
      last_sync_ != NodeId::none && (last_write_ == NodeId::none || last_sync_ > last_write_);
  // A lock that an object keeps open is a lock; what else it keeps, other code writes.
  if (is_kept_ && !(use_.locks && use_.writes == 0)) use_.escapes = true;
  return use_;
}

void HandleTracker::write(NodeId at, Content content) {
  ++use_.writes;
  const bool is_first = use_.writes == 1;
  use_.in_pieces = use_.in_pieces || !is_first || repeats(at);
  if (is_first) {
    use_.content = content;
  } else if (use_.content != content) {
    const bool keeps = content == Content::text || content == Content::unknown;
    const bool was_weak = use_.content == Content::text || use_.content == Content::unknown;
    use_.content = keeps ? use_.content : was_weak ? content : Content::unknown;
  }
  if (last_write_ == NodeId::none || at > last_write_) last_write_ = at;
}

// A loop lies between the call that opened the file and the use.
bool HandleTracker::repeats(NodeId at) const {
  constexpr int blocks_limit = 64;
  if (module_.scope(module_.scope_of(at)).kind == ScopeKind::comprehension &&
      module_.scope_of(at) != module_.scope_of(opened_)) {
    return true;
  }
  const BlockId outer = module_.block_of(opened_);
  BlockId block = module_.block_of(at);
  for (int steps = 0; block != outer && block != BlockId::none && steps < blocks_limit; ++steps) {
    const NodeId statement = tree_.parent(module_.block(block).node);
    if (statement != NodeId::none && (tree_.kind(statement) == grammar_.for_statement ||
                                      tree_.kind(statement) == grammar_.while_statement)) {
      return true;
    }
    block = module_.block(block).parent;
  }
  return false;
}

void HandleTracker::sync(NodeId at) {
  if (last_sync_ == NodeId::none || at > last_sync_) last_sync_ = at;
}

// Looks at the expression around one that denotes the file.
void HandleTracker::follow(NodeId handle) {
  NodeId node = handle;
  for (int steps = 0; steps < 12; ++steps) {
    const NodeId parent = tree_.parent(node);
    if (parent == NodeId::none) return;
    const KindId kind = tree_.kind(parent);
    if (kind == grammar_.parenthesized_expression || kind == grammar_.await ||
        kind == grammar_.conditional_expression || kind == grammar_.boolean_operator) {
      node = parent;
      continue;
    }
    if (kind == grammar_.as_pattern) {
      const NodeId target = tree_.child(parent, grammar_.alias);
      return follow_target(target == NodeId::none ? target : tree_.first_child(target), -1);
    }
    if (kind == grammar_.assignment) return follow_target(tree_.child(parent, grammar_.left), 0);
    if (kind == grammar_.named_expression) {
      follow_target(tree_.child(parent, grammar_.name), -1);
      node = parent;
      continue;
    }
    if (kind == grammar_.attribute) return use_method(parent);
    if (kind == grammar_.argument_list) return use_argument(node, tree_.parent(parent));
    if (kind == grammar_.keyword_argument) {
      return use_argument(parent, tree_.parent(tree_.parent(parent)));
    }
    if (kind == grammar_.chevron) return write(parent, Content::text);  // print >>f
    if (kind == grammar_.for_statement || kind == grammar_.for_in_clause) {
      use_.reads = true;
      return;
    }
    if (kind == grammar_.with_item || kind == grammar_.expression_statement ||
        kind == grammar_.delete_statement || kind == grammar_.comparison_operator ||
        kind == grammar_.not_operator || kind == grammar_.if_statement ||
        kind == grammar_.while_statement || kind == grammar_.elif_clause) {
      return;
    }
    use_.escapes = true;
    return;
  }
  use_.escapes = true;
}

// `element` is the place of the file in a tuple that the value is: that of mkstemp.
void HandleTracker::follow_target(NodeId target, std::int32_t element) {
  if (target == NodeId::none) return;
  const KindId kind = tree_.kind(target);
  if (kind == grammar_.identifier) return follow_name(target);
  if (kind == grammar_.attribute) return follow_attribute(target);
  const bool is_tuple = kind == grammar_.pattern_list || kind == grammar_.tuple_pattern;
  if (is_tuple && element == 0) {
    const NodeId first = tree_.first_child(target);
    if (first != NodeId::none && tree_.kind(first) == grammar_.identifier) {
      return follow_name(first);
    }
  }
  use_.escapes = true;
}

// self.lock = open(…): all uses of self.lock in the class.
void HandleTracker::follow_attribute(NodeId target) {
  const ScopeId owner = evaluator_.class_of_self(tree_.child(target, grammar_.object));
  if (owner == ScopeId::none || seen_.size() >= names_limit) {
    use_.escapes = true;
    return;
  }
  is_kept_ = true;
  const NodeId name = tree_.child(target, grammar_.attribute_name);
  if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) return;
  seen_.push_back(name);
  int count = 0;
  for (const NodeId use : module_.identifiers(tree_.text(name))) {
    if (tree_.field(use) != grammar_.attribute_name || use == name) continue;
    const NodeId member = tree_.parent(use);
    if (evaluator_.class_of_self(tree_.child(member, grammar_.object)) != owner) continue;
    if (tree_.kind(tree_.parent(member)) == grammar_.assignment &&
        tree_.field(member) == grammar_.left) {
      continue;
    }
    if (++count > 100) {
      use_.escapes = true;
      return;
    }
    follow(member);
  }
}

// The use may mean what was bound at `name`, and not only what another place bound. Of a use in
// another function every binding may be meant.
bool HandleTracker::reaches(NodeId name, NodeId use) const {
  if (module_.scope_of(use) != module_.scope_of(name)) return true;
  const Module::Reaching reaching = module_.reaching(use);
  return !reaching.is_complete ||
         std::any_of(reaching.bindings.begin(), reaching.bindings.end(),
                     [&](const Binding* binding) { return binding->node == name; });
}

void HandleTracker::follow_name(NodeId name) {
  if (seen_.size() >= names_limit) {
    use_.escapes = true;
    return;
  }
  if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) return;
  seen_.push_back(name);
  const std::string_view text = tree_.text(name);
  const ScopeId home = module_.home_of(text, module_.scope_of(name));
  if (home == ScopeId::module && module_.scope_of(name) != ScopeId::module) {  // global f
    use_.escapes = true;
  }
  const std::span<const Binding> bindings = module_.bindings(home, text);
  const auto own = std::find_if(bindings.begin(), bindings.end(),
                                [&](const Binding& each) { return each.node == name; });
  if (own == bindings.end()) return;
  NodeId end = NodeId::none;  // where the name is bound anew; NodeId::none is beyond all nodes
  for (auto next = own + 1; next != bindings.end() && own->block != BlockId::none; ++next) {
    if (next->block == BlockId::none) continue;
    if (tree_.within(module_.block(own->block).node, module_.block(next->block).node)) {
      end = next->node;
      break;
    }
  }
  const std::span<const NodeId> uses = module_.identifiers(text);
  int count = 0;
  for (auto use = std::upper_bound(uses.begin(), uses.end(), name); use != uses.end() && *use < end;
       ++use) {
    if (++count > uses_limit) {
      use_.escapes = true;
      return;
    }
    const NodeId parent = tree_.parent(*use);
    const KindId kind = tree_.kind(parent);
    // The same word as a member, or as the name of a keyword argument.
    if (kind == grammar_.attribute && tree_.field(*use) == grammar_.attribute_name) continue;
    if (kind == grammar_.keyword_argument && tree_.field(*use) == grammar_.name) continue;
    const auto bound =
        std::lower_bound(bindings.begin(), bindings.end(), *use,
                         [](const Binding& binding, NodeId node) { return binding.node < node; });
    if (bound != bindings.end() && bound->node == *use) continue;
    if (module_.home_of(text, module_.scope_of(*use)) != home || !reaches(name, *use)) continue;
    follow(*use);
  }
}

void HandleTracker::use_method(NodeId attribute) {
  const std::string_view name = tree_.text(tree_.child(attribute, grammar_.attribute_name));
  const NodeId call = tree_.parent(attribute);
  const bool is_called =
      tree_.kind(call) == grammar_.call && tree_.field(attribute) == grammar_.function;
  if (is_writing_method(name)) {
    Content content = writer_content_;
    if (is_called && !is_writer_ && name == "write") {
      const CallArguments arguments = call_arguments(tree_, call);
      const CallArgument* const first = arguments.find(0, "s");
      if (first != nullptr) content = content_of(evaluator_, first->value);
    }
    write(attribute, content);
    if (!is_called) use_.in_pieces = true;  // `put = f.write`
    return;
  }
  if (name == "truncate") {
    use_.truncates = true;
    return write(attribute, Content::unknown);
  }
  if (is_reading_method(name)) {
    use_.reads = true;
    return;
  }
  if (name == "fileno" && is_called) return follow(call);
  if (name == "buffer" || name == "raw" || name == "file" || name == "__enter__" ||
      name == "detach") {
    open_.push_back(
        {name == "__enter__" || name == "detach" ? call : attribute, is_writer_, writer_content_});
    return;
  }
  if (is_neutral_member(name)) return;
  if (is_writer_) return;
  use_.escapes = use_.escapes || is_called;
}

void HandleTracker::use_argument(NodeId argument, NodeId call) {
  if (call == NodeId::none || tree_.kind(call) != grammar_.call) {
    use_.escapes = true;
    return;
  }
  const NodeId called = tree_.child(call, grammar_.function);
  const std::string api = evaluator_.dotted(called);
  if (use_api_argument(argument, call, api)) return;
  const std::string_view name = called_name(tree_, call);
  if (name == "enter_context" || name == "push" || name == "enter_async_context") {
    open_.push_back({call, is_writer_, writer_content_});
    return;
  }
  if (api.empty() && tree_.kind(called) == grammar_.attribute) {
    const Value& object = evaluator_.value(tree_.child(called, grammar_.object));
    if (name == "write" && object.class_name == "configparser.ConfigParser") {
      return write(call, Content::ini);
    }
    if (object.class_name.starts_with("ruamel.yaml") && name == "dump") {
      return write(call, Content::yaml);
    }
  }
  if (dumped(api)) return;
  std::vector<std::string> words;
  add_words(name, words);
  const auto says = [&](std::initializer_list<std::string_view> wanted) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return std::find(wanted.begin(), wanted.end(), word) != wanted.end();
    });
  };
  if (says({"lock", "locked", "unlock", "flock"})) {
    use_.locks = true;
    return;
  }
  if (says({"write", "dump", "save", "export", "serialize"})) write(call, Content::unknown);
  use_.escapes = true;
}

bool HandleTracker::use_api_argument(NodeId argument, NodeId call, std::string_view api) {
  if (api.empty()) return false;
  if (const auto content = dumped_into(api)) {
    const NodeId list = tree_.child(call, grammar_.arguments);
    const bool is_source = api == "shutil.copyfileobj" && tree_.first_child(list) == argument;
    if (is_source) {
      use_.reads = true;
    } else {
      write(call, *content);
    }
    return true;
  }
  if (api == "print") {
    write(call, Content::text);
    return true;
  }
  if (api == "os.write" || api == "os.writev" || api == "os.pwrite" || api == "os.sendfile") {
    const CallArguments arguments = call_arguments(tree_, call);
    const CallArgument* const data = arguments.find(1, "data");
    write(call, data == nullptr ? Content::unknown : content_of(evaluator_, data->value));
    return true;
  }
  if (api == "os.ftruncate" || api == "os.truncate" || api == "os.posix_fallocate") {
    use_.truncates = true;
    write(call, Content::unknown);
    return true;
  }
  if (api == "os.fsync" || api == "os.fdatasync") {
    sync(call);
    return true;
  }
  if (is_lock(api)) {
    use_.locks = true;
    return true;
  }
  if (const auto content = written_through(api)) {
    open_.push_back({call, true, *content});
    return true;
  }
  if (is_same_handle(api)) {
    open_.push_back({call, is_writer_, writer_content_});
    return true;
  }
  if (api == "os.read") {
    use_.reads = true;
    return true;
  }
  if (api.starts_with("subprocess.") || api == "contextlib.redirect_stdout" ||
      api == "contextlib.redirect_stderr") {
    write(call, Content::unknown);
    use_.in_pieces = true;
    use_.escapes = use_.escapes || api.starts_with("subprocess.Popen");
    return true;
  }
  if (is_parser(api) || api == "csv.reader" || api == "csv.DictReader") {
    use_.reads = true;
    return true;
  }
  return is_harmless(api);
}

}  // namespace untorn::languages
