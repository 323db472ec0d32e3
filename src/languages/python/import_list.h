// SPDX-License-Identifier: Apache-2.0
//
// The import statements of a Python file, and how the file seems to be started.
//
// Threads: functions of their arguments alone.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "languages/syntax.h"

namespace untorn::languages {

struct ImportedName {
  std::string name;   // "a.b" of `import a.b`, "b" of `from a import b`
  std::string alias;  // of `as`; empty: none
  Span span;
};

struct ImportStatement {
  Span span;
  bool is_from = false;
  std::uint32_t level = 0;  // leading dots: 2 for `from ..a import b`
  std::string module;       // "a.b" of `from a.b import c`; empty for `from . import c`
  std::vector<ImportedName> names;
  bool is_star = false;
  bool is_top_level = false;  // a statement of the module itself, run whenever it is imported
};

// In the order of the text, those inside functions and `try` included.
[[nodiscard]] std::vector<ImportStatement> list_imports(const SyntaxTree& tree);

// It has a `#!` line, or asks whether it is `__main__`.
[[nodiscard]] bool may_be_run_directly(const SyntaxTree& tree);

// It has statements that Python 3 no longer knows: `print x`, `exec x`.
[[nodiscard]] bool is_python_2(const SyntaxTree& tree);

// Some identifier outside of `except` reads `name`.
[[nodiscard]] bool uses_name(const SyntaxTree& tree, std::string_view name, Span except = {});

// `source` must outlive the tree.
[[nodiscard]] SyntaxTree parse_python(std::string_view source);

}  // namespace untorn::languages
