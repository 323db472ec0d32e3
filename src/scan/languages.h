// SPDX-License-Identifier: Apache-2.0
//
// Which language a file is in.
#pragma once
#include <string_view>

#include "languages/language.h"

namespace untorn::scan {

// By the extension, whatever its case; nullptr if no reader takes it.
[[nodiscard]] const languages::Language* language_by_name(std::string_view path);
// By a first line like "#!/usr/bin/env -S python3 -u"; nullptr if it names no interpreter of ours.
[[nodiscard]] const languages::Language* language_by_first_line(std::string_view text);
// The last component has no extension: only its first line can tell.
[[nodiscard]] bool may_be_script(std::string_view path);

}  // namespace untorn::scan
