// SPDX-License-Identifier: Apache-2.0
//
// What happens to a file handle inside the `with` statement that opened it.
#pragma once
#include <string>

#include "languages/facts.h"
#include "languages/syntax.h"

namespace untorn::languages {

struct HandleUses {
  // How far the uses allow an atomic write: safe for one write of one value, as the last thing that
  // the block does.
  RewriteGrade grade = RewriteGrade::safe;
  std::string reason;  // why it is not safe

  // Keeps the worst grade and its first reason.
  void lower(RewriteGrade to, std::string why);
};

// `statement` is the `with` statement whose item binds the handle to the identifier `target`;
// `path` is the expression that was opened.
[[nodiscard]] HandleUses judge_handle_uses(const SyntaxTree& tree, NodeId statement, NodeId target,
                                           NodeId path);

}  // namespace untorn::languages
