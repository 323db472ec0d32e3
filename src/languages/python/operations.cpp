// SPDX-License-Identifier: Apache-2.0
#include "languages/python/operations.h"

#include <algorithm>
#include <array>

#include "languages/python/rewrite.h"
#include "languages/python/text.h"

namespace untorn::languages {
namespace {

std::optional<OperationKind> kind_of_mode(std::string_view mode) {
  if (mode.empty() || mode.size() > 8) return std::nullopt;
  const std::string_view plain = mode.substr(0, mode.find_first_of(":|"));  // tarfile: "w:gz"
  if (plain.find_first_not_of("rwaxbtU+") != std::string_view::npos) return std::nullopt;
  const auto has = [&](char letter) { return plain.find(letter) != std::string_view::npos; };
  if (has('x')) return OperationKind::create_exclusively;
  if (has('a')) return OperationKind::append;
  if (has('w')) return OperationKind::create;
  return has('+') ? OperationKind::update : OperationKind::read;
}

// The worst first.
int rank(OperationKind kind) {
  constexpr std::array<OperationKind, 5> worst_first = {
      OperationKind::create, OperationKind::update, OperationKind::append,
      OperationKind::create_exclusively, OperationKind::read};
  return static_cast<int>(std::find(worst_first.begin(), worst_first.end(), kind) -
                          worst_first.begin());
}

}  // namespace

Operation OperationReader::operation_at(NodeId call, OperationKind kind, std::string api) {
  Operation operation;
  const Span span = tree_.span(call);
  operation.kind = kind;
  operation.range = {span, tree_.position(span.begin), tree_.position(span.end)};
  operation.api = std::move(api);
  operation.function = module_.function_of(call);
  operation.block = static_cast<std::uint32_t>(module_.block_of(call));
  operation.in_loop = module_.in_loop(call);
  return operation;
}

void OperationReader::set_target(NodeId expression, Operation& operation) {
  operation.target = evaluator_.facts(expression);
  if (!operation.target.certainly_regular && !operation.target.is_special) {
    operation.target.certainly_regular = is_guarded(expression, operation.target);
  }
}

// `if path.is_file():` or `if os.path.isfile(path):` around it.
bool OperationReader::is_guarded(NodeId expression, const PathFacts& target) {
  constexpr int blocks_limit = 12;
  if (expression == NodeId::none || target.key.empty()) return false;
  BlockId block = module_.block_of(expression);
  for (int steps = 0; block != BlockId::module && block != BlockId::none && steps < blocks_limit;
       ++steps, block = module_.block(block).parent) {
    const NodeId node = module_.block(block).node;
    const NodeId statement = tree_.parent(node);
    if (statement == NodeId::none || tree_.field(node) != grammar_.consequence) continue;
    const NodeId condition = evaluator_.bare(tree_.child(statement, grammar_.condition));
    if (condition == NodeId::none || tree_.kind(condition) != grammar_.call) continue;
    const NodeId called = tree_.child(condition, grammar_.function);
    if (tree_.kind(called) == grammar_.attribute &&
        tree_.text(tree_.child(called, grammar_.attribute_name)) == "is_file") {
      if (evaluator_.value(tree_.child(called, grammar_.object)).key == target.key) return true;
    }
    if (evaluator_.dotted(called) == "os.path.isfile") {
      const CallArguments arguments = call_arguments(tree_, condition);
      const CallArgument* const path = arguments.find(0, "path");
      if (path != nullptr && evaluator_.value(path->value).key == target.key) return true;
    }
  }
  return false;
}

bool OperationReader::set_mode(NodeId mode, std::string_view standard, Operation& operation) {
  mode_ = standard;
  if (mode == NodeId::none) {
    operation.kind = *kind_of_mode(standard);
    return true;
  }
  const Constants constants = evaluator_.constants(mode);
  std::optional<OperationKind> worst;
  for (const std::string& text : constants.texts) {
    const std::optional<OperationKind> kind = kind_of_mode(text);
    if (!kind) return false;
    if (!worst || rank(*kind) < rank(*worst)) {
      worst = kind;
      mode_ = text;
    }
  }
  operation.mode_parameter = constants.parameter;
  if (!worst && constants.parameter < 0) return false;
  operation.kind = worst.value_or(OperationKind::read);
  if (constants.texts.size() != 1 || constants.parameter >= 0) mode_.clear();
  return true;
}

void OperationReader::set_handle(NodeId producer, Operation& operation) {
  const HandleUse use = tracker_.track(producer);
  operation.escapes = use.escapes;
  operation.synced = use.is_synced;
  operation.written_in_pieces = use.in_pieces;
  operation.only_locks = use.locks && use.writes == 0 && !use.escapes;
  if (operation.kind == OperationKind::read) {
    if (use.writes > 0 && operation.content == Content::unknown) operation.content = use.content;
    return;
  }
  operation.writes_nothing =
      use.writes == 0 && (!use.escapes || operation.kind == OperationKind::update);
  if (use.writes > 0 && operation.content == Content::unknown) {
    operation.content = use.content;
    const bool is_bytes = mode_.find('b') != std::string::npos;
    if (use.content == Content::unknown && !mode_.empty() && !use.escapes) {
      operation.content = is_bytes ? Content::bytes : Content::text;
    }
  }
  if (operation.writes_nothing) operation.content = Content::nothing;
}

void OperationReader::set_content(NodeId expression, Operation& operation) {
  const Content content = content_of(evaluator_, expression);
  if (content != Content::unknown) operation.content = content;
}

void OperationReader::set_rewrite(NodeId call, Operation& operation) {
  if (operation.kind == OperationKind::read && operation.mode_parameter < 0) return;
  RewriteQuestion question{.api = operation.api, .target = operation.target};
  if (!mode_.empty()) question.mode = mode_;
  operation.rewrite = describe_rewrite(tree_, call, question);
}

bool OperationReader::is_empty_literal(NodeId expression) const {
  const std::optional<Literal> literal = read_literal(tree_, evaluator_.bare(expression));
  return literal && literal->text.empty();
}

bool OperationReader::names_file(const Value& value) const {
  if (value.type == Type::path) return true;
  if (value.type == Type::none || value.type == Type::other || value.type == Type::instance ||
      value.type == Type::handle || value.type == Type::bytes || value.type == Type::number) {
    return false;
  }
  const std::string_view last = last_component(value.shape);
  if (!known_extension(last).empty() || value.shape.find('/') != std::string::npos) return true;
  static constexpr std::array<std::string_view, 9> words = {
      "path", "file", "filename", "filepath", "fname", "dir", "directory", "folder", "outfile"};
  return std::any_of(value.words.begin(), value.words.end(), [&](const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  });
}

void OperationReader::read(NodeId call, std::vector<Operation>& operations) {
  const NodeId called = evaluator_.bare(tree_.child(call, grammar_.function));
  if (called == NodeId::none) return;
  const KindId kind = tree_.kind(called);
  if (kind != grammar_.identifier && kind != grammar_.attribute) return;
  std::optional<Operation> operation;
  const std::string name = evaluator_.dotted(called);
  if (const Api* const api = name.empty() ? nullptr : find_api(name)) {
    operation = read_api(call, *api);
  } else if (name == "os.fsync") {
    operation = read_directory_sync(call);
  } else if (name == "fileinput.input" || name == "fileinput.FileInput") {
    operation = read_fileinput(call, call_arguments(tree_, call));
  } else if (name.empty() && kind == grammar_.attribute) {
    operation = read_method(call);
  }
  if (operation) operations.push_back(std::move(*operation));
}

std::optional<Operation> OperationReader::read_api(NodeId call, const Api& api) {
  const CallArguments arguments = call_arguments(tree_, call);
  mode_.clear();
  switch (api.form) {
    case ApiForm::opens:
      return read_open(call, api, arguments);
    case ApiForm::opens_flags:
      return read_open_flags(call, arguments);
    case ApiForm::temporary:
      return read_temporary(call, api, arguments);
    case ApiForm::moves:
      return read_moving(call, api, arguments);
    case ApiForm::removes:
    case ApiForm::whole:
      return read_whole(call, api, arguments);
  }
  return std::nullopt;
}

std::optional<Operation> OperationReader::read_open(NodeId call, const Api& api,
                                                    const CallArguments& arguments) {
  const CallArgument* const file = arguments.find(api.target, api.target_name);
  if (file == nullptr || file->starred) return std::nullopt;
  Operation operation = operation_at(call, OperationKind::read, std::string(api.name));
  operation.content = api.content;
  const CallArgument* const mode = arguments.find(api.other, api.other_name);
  if (mode == nullptr ? arguments.any_starred() : mode->starred) return std::nullopt;
  if (!set_mode(mode == nullptr ? NodeId::none : mode->value, "r", operation)) return std::nullopt;
  const Value& value = evaluator_.value(file->value);
  // A file that is open already, text in memory, a descriptor: what os.open and mkstemp gave is
  // told there, and what else has a number is no file that we know.
  if (value.type == Type::handle || value.type == Type::instance ||
      value.type == Type::temporary_file || value.type == Type::number ||
      arguments.find(99, "closefd") != nullptr || has_private_opener(arguments)) {
    return std::nullopt;
  }
  if (value.type == Type::unknown && is_compared_with_minus_one(file->value)) return std::nullopt;
  if (api.content == Content::archive && is_unknown_context(file->value)) return std::nullopt;
  const CallArgument* const wrapped = arguments.find(api.name == "gzip.GzipFile"  ? 3
                                                     : api.name == "tarfile.open" ? 2
                                                                                  : 99,
                                                     "fileobj");
  if (wrapped != nullptr && tree_.kind(wrapped->value) != grammar_.none) return std::nullopt;
  set_target(file->value, operation);
  if (api.name == "os.fdopen") operation.target.is_descriptor = true;
  const Content content = operation.content;
  set_handle(call, operation);
  if (content != Content::unknown && !operation.writes_nothing) operation.content = content;
  if (api.content == Content::archive) operation.writes_nothing = false;
  if (api.name == "open" || api.name == "io.open") set_rewrite(call, operation);
  return operation;
}

// open(…, opener=function) of a function that makes a temporary, or a file that is not there yet.
bool OperationReader::has_private_opener(const CallArguments& arguments) {
  const CallArgument* const opener = arguments.find(7, "opener");
  if (opener == nullptr || opener->starred) return false;
  const Callee called = evaluator_.callee(opener->value);
  if (called.kind != Callee::Kind::local) return false;
  const std::string_view text = tree_.text(called.definition);
  return text.find("mkstemp") != std::string_view::npos ||
         text.find("O_EXCL") != std::string_view::npos ||
         text.find("O_TMPFILE") != std::string_view::npos;
}

// `if fd != -1`: a descriptor.
bool OperationReader::is_compared_with_minus_one(NodeId expression) const {
  constexpr int uses_limit = 40;
  expression = evaluator_.bare(expression);
  if (expression == NodeId::none || tree_.kind(expression) != grammar_.identifier) return false;
  int uses = 0;
  for (const NodeId use : module_.identifiers(tree_.text(expression))) {
    if (module_.function_of(use) != module_.function_of(expression)) continue;
    if (++uses > uses_limit) return false;
    const NodeId parent = tree_.parent(use);
    if (tree_.kind(parent) != grammar_.comparison_operator) continue;
    for (const NodeId part : tree_.children(parent)) {
      if (tree_.text(part) == "-1") return true;
    }
  }
  return false;
}

// What `with something() as file` gave: an open file rather than a name.
bool OperationReader::is_unknown_context(NodeId expression) {
  expression = evaluator_.bare(expression);
  if (expression == NodeId::none || tree_.kind(expression) != grammar_.identifier) return false;
  const Module::Reaching reaching = module_.reaching(expression);
  return !reaching.bindings.empty() && reaching.bindings.front()->kind == BindingKind::context &&
         evaluator_.value(expression).type == Type::unknown;
}

std::optional<Operation> OperationReader::read_temporary(NodeId call, const Api& api,
                                                         const CallArguments& arguments) {
  Operation operation =
      operation_at(call, OperationKind::create_exclusively, std::string(api.name));
  const CallArgument* const mode = arguments.find(api.other, api.other_name);
  mode_ = "w";
  if (mode != nullptr) {
    const Constants constants = evaluator_.constants(mode->value);
    if (constants.texts.size() == 1) mode_ = constants.texts.front();
  } else if (api.name == "tempfile.NamedTemporaryFile") {
    mode_ = "w+b";
  }
  operation.target = evaluator_.facts(call);
  set_handle(call, operation);
  return operation;
}

std::optional<Operation> OperationReader::read_moving(NodeId call, const Api& api,
                                                      const CallArguments& arguments) {
  const CallArgument* const source = arguments.find(api.other, api.other_name);
  const CallArgument* const target = arguments.find(api.target, api.target_name);
  if (source == nullptr || target == nullptr || source->starred || target->starred) {
    return std::nullopt;
  }
  Operation operation = operation_at(call, api.kind, std::string(api.name));
  operation.source = evaluator_.facts(source->value);
  set_target(target->value, operation);
  return operation;
}

std::optional<Operation> OperationReader::read_whole(NodeId call, const Api& api,
                                                     const CallArguments& arguments) {
  const CallArgument* const target = arguments.find(api.target, api.target_name);
  if (target == nullptr || target->starred) return std::nullopt;
  if (api.needs_path && !names_file(evaluator_.value(target->value))) return std::nullopt;
  Operation operation = operation_at(call, api.kind, std::string(api.name));
  operation.content = api.content;
  set_target(target->value, operation);
  return operation;
}

// fileinput.input(path, inplace=True): the file is moved away and written anew.
std::optional<Operation> OperationReader::read_fileinput(NodeId call,
                                                         const CallArguments& arguments) {
  const CallArgument* const in_place = arguments.find(1, "inplace");
  const CallArgument* const files = arguments.find(0, "files");
  if (in_place == nullptr || files == nullptr || in_place->starred || files->starred) {
    return std::nullopt;
  }
  const KindId kind = tree_.kind(in_place->value);
  const bool is_set = kind == grammar_.true_literal || tree_.text(in_place->value) == "1";
  if (!is_set) return std::nullopt;
  Operation operation = operation_at(call, OperationKind::update, "fileinput.input");
  operation.content = Content::text;
  operation.written_in_pieces = true;
  set_target(files->value, operation);
  return operation;
}

void OperationReader::finish(std::vector<Operation>& operations) const {
  constexpr std::size_t distance_limit = 64;
  for (std::size_t at = 0; at < operations.size(); ++at) {
    Operation& later = operations[at];
    const std::size_t first = at > distance_limit ? at - distance_limit : 0;
    if (later.kind == OperationKind::read && later.synced && !later.target.key.empty()) {
      for (std::size_t before = at; before-- > first;) {
        Operation& earlier = operations[before];
        if (earlier.function != later.function || earlier.target.key != later.target.key) continue;
        earlier.synced = true;
        break;
      }
    }
    if (later.kind == OperationKind::update && !later.target.key.empty()) {
      for (std::size_t before = at; before-- > first;) {  // opened again after it was made
        const Operation& earlier = operations[before];
        if (earlier.function == later.function && earlier.target.key == later.target.key &&
            earlier.kind == OperationKind::create_exclusively) {
          later.kind = OperationKind::create_exclusively;
          break;
        }
      }
    }
    if (later.kind != OperationKind::rename && later.kind != OperationKind::move) continue;
    for (std::size_t before = at; before-- > first;) {
      const Operation& earlier = operations[before];
      if (earlier.function != later.function || later.target.key.empty()) break;
      if (earlier.kind == OperationKind::unlink && earlier.target.key == later.target.key) {
        later.unlinked_target_before = true;
      }
    }
  }
}

}  // namespace untorn::languages
