// SPDX-License-Identifier: Apache-2.0
#include "languages/python/rewrite.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "languages/python/call_arguments.h"
#include "languages/python/grammar.h"
#include "languages/python/handle_uses.h"

namespace untorn::languages {
namespace {

constexpr std::string_view receiver_unknown =
    "what it is called on may be something else than a pathlib.Path";
constexpr std::string_view target_unknown =
    "the target may be a device or FIFO, which is then written in place as before";

// The parameters of what is called, in their order; a call that passes more is not understood.
constexpr std::array<std::string_view, 4> write_text_parameters = {"data", "encoding", "errors",
                                                                   "newline"};
constexpr std::array<std::string_view, 1> write_bytes_parameters = {"data"};
constexpr std::array<std::string_view, 6> open_parameters = {"file",     "mode",   "buffering",
                                                             "encoding", "errors", "newline"};

std::span<const std::string_view> parameters_of(RewriteShape shape) {
  switch (shape) {
    case RewriteShape::write_text:
      return write_text_parameters;
    case RewriteShape::write_bytes:
      return write_bytes_parameters;
    case RewriteShape::open_call:
      return open_parameters;
    case RewriteShape::path_open:
      return std::span(open_parameters).subspan(1);
    case RewriteShape::none:
      break;
  }
  return {};
}

RewriteShape shape_of(std::string_view api) {
  if (api == "open" || api == "io.open") return RewriteShape::open_call;
  if (api == "pathlib.Path.open") return RewriteShape::path_open;
  if (api == "pathlib.Path.write_text") return RewriteShape::write_text;
  if (api == "pathlib.Path.write_bytes") return RewriteShape::write_bytes;
  return RewriteShape::none;
}

class Grader {
 public:
  Grader(const SyntaxTree& tree, NodeId call, const RewriteQuestion& question)
      : tree_(tree), call_(call), question_(question), arguments_(call_arguments(tree, call)) {}

  Rewrite grade() {
    rewrite_.shape = shape_of(question_.api);
    if (rewrite_.shape == RewriteShape::none) return refuse("nothing can take its place");
    rewrite_.grade = RewriteGrade::safe;
    if (!find_parts()) return refuse("it is not called in the usual form");
    judge_arguments();
    if (rewrite_.shape == RewriteShape::write_text || rewrite_.shape == RewriteShape::write_bytes) {
      judge_result();
    } else {
      judge_mode();
      if (rewrite_.grade >= RewriteGrade::unsafe) judge_with();
    }
    judge_target();
    return std::move(rewrite_);
  }

 private:
  Rewrite refuse(std::string reason) {
    rewrite_.grade = RewriteGrade::none;
    rewrite_.reason = std::move(reason);
    return std::move(rewrite_);
  }

  void lower(RewriteGrade to, std::string_view why) {
    if (to >= rewrite_.grade) return;
    rewrite_.grade = to;
    rewrite_.reason = why;
  }

  bool find_parts() {
    if (tree_.kind(call_) != grammar_.call) return false;
    const NodeId function = tree_.child(call_, grammar_.function);
    const NodeId list = tree_.child(call_, grammar_.arguments);
    if (function == NodeId::none || list == NodeId::none || !arguments_.is_list) return false;
    rewrite_.call = tree_.span(call_);
    rewrite_.callee = tree_.span(function);
    rewrite_.arguments = tree_.span(list);
    if (rewrite_.shape == RewriteShape::open_call) return true;
    if (tree_.kind(function) != grammar_.attribute) return false;
    receiver_ = tree_.child(function, grammar_.object);
    rewrite_.receiver = tree_.span(receiver_);
    return true;
  }

  void judge_arguments() {
    const std::span<const std::string_view> known = parameters_of(rewrite_.shape);
    if (arguments_.all.empty()) lower(RewriteGrade::none, "the call has no arguments");
    if (arguments_.any_starred()) {
      // With the path or the mode inside a star, nothing is known of the call.
      lower(RewriteGrade::unsafe, "arguments are passed with * or **");
    }
    if (arguments_.positional_count() > known.size()) {
      lower(RewriteGrade::display, "it is called with more arguments than are known");
    }
    for (const CallArgument& each : arguments_.all) {
      if (each.name.empty()) continue;
      if (std::find(known.begin(), known.end(), each.name) == known.end()) {
        lower(RewriteGrade::display,
              "the argument " + std::string(each.name) + " is not supported");
      }
    }
    if (tree_.kind(tree_.parent(call_)) == grammar_.await) {
      lower(RewriteGrade::display, "it is awaited");
    }
    // Its quotation marks could end the string, before Python 3.12.
    if (tree_.ancestor(call_, grammar_.interpolation) != NodeId::none) {
      lower(RewriteGrade::display, "it stands inside of a string");
    }
  }

