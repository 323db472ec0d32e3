// SPDX-License-Identifier: Apache-2.0
//
// Which paths a program may change as source files of a project (C2 of code_files.h).
#pragma once
#include <string>
#include <string_view>

#include "untorn/error.h"
#include "untorn/transaction.h"

namespace untorn::pipeline {

// The path without ".", "//" and a last "/"; Code::invalid_argument, with the reason, for one that
// is empty, absolute, has "..", a control character, or leads into `.untorn`, `.pipeline` or
// `.git`.
[[nodiscard]] Result<std::string> source_path(std::string_view path);

// The same, and where it leads once the links inside of the project are followed is allowed, too.
[[nodiscard]] Result<std::string> source_path(const Transaction& transaction,
                                              std::string_view path);

}  // namespace untorn::pipeline
