// SPDX-License-Identifier: Apache-2.0
//
// What `untorn apply` tells about a patch and its way into a folder: as a document and as text.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "untorn/error.h"
#include "untorn/pipeline/patch_manager.h"
#include "untorn/transaction.h"

namespace untorn::cli {

struct ApplyReport {
  std::string root;  // the folder, absolute
  bool check = false;
  bool reverse = false;
  std::vector<pipeline::PatchedFile> files;
  std::vector<pipeline::PatchProblem> problems;
  std::optional<TransactionReceipt> receipt;  // the patch is in place
  bool unchanged = false;                     // and was before
  std::optional<Error> error;                 // a call failed
  std::optional<ToolError> tool_error;        // something else is wrong
};

// untorn.apply/1.
[[nodiscard]] std::string apply_document(const ApplyReport& report);
// "3 files: 2 modified, 1 added; durable, syncs: 9".
[[nodiscard]] std::string apply_sentence(const ApplyReport& report);

}  // namespace untorn::cli
