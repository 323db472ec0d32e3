// SPDX-License-Identifier: Apache-2.0
//
// What a function does to a file that it opened: everything that happens to the open file, through
// all names that it gets in this function, until the name is bound anew.
//
//   HandleTracker tracker(evaluator);
//   HandleUse use = tracker.track(open_call);
//
// Order is the order of the text. A handle that is returned, kept in an object, or passed to code
// that is not known escapes: what happens to it later is not seen.
//
// Threads: not to be shared.
#pragma once
#include <string_view>
#include <vector>

#include "languages/facts.h"
#include "languages/python/evaluator.h"

namespace untorn::languages {

struct HandleUse {
  std::uint32_t writes = 0;
  bool in_pieces = false;  // several writes, or one that repeats
  Content content = Content::nothing;
  bool is_synced = false;  // after the last write
  bool locks = false;
  bool escapes = false;
  bool truncates = false;
  bool reads = false;
};

// What the value of an expression would be as the content of a file: json of json.dumps(x).
[[nodiscard]] Content content_of(Evaluator& evaluator, NodeId expression);

class HandleTracker {
 public:
  explicit HandleTracker(Evaluator& evaluator)
      : evaluator_(evaluator),
        module_(evaluator.module()),
        tree_(module_.tree()),
        grammar_(Grammar::get()) {}

  // `producer` is the call that gives the file, its descriptor, or (descriptor, path).
  [[nodiscard]] HandleUse track(NodeId producer);

 private:
  void follow(NodeId handle);
  void follow_name(NodeId name);
  void follow_attribute(NodeId target);
  void follow_target(NodeId target, std::int32_t element);
  void use_method(NodeId attribute);
  void use_argument(NodeId argument, NodeId call);
  bool use_api_argument(NodeId argument, NodeId call, std::string_view api);
  void write(NodeId at, Content content);
  void sync(NodeId at);
  [[nodiscard]] bool reaches(NodeId name, NodeId use) const;
  [[nodiscard]] bool repeats(NodeId at) const;

  Evaluator& evaluator_;
  const Module& module_;
  const SyntaxTree& tree_;
  const Grammar& grammar_;
  HandleUse use_;
  NodeId opened_ = NodeId::none;
  NodeId last_write_ = NodeId::none;
  NodeId last_sync_ = NodeId::none;
  struct Open {
    NodeId handle;
    bool is_writer;  // a csv.writer or a Pickler around it
    Content content;
  };
  std::vector<Open> open_;
  std::vector<NodeId> seen_;
  bool is_writer_ = false;
  bool is_kept_ = false;  // in an attribute
  Content writer_content_ = Content::unknown;
};

}  // namespace untorn::languages
