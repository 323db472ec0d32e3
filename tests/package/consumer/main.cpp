// SPDX-License-Identifier: Apache-2.0
//
// Replaces the file that is named by the first argument, and uses every installed header.
#include <untorn/batch.h>
#include <untorn/counters.h>
#include <untorn/crash.h>
#include <untorn/document.h>
#include <untorn/durability.h>
#include <untorn/error.h>
#include <untorn/etag.h>
#include <untorn/filesystem.h>
#include <untorn/in_place.h>
#include <untorn/json.h>
#include <untorn/line_log.h>
#include <untorn/pipeline/code_files.h>
#include <untorn/pipeline/line_fixer.h>
#include <untorn/pipeline/patch_manager.h>
#include <untorn/pipeline/pattern_store.h>
#include <untorn/pipeline/phase_files.h>
#include <untorn/pipeline/pipeline_state.h>
#include <untorn/pipeline/project.h>
#include <untorn/pipeline/role_registry.h>
#include <untorn/pipeline/state_manager.h>
#include <untorn/pipeline/tool_registry.h>
#include <untorn/registry.h>
#include <untorn/replace.h>
#include <untorn/sweep.h>
#include <untorn/transaction.h>
#include <untorn/untorn.h>

#include <iostream>
#include <string>

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const auto receipt = untorn::replace_file(arguments[1], "from outside");
  if (!receipt) {
    std::cerr << receipt.error() << '\n';
    return 1;
  }
  auto document = untorn::Document::open(std::string(arguments[1]) + ".json");
  const auto kept = document->update([](std::optional<untorn::JsonDocument>& content) {
    content.emplace(untorn::JsonValue::object());
    return untorn::Result<void>();
  });
  if (!kept) {
    std::cerr << kept.error() << '\n';
    return 1;
  }
  const auto state = untorn::pipeline::PipelineState::make();
  const auto report = untorn::crash_test(
      [](untorn::FileSystem& fs, untorn::CrashLog& log) {
        const std::string text = "new";
        if (untorn::replace_file(fs, "a", std::as_bytes(std::span(text)))) log.acknowledge("done");
      },
      [](untorn::FileSystem& fs, const untorn::CrashPoint& at) -> std::string {
        const auto status = fs.status_at(untorn::Handle::working_directory, "a");
        return at.acknowledged("done") && !status ? "a is lost" : "";
      });
  std::cout << untorn::to_string(receipt->outcome) << ' ' << report.summary() << '\n';
  return report.ok() && state.version == untorn::pipeline::state_version ? 0 : 1;
}
