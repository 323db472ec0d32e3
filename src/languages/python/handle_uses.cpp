// SPDX-License-Identifier: Apache-2.0
#include "languages/python/handle_uses.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "languages/python/call_arguments.h"
#include "languages/python/grammar.h"

namespace untorn::languages {
namespace {

using Names = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view name, Names names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr NodeId next(NodeId node) {
  return NodeId{static_cast<std::uint32_t>(node) + 1};
}

// Words of an iterated expression behind which there may be a source that takes its time.
constexpr std::array<std::string_view, 9> stream_words = {
    "iter_content", "iter_lines", "stdin", "stdout", "stream", ".read", "recv", "iter(", "tail"};

class UsesJudge {
 public:
  UsesJudge(const SyntaxTree& tree, NodeId statement, NodeId target, NodeId path)
      : tree_(tree), statement_(statement), target_(target), path_(path) {}

  HandleUses judge() {
    const std::string_view name = tree_.text(target_);
    for (NodeId node = next(target_); node < tree_.end_of(statement_); node = next(node)) {
      judge_suspension(node);
      judge_path(node);
      if (tree_.kind(node) == grammar_.identifier && tree_.text(node) == name && is_value(node)) {
        judge_use(node);
      }
    }
    if (writes_ == 0 && uses_.grade >= RewriteGrade::unsafe) {
      uses_.lower(uses_.reason.empty() ? RewriteGrade::none : RewriteGrade::unsafe,
                  "nothing is written to the handle here");
    }
    if (writes_ > 1)
      uses_.lower(RewriteGrade::unsafe, "several writes become visible only together");
    if (writes_ == 1) judge_rest();
    return std::move(uses_);
  }

 private:
  // A name that stands for its value: not an attribute's or an argument's name.
  [[nodiscard]] bool is_value(NodeId node) const {
    const FieldId field = tree_.field(node);
    const KindId parent = tree_.kind(tree_.parent(node));
    return !(field == grammar_.attribute_name && parent == grammar_.attribute) &&
           !(field == grammar_.name && parent == grammar_.keyword_argument);
  }

  void judge_use(NodeId use) {
    if (is_in_other_function(use)) {
      uses_.lower(RewriteGrade::display, "the handle is used by a nested function");
      return;
    }
    const NodeId parent = tree_.parent(use);
    const KindId kind = tree_.kind(parent);
    if (kind == grammar_.attribute) {
      judge_attribute(use, parent);
    } else if (kind == grammar_.argument_list) {
      judge_argument(use, tree_.parent(parent), {});
    } else if (kind == grammar_.keyword_argument) {
      judge_argument(use, tree_.parent(tree_.parent(parent)),
                     tree_.text(tree_.child(parent, grammar_.name)));
    } else if (kind == grammar_.as_pattern_target || tree_.field(use) == grammar_.left) {
      uses_.lower(RewriteGrade::display, "the handle's name is bound again inside the block");
    } else {
      uses_.lower(RewriteGrade::display, "the handle leaves the with block");
    }
  }

  void judge_attribute(NodeId use, NodeId attribute) {
    const std::string_view name = tree_.text(tree_.child(attribute, grammar_.attribute_name));
    const NodeId call = tree_.parent(attribute);
    const bool called =
        tree_.kind(call) == grammar_.call && tree_.field(attribute) == grammar_.function;
    if (called && name == "write") {
      add_write(use, call);
    } else if (called && name == "writelines") {
      add_write(use, call);
      judge_lines(call);
    } else if (called && (name == "flush" || name == "close")) {
      uses_.lower(RewriteGrade::unsafe,
                  "after " + std::string(name) + "() the new content is not visible yet");
    } else if (called && name == "fileno" && is_argument_of_fsync(call)) {
      uses_.lower(RewriteGrade::unsafe, "the handle is synced by hand as well");
    } else {
      uses_.lower(RewriteGrade::display, "the handle is used for " + std::string(name));
    }
  }

  void judge_argument(NodeId use, NodeId call, std::string_view keyword) {
    if (tree_.kind(call) != grammar_.call) {
      uses_.lower(RewriteGrade::display, "the handle leaves the with block");
      return;
    }
    const std::string_view name = called_name(tree_, call);
    const std::string_view owner = owner_of(call);
    const bool dumps = is_one_of(name, {"dump", "safe_dump", "dump_all", "safe_dump_all"}) &&
                       owner != "self" && owner != "cls" && !is_first_argument(use, call);
    const bool prints = name == "print" && keyword == "file";
    if (is_one_of(keyword, {"stdout", "stderr", "stdin"})) {
      uses_.lower(RewriteGrade::display, "another process writes through the handle");
    } else if (dumps || prints) {
      add_write(use, call);
    } else if (owner == "csv" && is_one_of(name, {"writer", "DictWriter"})) {
      ++writes_;
      uses_.lower(RewriteGrade::unsafe, "rows that are written one by one become visible together");
    } else if (name == "copyfileobj") {
      ++writes_;
      uses_.lower(RewriteGrade::unsafe, "what is copied becomes visible only when all is there");
    } else if (owner == "os" && is_one_of(name, {"fsync", "fdatasync"})) {
      uses_.lower(RewriteGrade::unsafe, "the handle is synced by hand as well");
    } else if (is_one_of(name, {"flock", "lockf", "locking"})) {
      uses_.lower(RewriteGrade::display, "the handle is locked: the lock would be on another file");
    } else if (name == "write" && keyword.empty() && is_first_argument(use, call)) {
      ++writes_;  // configparser, ElementTree
      uses_.lower(RewriteGrade::unsafe,
                  "what " + std::string(owner) + ".write() does with the handle is not seen here");
    } else {
      uses_.lower(RewriteGrade::display, "the handle is passed to " +
                                             (name.empty() ? "a call" : std::string(name) + "()"));
    }
  }

