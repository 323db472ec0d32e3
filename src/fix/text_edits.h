// SPDX-License-Identifier: Apache-2.0
//
// Edits of one text, applied together.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "languages/python/rewrite.h"

namespace untorn::fix {

// The text with all edits made. Two insertions at one place come in the order in which they are
// given. Nothing, if two edits overlap or one lies outside of the text.
[[nodiscard]] std::optional<std::string> apply_edits(std::string_view text,
                                                     std::vector<languages::Edit> edits);

}  // namespace untorn::fix
