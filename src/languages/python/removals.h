// SPDX-License-Identifier: Apache-2.0
//
// Files that a function removes again itself, whatever happens: what it wrote was for its own use.
//
//   mark_removed(module, facts.operations);
//
// A removal counts if nothing but the writing decides whether it runs: it stands in the same block
// or in an enclosing one, or in a `finally`, a `with` or a `try` there, or below a test that the
// file exists. One in an `except`, or below any other test, is what happens when the write failed.
#pragma once
#include <vector>

#include "languages/facts.h"
#include "languages/python/module.h"

namespace untorn::languages {

// Sets Operation::removed_later of the writes of each function. `operations` are in the order of
// the text. Linear in their number.
void mark_removed(const Module& module, std::vector<Operation>& operations);

}  // namespace untorn::languages