  // One whole value, unless it is written again and again.
  void add_write(NodeId use, NodeId call) {
    ++writes_;
    write_ = call;
    for (NodeId node = tree_.parent(use); node != statement_; node = tree_.parent(node)) {
      const KindId kind = tree_.kind(node);
      if (kind == grammar_.while_statement) {
        uses_.lower(RewriteGrade::display,
                    "it is written piece by piece for as long as a loop runs");
      } else if (kind == grammar_.for_statement) {
        judge_loop(tree_.text(tree_.child(node, grammar_.right)));
      } else if (is_comprehension(kind)) {
        judge_loop(tree_.text(node));
      }
    }
  }

  void judge_loop(std::string_view iterated) {
    for (const std::string_view word : stream_words) {
      if (iterated.find(word) != std::string_view::npos) {
        uses_.lower(RewriteGrade::display, "a stream is written piece by piece");
        return;
      }
    }
    uses_.lower(RewriteGrade::unsafe, "pieces that a loop writes become visible only together");
  }

  void judge_lines(NodeId call) {
    const CallArguments arguments = call_arguments(tree_, call);
    const CallArgument* lines = arguments.find(0, "lines");
    const KindId kind = lines == nullptr ? KindId{0} : tree_.kind(lines->value);
    if (kind != grammar_.list && kind != grammar_.list_comprehension && kind != grammar_.tuple) {
      uses_.lower(RewriteGrade::unsafe, "lines that may come one by one become visible together");
    }
  }

  // A block that waits while the file is open lets others look at it.
  void judge_suspension(NodeId node) {
    const KindId kind = tree_.kind(node);
    if ((kind == grammar_.yield || kind == grammar_.await) && !is_in_other_function(node)) {
      uses_.lower(RewriteGrade::display, "the block is suspended while the file is open");
    }
  }

  // The program looks at the path while its content is half there.
  void judge_path(NodeId node) {
    if (tree_.kind(node) != tree_.kind(path_) || tree_.text(node) != tree_.text(path_)) return;
    for (NodeId each = tree_.parent(node); each != statement_; each = tree_.parent(each)) {
      if (tree_.kind(each) == grammar_.call && only_tells(each)) return;
    }
    uses_.lower(RewriteGrade::unsafe, "the path is used while the file is open");
  }

  // What follows the write inside the block: if it fails, the new content would be given up.
  void judge_rest() {
    if (write_ == NodeId::none) return;
    for (NodeId node = tree_.end_of(write_); node < tree_.end_of(statement_); node = next(node)) {
      const KindId kind = tree_.kind(node);
      if (kind == grammar_.raise_statement || (kind == grammar_.call && !only_tells(node))) {
        uses_.lower(RewriteGrade::unsafe,
                    "what follows the write inside the block may fail, and would discard it");
        return;
      }
    }
  }

  [[nodiscard]] bool only_tells(NodeId call) const {
    return is_one_of(called_name(tree_, call), {"print", "debug", "info", "warning", "error",
                                                "exception", "log", "echo", "len", "str"});
  }

  // `json` of json.dump(…); what is called on, when that is a name; else empty.
  [[nodiscard]] std::string_view owner_of(NodeId call) const {
    const NodeId function = tree_.child(call, grammar_.function);
    if (tree_.kind(function) != grammar_.attribute) return {};
    return tree_.text(tree_.child(function, grammar_.object));
  }

  [[nodiscard]] bool is_first_argument(NodeId use, NodeId call) const {
    const CallArguments arguments = call_arguments(tree_, call);
    return !arguments.all.empty() && arguments.all.front().node == use;
  }

  [[nodiscard]] bool is_argument_of_fsync(NodeId call) const {
    const NodeId list = tree_.parent(call);
    return tree_.kind(list) == grammar_.argument_list &&
           is_one_of(called_name(tree_, tree_.parent(list)), {"fsync", "fdatasync"});
  }

  [[nodiscard]] bool is_comprehension(KindId kind) const {
    return kind == grammar_.list_comprehension || kind == grammar_.set_comprehension ||
           kind == grammar_.dictionary_comprehension || kind == grammar_.generator_expression;
  }

  [[nodiscard]] bool is_in_other_function(NodeId node) const {
    for (NodeId each = tree_.parent(node); each != statement_; each = tree_.parent(each)) {
      const KindId kind = tree_.kind(each);
      if (kind == grammar_.function_definition || kind == grammar_.lambda ||
          kind == grammar_.class_definition) {
        return true;
      }
    }
    return false;
  }

  const Grammar& grammar_ = Grammar::get();
  const SyntaxTree& tree_;
  NodeId statement_;
  NodeId target_;
  NodeId path_;
  HandleUses uses_;
  unsigned writes_ = 0;
  NodeId write_ = NodeId::none;
};

}  // namespace

void HandleUses::lower(RewriteGrade to, std::string why) {
  if (to >= grade) return;
  grade = to;
  reason = std::move(why);
}

HandleUses judge_handle_uses(const SyntaxTree& tree, NodeId statement, NodeId target, NodeId path) {
  return UsesJudge(tree, statement, target, path).judge();
}

}  // namespace untorn::languages
