// SPDX-License-Identifier: Apache-2.0
//
// A change of source files while it is collected.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "untorn/error.h"
#include "untorn/pipeline/code_files.h"
#include "untorn/pipeline/project.h"
#include "untorn/transaction.h"

namespace untorn::pipeline {

// One file of the change: what it was, and what it will be. Nothing: no file.
struct PendingFile {
  std::optional<std::string> before;
  std::optional<std::string> after;
  std::optional<std::uint32_t> mode;  // for a file that is made; absent: as new files have it
  CodeFileChange told;
};

struct CodeChange::State {
  Project project;
  Transaction transaction;
  std::string operation;
  bool already = false;
  std::map<std::string, PendingFile, std::less<>> files;

  // The file of that path, read if it is not part of the change yet.
  [[nodiscard]] Result<PendingFile> pending(std::string_view path) const;
  // The file gets that content, told as `action`.
  void set(PendingFile file, std::optional<std::string> content, CodeAction action,
           std::uint64_t line = 0);
  [[nodiscard]] Result<void> restore(std::string_view path, std::size_t back);
  // Everything that the change means, as operations of the transaction.
  [[nodiscard]] Result<void> collect();
  [[nodiscard]] Result<void> mark_operation();
  // A line of the activity log for each file.
  void tell() const;
};

inline constexpr std::string_view operations_folder = ".pipeline/operations/";
inline constexpr std::string_view activity_file = ".pipeline/logs/activity.log";

// Code::invalid_argument, with the reason.
[[nodiscard]] Result<void> check_operation_name(std::string_view name);

}  // namespace untorn::pipeline