  void judge_result() {
    if (arguments_.find(0, "data") == nullptr) lower(RewriteGrade::display, "no content is passed");
    if (tree_.kind(tree_.parent(call_)) != grammar_.expression_statement) {
      lower(RewriteGrade::unsafe, "its result is used");
    }
  }

  void judge_mode() {
    const bool is_method = rewrite_.shape == RewriteShape::path_open;
    const CallArgument* mode = arguments_.find(is_method ? 0 : 1, "mode");
    std::optional<std::string> text;
    if (mode != nullptr) text = plain_string(tree_, mode->value);
    if (!text && question_.mode) {
      text = std::string(*question_.mode);
      lower(RewriteGrade::unsafe, "the mode is not written in the call");
    }
    if (!text || mode == nullptr) {
      lower(RewriteGrade::display, "the mode is not known here");
      return;
    }
    judge_mode_letters(*text);
    const CallArgument* buffering = arguments_.find(is_method ? 1 : 2, "buffering");
    if (buffering != nullptr && tree_.text(buffering->value) != "-1") {
      lower(RewriteGrade::unsafe, "it has a buffering of its own, as if others read along");
    }
  }

  void judge_mode_letters(std::string_view mode) {
    if (mode.find('+') != std::string_view::npos) {
      lower(RewriteGrade::display, "the file is written in place");
    } else if (mode.find('a') != std::string_view::npos) {
      lower(RewriteGrade::display, "it appends: a replacement would copy the whole file each time");
    } else if (mode.find('x') != std::string_view::npos) {
      lower(RewriteGrade::display, "it makes a new file and must fail if there is one");
    } else if (mode.find_first_not_of("wtb") != std::string_view::npos ||
               mode.find('w') == std::string_view::npos) {
      lower(RewriteGrade::none, "it does not open for writing");
    }
  }

  // with CALL as NAME: the block is the one time in which the handle may be used.
  void judge_with() {
    const NodeId pattern = tree_.parent(call_);
    if (tree_.kind(pattern) == grammar_.with_item) {
      lower(RewriteGrade::none, "nothing is written");
      return;
    }
    NodeId statement = NodeId::none;
    if (tree_.kind(pattern) == grammar_.as_pattern && tree_.first_child(pattern) == call_) {
      statement = tree_.parent(pattern);
      while (statement != NodeId::none && tree_.kind(statement) != grammar_.with_statement) {
        const KindId kind = tree_.kind(statement);
        const bool is_part = kind == grammar_.with_item || kind == grammar_.with_clause ||
                             kind == grammar_.tuple || kind == grammar_.parenthesized_expression;
        statement = is_part ? tree_.parent(statement) : NodeId::none;
      }
    }
    if (statement == NodeId::none) {
      lower(RewriteGrade::display, "it is not opened by a with statement");
      return;
    }
    const NodeId alias = tree_.child(pattern, grammar_.alias);
    const NodeId target = alias == NodeId::none ? NodeId::none : tree_.first_child(alias);
    if (target == NodeId::none || tree_.kind(target) != grammar_.identifier) {
      lower(RewriteGrade::display, "the handle is kept outside of the with block");
      return;
    }
    if (tree_.text(statement).starts_with("async")) {
      lower(RewriteGrade::display, "it is an asynchronous with statement");
      return;
    }
    judge_uses(statement, target);
  }

  void judge_uses(NodeId statement, NodeId target) {
    const CallArgument* file = arguments_.find(0, "file");
    const NodeId path = rewrite_.shape == RewriteShape::path_open ? receiver_
                        : file != nullptr                         ? file->value
                                                                  : call_;
    HandleUses uses = judge_handle_uses(tree_, statement, target, path);
    lower(uses.grade, uses.reason);
    const std::string_view name = tree_.text(path);
    for (NodeId node = statement; node < call_;
         node = NodeId{static_cast<std::uint32_t>(node) + 1}) {
      if (tree_.end_of(node) <= call_ && tree_.kind(node) == tree_.kind(path) &&
          tree_.text(node) == name) {
        lower(RewriteGrade::unsafe, "the path is opened twice by one with statement");
      }
    }
  }

  void judge_target() {
    const PathFacts& target = question_.target;
    if (target.is_special) lower(RewriteGrade::none, "the target is not a file");
    if (target.is_descriptor) lower(RewriteGrade::none, "the target is a descriptor");
    if (receiver_ != NodeId::none) {
      const std::string_view receiver = tree_.text(receiver_);
      if (receiver == "self" || receiver == "cls" || receiver.starts_with("super(")) {
        lower(RewriteGrade::display, "it is a method of the class itself");
      }
      if (receiver == "Path" || receiver.ends_with(".Path")) {
        lower(RewriteGrade::display, "it is called through the class");
      }
      if (!target.certainly_path_object) lower(RewriteGrade::unsafe, receiver_unknown);
    }
    if (!target.certainly_regular) lower(RewriteGrade::unsafe, target_unknown);
  }

