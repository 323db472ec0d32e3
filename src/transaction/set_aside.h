// SPDX-License-Identifier: Apache-2.0
//
// Intents that lie in a `.untorn`, under whatever name: what they name was committed, here or in
// the tree that this one is a copy of, and is never removed as left over.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "transaction/tree.h"

namespace untorn::transaction {

class KnownIntents {
 public:
  [[nodiscard]] static SystemResult<KnownIntents> read(FileSystem& fs, Handle folder);

  // May one of them name this temporary? Also if one cannot be read, or not to its end. Names are
  // random, so that the same name is the same temporary or its copy.
  [[nodiscard]] bool may_name(std::string_view staged_name) const;

 private:
  bool unreadable_ = false;
  std::vector<std::string> texts_;
};

// Names of intents that recoveries set aside.
[[nodiscard]] Result<std::vector<std::string>> intents_set_aside(Tree& tree);
// Gives the intent the first free name `transaction<infix><number>`, durably, and returns it.
[[nodiscard]] Result<std::string> set_intent_aside(Tree& tree, std::string_view infix);

}  // namespace untorn::transaction
