// SPDX-License-Identifier: Apache-2.0
//
// For pipeline_test.py: a program that uses the pipeline's classes, as a user's would.
//
//   pipeline_maker make PROJECT   a state of three tasks, one after the other; patterns, a tool, a
//                                 role, a patch, a phase's state, a log
//   pipeline_maker state PROJECT  the state alone, three tasks more
//   pipeline_maker hold PROJECT   works on the state until stdin ends; says "held" when it does
#include <cstdio>
#include <string>
#include <string_view>

#include "base/try.h"
#include "untorn/line_log.h"
#include "untorn/pipeline/patch_manager.h"
#include "untorn/pipeline/pattern_store.h"
#include "untorn/pipeline/role_registry.h"
#include "untorn/pipeline/state_manager.h"
#include "untorn/pipeline/tool_registry.h"

namespace untorn::pipeline {
namespace {

Result<void> make_state(const Project& project) {
  UNTORN_TRY(StateManager manager, StateManager::open(project));
  for (const char* name : {"one", "two", "three"}) {
    UNTORN_CHECK(manager.update([name](PipelineState& state) -> Result<void> {
      (void)state.add_task(std::string("write ") + name, std::string(name) + ".py", 2);
      (void)state.record_run("coding", true);
      return {};
    }));
  }
  UNTORN_CHECK(manager.save_phase_state("qa", JsonValue::integer(7)));
  return {};
}

Result<void> make_patterns(const Project& project) {
  UNTORN_TRY(PatternStore store, PatternStore::open(project));
  UNTORN_CHECK(store.record_execution("1", {.phase = "coding", .tool = "greet", .success = true}));
  UNTORN_CHECK(store.record_execution(
      "2", {.phase = "coding", .tool = "greet", .task = "t", .error = "line 7: bad\x1b[31m"}));
  UNTORN_CHECK(
      store.record_execution("3", {.phase = "qa", .tool = "check", .success = true, .task = "t"}));
  return {};
}

Result<void> make_registries(const Project& project) {
  UNTORN_TRY(ToolRegistry tools, ToolRegistry::open(project));
  UNTORN_CHECK(tools.register_tool(R"({"name": "greet", "description": "Says hello.",
      "implementation": "greet.py", "parameters": {"type": "object", "properties": {}}})",
                                   "print('hello')\n"));
  UNTORN_CHECK(tools.record_use("greet", true, 1.5, "use 1"));
  UNTORN_TRY(RoleRegistry roles, RoleRegistry::open(project));
  UNTORN_CHECK(roles.register_role(
      R"({"name": "writer", "description": "Writes.", "capabilities": ["python"]})",
      "You write.\n"));
  return {};
}

Result<void> make(const Project& project) {
  UNTORN_CHECK(make_state(project));
  UNTORN_CHECK(make_patterns(project));
  UNTORN_CHECK(make_registries(project));
  UNTORN_TRY(PatchManager patches, PatchManager::open(project.fs(), project.root()));
  UNTORN_CHECK(patches.create("Greet", {{.path = "hello.txt", .content = "hello\n"}}));
  UNTORN_TRY(LineLog log, LineLog::open(project.fs(), project.file(".pipeline/run.log"),
                                        {.tree = project.root()}));
  UNTORN_CHECK(log.append("begun"));
  return {};
}

Result<void> change_registries(const Project& project) {
  UNTORN_TRY(ToolRegistry tools, ToolRegistry::open(project));
  UNTORN_CHECK(tools.update(R"({"name": "greet", "description": "Says hello twice.",
      "implementation": "greet.py", "parameters": {"type": "object", "properties": {}}})",
                            "print('hello hello')\n"));
  UNTORN_TRY(RoleRegistry roles, RoleRegistry::open(project));
  UNTORN_CHECK(roles.update(
      R"({"name": "writer", "description": "Writes.", "capabilities": ["python", "c++"]})"));
  UNTORN_TRY(const Role writer, roles.get("writer"));
  if (writer.prompt == "You write.\n") return {};
  return std::unexpected(Error(Code::corrupt, Step::inspect, Outcome::applied, 0, "writer.md",
                               "the prompt did not stay"));
}

Result<void> hold(const Project& project) {
  UNTORN_TRY(StateManager manager, StateManager::open(project));
  UNTORN_CHECK(manager.update([](PipelineState&) -> Result<void> {
    (void)std::puts("held");
    (void)std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    return {};
  }));
  return {};
}

int run(std::string_view verb, const char* directory) {
  const auto project = Project::open(directory);
  Result<void> done;
  if (!project) {
    done = std::unexpected(project.error());
  } else if (verb == "hold") {
    done = hold(*project);
  } else if (verb == "change") {
    done = change_registries(*project);
  } else {
    done = verb == "state" ? make_state(*project) : make(*project);
  }
  if (done) return 0;
  (void)std::fprintf(stderr, "%s\n", done.error().message().c_str());
  return 1;
}

}  // namespace
}  // namespace untorn::pipeline

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  return untorn::pipeline::run(argv[1], argv[2]);
}
