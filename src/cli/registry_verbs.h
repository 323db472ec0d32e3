// SPDX-License-Identifier: Apache-2.0
//
// What each verb of `untorn registry` does, and what it has to say.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/output.h"
#include "untorn/error.h"
#include "untorn/json.h"
#include "untorn/registry.h"

namespace untorn::cli {

struct RegistryFlags {
  std::string verb;
  std::string folder;
  std::vector<std::string> arguments;  // after the folder
  std::optional<std::string> schema;
  std::optional<std::string> tree;
  std::optional<std::string> keep;
  std::optional<std::string> version;
  std::optional<std::string> attachment;
  std::vector<std::string> attach;  // NAME=FILE
  std::vector<std::string> where;   // FIELD=VALUE
  bool no_attachments = false;
  bool check = false;
};

struct RegistryView {
  JsonValue json = JsonValue::object();  // members of the document
  std::string text;
  std::vector<std::string> warnings;
  ExitCode code = ExitCode::done;
};

// Why a verb has no view.
struct RegistryFailure {
  std::optional<Error> error;         // of the library
  std::optional<ToolError> problem;   // else: wrong usage, or a file that cannot be read
  std::vector<SpecProblem> problems;  // of the specification
};
template <class T>
using RegistryResult = std::expected<T, RegistryFailure>;

[[nodiscard]] std::vector<std::string> registry_verb_names();
// Of a verb that is known.
[[nodiscard]] RegistryResult<RegistryView> run_registry_verb(const RegistryFlags& flags);

}  // namespace untorn::cli
