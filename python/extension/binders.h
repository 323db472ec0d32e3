// SPDX-License-Identifier: Apache-2.0
//
// The makers and functions of the bind_*.cpp, for the tables in binders.cpp.
#pragma once
#include <memory>

#include "bound.h"

namespace untorn::python {

[[nodiscard]] Result<std::unique_ptr<Bound>> make_batch(Call& call, const Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Bound>> make_document(Call& call, const Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Bound>> make_transaction(Call& call, const Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Bound>> make_tree_lock(Call& call, const Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Bound>> make_line_log(Call& call, const Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Bound>> make_registry(Call& call, const Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Bound>> make_state_manager(Call& call, const Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Bound>> make_pattern_store(Call& call, const Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Bound>> make_tool_registry(Call& call, const Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Bound>> make_role_registry(Call& call, const Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Bound>> make_patch_manager(Call& call, const Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Bound>> make_code_files(Call& call, const Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Bound>> make_line_fixer(Call& call, const Logger& logger);
[[nodiscard]] Result<std::unique_ptr<Bound>> make_phase_files(Call& call, const Logger& logger);

[[nodiscard]] Result<Reply> run_etag(Call& call);
[[nodiscard]] Result<Reply> run_read_version(Call& call);
[[nodiscard]] Result<Reply> run_recover(Call& call);
[[nodiscard]] Result<Reply> run_recover_in_place(Call& call);
[[nodiscard]] Result<Reply> run_doctor(Call& call);
[[nodiscard]] Result<Reply> run_sweep(Call& call);
[[nodiscard]] Result<Reply> run_similarity(Call& call);
[[nodiscard]] Result<Reply> run_confidence(Call& call);
[[nodiscard]] Result<Reply> run_signature(Call& call);
[[nodiscard]] Result<Reply> run_line_fixes(Call& call);

}  // namespace untorn::python
