// SPDX-License-Identifier: Apache-2.0
//
// From collected operations to files in place. Its invariants stand in commit.cpp.
#pragma once
#include "transaction/collect.h"
#include "transaction/tree.h"
#include "untorn/transaction.h"

namespace untorn::transaction {

// Needs the exclusive lock.
[[nodiscard]] Result<TransactionReceipt> commit(Tree& tree, Collection& collection);

// The end of a commit, and of its recovery: the intent goes, durably.
[[nodiscard]] Result<void> retire(Tree& tree);

}  // namespace untorn::transaction
