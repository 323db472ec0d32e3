// SPDX-License-Identifier: Apache-2.0
//
// What a change of source files replaced or removed (C4 of code_files.h).
//
//   .pipeline/backups/files/PATH/<6 digits or more>         the content
//   .pipeline/backups/files/PATH/<6 digits or more>.absent  there was no file
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "untorn/error.h"
#include "untorn/pipeline/code_files.h"
#include "untorn/transaction.h"

namespace untorn::pipeline {

// Newest first.
[[nodiscard]] Result<std::vector<CodeVersion>> list_versions(const Project& project,
                                                             const std::string& path);
// Its content; nothing for one that is absent.
[[nodiscard]] Result<std::optional<std::string>> read_version(const Transaction& transaction,
                                                              const std::string& path,
                                                              const CodeVersion& version);
// Adds to the transaction: `content` becomes the newest version, and what is beyond `versions_max`
// goes.
[[nodiscard]] Result<void> keep_version(const Project& project, Transaction& transaction,
                                        const std::string& path,
                                        const std::optional<std::string>& content);

}  // namespace untorn::pipeline
