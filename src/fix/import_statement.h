// SPDX-License-Identifier: Apache-2.0
//
// The one import that an edited Python file needs.
//
// An import of the same module at the module's own level is extended; otherwise a line is added
// where languages::find_import_place says. A name that the file uses for something else is imported
// under another.
//
// Threads: functions of their arguments alone.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "languages/python/rewrite.h"
#include "languages/syntax.h"

namespace untorn::fix {

struct ImportPlan {
  std::vector<languages::Edit> edits;         // none: all is imported already
  std::map<std::string, std::string> locals;  // "atomic_open" → what the file calls it
};

// `from MODULE import NAME, …`, run before the statement at `before`.
[[nodiscard]] ImportPlan plan_from_import(const languages::SyntaxTree& tree,
                                          std::string_view module,
                                          const std::vector<std::string>& names,
                                          std::uint32_t before);

// `import MODULE`; locals has MODULE itself.
[[nodiscard]] ImportPlan plan_module_import(const languages::SyntaxTree& tree,
                                            const std::string& module, std::uint32_t before);

}  // namespace untorn::fix
