// SPDX-License-Identifier: Apache-2.0
//
// Where a Python file takes one more import.
//
//   ImportPlace place = find_import_place(tree);
//
// The line after the last import that stands at the head of the file, at the module's own level:
// never inside `if TYPE_CHECKING:` or `try:`, and before the first function or class. Without such
// an import: after the shebang, the coding line, a first comment that stands alone, the docstring
// and `from __future__`, in whichever order Python allows them.
//
// Threads: a function of its arguments alone.
#pragma once
#include <cstdint>
#include <limits>

#include "languages/facts.h"
#include "languages/syntax.h"

namespace untorn::languages {

// The offset is the begin of a line, or the end of the text. The import must have run before the
// statement at `before`: imports at or after it do not count.
[[nodiscard]] ImportPlace find_import_place(
    const SyntaxTree& tree, std::uint32_t before = std::numeric_limits<std::uint32_t>::max());

}  // namespace untorn::languages
