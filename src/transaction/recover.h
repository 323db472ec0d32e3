// SPDX-License-Identifier: Apache-2.0
//
// What a crash interrupted, looked at and finished.
#pragma once
#include <string>
#include <vector>

#include "transaction/intent.h"
#include "transaction/tree.h"
#include "untorn/transaction.h"

namespace untorn::transaction {

// What lies in `.untorn` of a transaction that did not end.
struct Interrupted {
  enum class Kind : std::uint8_t {
    none,
    staged,     // before its commit point: temporaries, or what says where they are
    committed,  // an intent of this tree
    foreign,    // an intent of another tree, or a copy
    damaged,
    newer,
  };
  Kind kind = Kind::none;
  Intent intent;                    // of `committed` and `foreign`
  std::vector<std::string> staged;  // of `staged`: paths of the list
};

// Changes nothing.
[[nodiscard]] Result<Interrupted> find_interrupted(Tree& tree);
// Whether there is an intent at all: one call.
[[nodiscard]] Result<bool> has_intent(Tree& tree);

// Needs the exclusive lock. An intent that is damaged or newer is `refused`, and stays.
[[nodiscard]] Result<TransactionRecovery> recover(Tree& tree);

// The same, but a damaged intent is Code::corrupt and a newer one Code::unsupported: until a person
// decides, nothing can begin.
[[nodiscard]] Result<TransactionRecovery> recover_or_refuse(Tree& tree);

}  // namespace untorn::transaction
