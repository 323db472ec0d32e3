// SPDX-License-Identifier: Apache-2.0
//
// What `untorn pipeline` shows of a project: each view once as members of the JSON document and
// once as text for people. A view changes nothing; the project was opened read-only.
#pragma once
#include <string>
#include <vector>

#include "untorn/error.h"
#include "untorn/json.h"
#include "untorn/pipeline/project.h"

namespace untorn::cli {

struct PipelineView {
  JsonValue json = JsonValue::object();
  std::string text;                   // whole lines
  std::vector<std::string> warnings;  // damage that was met
};

[[nodiscard]] Result<PipelineView> view_status(const pipeline::Project& project);
[[nodiscard]] Result<PipelineView> view_tasks(const pipeline::Project& project);
[[nodiscard]] Result<PipelineView> view_patterns(const pipeline::Project& project);
[[nodiscard]] Result<PipelineView> view_tools(const pipeline::Project& project);
[[nodiscard]] Result<PipelineView> view_roles(const pipeline::Project& project);
[[nodiscard]] Result<PipelineView> view_patches(const pipeline::Project& project);
[[nodiscard]] Result<PipelineView> view_history(const pipeline::Project& project);

}  // namespace untorn::cli
