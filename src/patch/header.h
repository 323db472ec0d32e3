// SPDX-License-Identifier: Apache-2.0
//
// The headers of a patch: who is changed, and what happens to the file as a whole.
#pragma once
#include <expected>
#include <optional>

#include "patch/cursor.h"
#include "patch/parse.h"
#include "patch/patch.h"

namespace untorn::patch {

// At "diff --git …". The cursor goes behind the header. Nothing if that line stands alone, as git
// writes it for a file that was touched and not changed; the cursor is then behind it.
[[nodiscard]] std::expected<std::optional<FilePatch>, Problem> parse_git_header(
    Cursor& cursor, const ParseOptions& options);

// At "--- …", with "+++ …" and a hunk behind it; otherwise nothing, and the cursor stays.
[[nodiscard]] std::expected<std::optional<FilePatch>, Problem> parse_plain_header(
    Cursor& cursor, const ParseOptions& options);

}  // namespace untorn::patch
