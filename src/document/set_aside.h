// SPDX-License-Identifier: Apache-2.0
//
// A damaged file gets a second name before its first one is given away.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "document/home.h"
#include "untorn/error.h"

namespace untorn::document {

// The file whose content is `seen`, under a name that nothing had: NAME.damaged-<number>. Durable
// when this returns. By a hard link, so that NAME is never missing; by a rename where there are no
// links. Code::conflict, and nothing changed, if the name holds another file now.
[[nodiscard]] Result<std::string> set_aside(const Home& home, const FileContent& seen);

// Names beside the document that hold what was set aside of it, oldest first.
[[nodiscard]] Result<std::vector<std::string>> names_set_aside(const Home& home);

}  // namespace untorn::document