  const Grammar& grammar_ = Grammar::get();
  const SyntaxTree& tree_;
  NodeId call_;
  const RewriteQuestion& question_;
  CallArguments arguments_;
  Rewrite rewrite_;
  NodeId receiver_ = NodeId::none;
};

// Edits of one call, added in the order of the text.
class CallEditor {
 public:
  CallEditor(const SyntaxTree& tree, NodeId call, const Rewrite& rewrite, const RewriteNames& names)
      : tree_(tree),
        call_(call),
        rewrite_(rewrite),
        names_(names),
        arguments_(call_arguments(tree, call)) {}

  bool edit(std::vector<Edit>& edits) {
    if (!arguments_.is_list || arguments_.all.empty()) return false;
    if (rewrite_.shape == RewriteShape::open_call) {
      replace(rewrite_.callee, names_.open);
    } else if (!replace_method()) {
      return false;
    }
    if (rewrite_.shape == RewriteShape::open_call) rename_argument("file", names_.path_parameter);
    if (rewrite_.shape == RewriteShape::write_text) rename_argument("data", names_.text_parameter);
    const std::uint32_t end = tree_.span(arguments_.all.back().node).end;
    replace({end, end}, added_arguments());
    edits.insert(edits.end(), edits_.begin(), edits_.end());
    return true;
  }

 private:
  void replace(Span span, std::string text) {
    edits_.push_back({.span = span, .text = std::move(text)});
  }

  // RECEIVER.method(  becomes  function(RECEIVER, ; what lies between receiver and dot stays.
  bool replace_method() {
    const NodeId function = tree_.child(call_, Grammar::get().function);
    const NodeId name = tree_.child(function, Grammar::get().attribute_name);
    if (name == NodeId::none) return false;
    const Span after_dot = tree_.span(name);
    std::uint32_t dot = rewrite_.receiver.end;
    for (const std::string_view source = tree_.source(); source[dot] != '.'; ++dot) {
      if (source[dot] != '#') continue;
      while (dot < after_dot.begin && source[dot] != '\n') ++dot;
      if (dot >= after_dot.begin) return false;
    }
    const std::uint32_t inside = rewrite_.arguments.begin + 1;
    if (has_comment({dot, after_dot.begin}) || has_comment({after_dot.end, inside})) return false;
    replace({rewrite_.call.begin, rewrite_.call.begin}, function_name() + "(");
    const char next = tree_.source()[inside];
    replace({dot, inside}, next == '\n' || next == '\r' ? "," : ", ");
    return true;
  }

  [[nodiscard]] bool has_comment(Span span) const {
    return tree_.text(span).find('#') != std::string_view::npos;
  }

  [[nodiscard]] const std::string& function_name() const {
    if (rewrite_.shape == RewriteShape::write_text) return names_.write_text;
    if (rewrite_.shape == RewriteShape::write_bytes) return names_.write_bytes;
    return names_.open;
  }

  void rename_argument(std::string_view from, std::string_view to) {
    for (const CallArgument& each : arguments_.all) {
      if (each.name == from && from != to) replace(tree_.span(each.name_node), std::string(to));
    }
  }

  [[nodiscard]] std::string added_arguments() const {
    std::string text;
    if (names_.default_encoding_is_utf8 && rewrite_.shape == RewriteShape::write_text &&
        arguments_.find(1, "encoding") == nullptr && !arguments_.any_starred()) {
      text += ", encoding=None";
    }
    text += ", durability=\"" + names_.durability + "\"";
    if (!names_.further_arguments.empty()) text += ", " + names_.further_arguments;
    return text;
  }

  const SyntaxTree& tree_;
  NodeId call_;
  const Rewrite& rewrite_;
  const RewriteNames& names_;
  CallArguments arguments_;
  std::vector<Edit> edits_;
};

}  // namespace

Rewrite describe_rewrite(const SyntaxTree& tree, NodeId call, const RewriteQuestion& question) {
  return Grader(tree, call, question).grade();
}

bool edit_call(const SyntaxTree& tree, const Rewrite& rewrite, const RewriteNames& names,
               std::vector<Edit>& edits) {
  NodeId call = tree.find(rewrite.call);
  // `find` answers the outermost of several nodes with one span; an expression statement has that
  // of its call.
  while (call != NodeId::none && tree.kind(call) != Grammar::get().call &&
         tree.first_child(call) != NodeId::none &&
         tree.span(tree.first_child(call)) == rewrite.call) {
    call = tree.first_child(call);
  }
  if (call == NodeId::none || tree.kind(call) != Grammar::get().call) return false;
  return CallEditor(tree, call, rewrite, names).edit(edits);
}

}  // namespace untorn::languages
