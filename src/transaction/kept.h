// SPDX-License-Identifier: Apache-2.0
//
// For rooms that keep something of their own in `.untorn`, and change it together with files of the
// tree.
#pragma once
#include <string_view>

#include "untorn/transaction.h"

namespace untorn::transaction {

// From now on this transaction may also name `.untorn/<folder>` and what is below it. Directories
// that it makes on the way to a name there get mode 0700. Everything else in `.untorn` stays
// refused; what belongs to transactions themselves (the lock, intents) can never be named.
void may_change_kept(Transaction& change, std::string_view folder);

}  // namespace untorn::transaction
