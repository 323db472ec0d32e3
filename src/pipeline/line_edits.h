// SPDX-License-Identifier: Apache-2.0
//
// What the edits and fixes of line_fixer.h do to the lines of one file. Pure: no file is touched.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/text_file.h"
#include "untorn/error.h"
#include "untorn/pipeline/line_fixer.h"

namespace untorn::pipeline {

// Carries the edits out; the number of lines changed, made or removed. Errors as LineFixer::edit,
// about `path`; the file is unchanged then.
[[nodiscard]] Result<std::uint64_t> apply_edits(TextFile& file, std::vector<LineEdit> edits,
                                                const std::string& path);

// Makes these fixes in their order; those that changed something, with the number of lines. The
// name decides what white space means: in Markdown two blanks at the end of a line break it, and
// makefiles, Go and tab-separated values keep their tabs.
[[nodiscard]] std::vector<std::pair<LineFix, std::uint64_t>> apply_fixes(
    TextFile& file, const std::vector<LineFix>& fixes, const std::string& path);

}  // namespace untorn::pipeline
