// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "base/try.h"
#include "binders.h"
#include "fields.h"
#include "untorn/pipeline/pattern_store.h"

namespace untorn::python {
namespace {

using pipeline::PatternStore;

Result<Reply> record_execution(PatternStore& store, Call& call) {
  pipeline::Execution execution;
  execution.phase = call.text("phase");
  execution.tool = call.text("tool");
  execution.success = call.flag("success");
  execution.duration_s = call.real("duration_s");
  execution.task = call.text("task");
  execution.error = call.text("error");
  execution.happened_ns = call.optional_integer("happened_ns");
  return reply_of(store.record_execution(call.text("operation_id"), execution));
}

Result<Reply> tool_patterns(PatternStore& store, Call& call) {
  return reply_of(store.tool_patterns(call.text("phase")));
}

Result<Reply> failure_patterns(PatternStore& store, Call& /*call*/) {
  return reply_of(store.failure_patterns());
}

Result<Reply> success_patterns(PatternStore& store, Call& call) {
  return reply_of(store.success_patterns(call.text("phase")));
}

Result<Reply> phase_patterns(PatternStore& store, Call& /*call*/) {
  return reply_of(store.phase_patterns());
}

Result<Reply> recommendations(PatternStore& store, Call& call) {
  pipeline::PatternContext context;
  context.phase = call.text("phase");
  context.task = call.text("task");
  context.error = call.text("error");
  context.limit = call.count("limit");
  return reply_of(store.recommendations(context));
}

Result<Reply> statistics(PatternStore& store, Call& /*call*/) {
  return reply_of(store.statistics());
}

Result<Reply> last_recovery(PatternStore& store, Call& /*call*/) {
  return Reply{.value = json_of(store.last_recovery())};
}

Result<Reply> patterns_file(PatternStore& store, Call& /*call*/) {
  return Reply{.value = text_of(store.patterns_file().native())};
}

constexpr std::array<Method<PatternStore>, 9> methods = {{
    {"record_execution", record_execution},
    {"tool_patterns", tool_patterns},
    {"failure_patterns", failure_patterns},
    {"success_patterns", success_patterns},
    {"phase_patterns", phase_patterns},
    {"recommendations", recommendations},
    {"statistics", statistics},
    {"last_recovery", last_recovery},
    {"patterns_file", patterns_file},
}};

}  // namespace

Result<std::unique_ptr<Bound>> make_pattern_store(Call& call, const Logger& logger) {
  UNTORN_TRY(PatternStore store, PatternStore::open(call.path(), project_options(call, logger)));
  return make_bound<PatternStore>(std::move(store), methods);
}

Result<Reply> run_similarity(Call& call) {
  return Reply{
      .value = JsonValue::real(PatternStore::similarity(call.text("left"), call.text("right")))};
}

Result<Reply> run_confidence(Call& call) {
  return Reply{.value = JsonValue::real(
                   PatternStore::confidence(call.count("successes"), call.count("tries")))};
}

Result<Reply> run_signature(Call& call) {
  return Reply{.value = text_of(PatternStore::signature(call.text("error")))};
}

}  // namespace untorn::python
