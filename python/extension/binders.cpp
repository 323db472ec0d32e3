// SPDX-License-Identifier: Apache-2.0
#include "binders.h"

#include <array>
#include <utility>

namespace untorn::python {
namespace {

template <class T>
using Named = std::pair<std::string_view, T>;

constexpr std::array makers = {
    Named<Maker>("Batch", make_batch),
    Named<Maker>("Document", make_document),
    Named<Maker>("Transaction", make_transaction),
    Named<Maker>("TreeLock", make_tree_lock),
    Named<Maker>("LineLog", make_line_log),
    Named<Maker>("Registry", make_registry),
    Named<Maker>("StateManager", make_state_manager),
    Named<Maker>("PatternStore", make_pattern_store),
    Named<Maker>("ToolRegistry", make_tool_registry),
    Named<Maker>("RoleRegistry", make_role_registry),
    Named<Maker>("PatchManager", make_patch_manager),
    Named<Maker>("CodeFiles", make_code_files),
    Named<Maker>("LineFixer", make_line_fixer),
    Named<Maker>("PhaseFiles", make_phase_files),
};

constexpr std::array functions = {
    Named<Function>("etag", run_etag),
    Named<Function>("read_version", run_read_version),
    Named<Function>("recover_in_place", run_recover_in_place),
    Named<Function>("recover", run_recover),
    Named<Function>("doctor", run_doctor),
    Named<Function>("sweep", run_sweep),
    Named<Function>("similarity", run_similarity),
    Named<Function>("confidence", run_confidence),
    Named<Function>("signature", run_signature),
    Named<Function>("line_fixes", run_line_fixes),
};

template <class Table>
auto find_in(const Table& table, std::string_view name) {
  for (const auto& [known, entry] : table) {
    if (known == name) return entry;
  }
  return decltype(table.front().second)(nullptr);
}

}  // namespace

Maker find_maker(std::string_view name) {
  return find_in(makers, name);
}

Function find_function(std::string_view name) {
  return find_in(functions, name);
}

}  // namespace untorn::python
