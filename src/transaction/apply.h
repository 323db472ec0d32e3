// SPDX-License-Identifier: Apache-2.0
//
// Carrying out committed operations: the same for commit() and for a recovery, so that every
// recovery runs code that every commit runs.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "transaction/files.h"
#include "transaction/operation.h"
#include "transaction/tree.h"

namespace untorn::transaction {

struct Applied {
  std::uint64_t applied = 0;         // operations carried out
  std::uint64_t already = 0;         // found carried out
  std::vector<std::string> kept;     // paths of content that could not be put in place
  std::vector<std::string> changed;  // targets that another program had changed
  // Temporaries that are not where they were: their targets were removed or moved after they had
  // been put in place, or their directories were moved before.
  std::vector<std::string> missing;
};

// Carries out what is not yet carried out, in order, and makes all of it durable. An error leaves
// the rest undone: the same call goes on from there.
[[nodiscard]] Result<Applied> apply(Tree& tree, const Operations& operations, Look look);

}  // namespace untorn::transaction
