// SPDX-License-Identifier: Apache-2.0
//
// The record of one improvement, `.pipeline/improvements/ID.json`: what phase_files.h tells of it,
// with both texts, in a JSON object of the format "improvement". A text that is not UTF-8 stands as
// `old_text_hex` or `new_text_hex`, two digits a byte.
#pragma once
#include <string>
#include <string_view>

#include "untorn/error.h"
#include "untorn/pipeline/phase_files.h"

namespace untorn::pipeline {

inline constexpr std::string_view improvements_folder = ".pipeline/improvements";

// Below the project.
[[nodiscard]] std::string improvement_file(std::string_view id);
// The file that it improves.
[[nodiscard]] std::string improved_file(ImprovementKind kind, std::string_view name);

[[nodiscard]] std::string improvement_text(const Improvement& improvement);
// Code::unsupported for a newer format, Code::corrupt for anything else that is no record of `id`.
[[nodiscard]] Result<Improvement> read_improvement(const std::string& text, std::string_view id);

}  // namespace untorn::pipeline
