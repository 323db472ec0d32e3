// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "base/try.h"
#include "binders.h"
#include "fields.h"
#include "untorn/pipeline/state_manager.h"

namespace untorn::python {
namespace {

using pipeline::PipelineState;
using pipeline::StateManager;

Result<PipelineState> state_of(std::string_view text, const StateManager& manager) {
  const std::string path = manager.state_file().native();
  UNTORN_TRY(const JsonDocument document, JsonDocument::parse(std::string(text), path));
  return PipelineState::from_json(document.root, path);
}

std::string text_of_state(const PipelineState& state) {
  return JsonDocument(state.to_json()).text();
}

// The value is the generation that holds the state, null if none does.
Reply state_reply(const PipelineState& state) {
  JsonValue generation;
  if (state.generation) generation = number_of(*state.generation);
  return {.value = std::move(generation), .contents = {text_of_state(state)}};
}

Result<JsonValue> value_of(const Call& call) {
  UNTORN_TRY(JsonDocument document, JsonDocument::parse(std::string(call.content())));
  return std::move(document.root);
}

Result<Reply> load(StateManager& manager, Call& /*call*/) {
  UNTORN_TRY(const PipelineState state, manager.load());
  return state_reply(state);
}

Result<Reply> save(StateManager& manager, Call& call) {
  std::optional<std::uint64_t> generation;
  if (call.find("generation") != nullptr) generation = call.count("generation");
  UNTORN_TRY(PipelineState state, state_of(call.content(), manager));
  state.generation = generation;
  UNTORN_TRY(const ReplacedDocument replaced, manager.save(state));
  JsonValue value = json_of(replaced);
  value.set("updated", text_of(state.updated));
  return Reply{.value = value};
}

Result<Reply> update(StateManager& manager, Call& call) {
  const auto change = [&](PipelineState& state) -> Result<void> {
    UNTORN_TRY(std::optional<std::string> answer, call.talk().ask(text_of_state(state)));
    const std::optional<std::uint64_t> generation = state.generation;
    UNTORN_TRY(state, state_of(answer.value_or(""), manager));
    state.generation = generation;
    return {};
  };
  UNTORN_TRY(const PipelineState state, manager.update(change));
  return state_reply(state);
}

Result<Reply> backup_state(StateManager& manager, Call& /*call*/) {
  UNTORN_TRY(const std::filesystem::path path, manager.backup_state());
  return Reply{.value = text_of(path.native())};
}

Result<Reply> history(StateManager& manager, Call& /*call*/) {
  return reply_of(manager.history());
}

Result<Reply> rollback(StateManager& manager, Call& call) {
  UNTORN_TRY(const PipelineState state, manager.rollback(call.count("back")));
  return state_reply(state);
}

Result<Reply> last_recovery(StateManager& manager, Call& /*call*/) {
  return Reply{.value = json_of(manager.last_recovery())};
}

Result<Reply> state_file(StateManager& manager, Call& /*call*/) {
  return Reply{.value = text_of(manager.state_file().native())};
}

Result<Reply> save_phase_state(StateManager& manager, Call& call) {
  const std::string phase = call.text("phase");
  UNTORN_TRY(const JsonValue value, value_of(call));
  return reply_of(manager.save_phase_state(phase, value));
}

Result<Reply> load_phase_state(StateManager& manager, Call& call) {
  UNTORN_TRY(const std::optional<JsonValue> value, manager.load_phase_state(call.text("phase")));
  Reply reply;
  if (value) reply.contents.push_back(JsonDocument(*value).text());
  return reply;
}

Result<Reply> phases_with_state(StateManager& manager, Call& /*call*/) {
  UNTORN_TRY(const std::vector<std::string> names, manager.phases_with_state());
  return Reply{.value = list_of(names)};
}

Result<Reply> summary(StateManager& manager, Call& /*call*/) {
  UNTORN_TRY(const pipeline::StateSummary found, manager.summary());
  JsonValue value = found.to_json();
  value.set("text", text_of(found.text()));
  return Reply{.value = value};
}

Result<Reply> count_no_update(StateManager& manager, Call& call) {
  UNTORN_TRY(const std::int64_t number, manager.increment_no_update_count(call.text("phase")));
  return Reply{.value = JsonValue::integer(number)};
}

Result<Reply> reset_no_update(StateManager& manager, Call& call) {
  return reply_of(manager.reset_no_update_count(call.text("phase")));
}

Result<Reply> get_no_update(StateManager& manager, Call& call) {
  UNTORN_TRY(const std::int64_t number, manager.get_no_update_count(call.text("phase")));
  return Reply{.value = JsonValue::integer(number)};
}

Result<Reply> add_metric(StateManager& manager, Call& call) {
  const std::string name = call.text("name");
  const double number = call.real("value");
  UNTORN_TRY(const JsonValue context, value_of(call));
  return reply_of(manager.add_performance_metric(name, number, context));
}

Result<Reply> learn_pattern(StateManager& manager, Call& call) {
  const std::string name = call.text("name");
  UNTORN_TRY(const JsonValue pattern, value_of(call));
  return reply_of(manager.learn_pattern(name, pattern));
}

// The three that keep an object of the caller's choice.
template <Result<void> (StateManager::*Add)(const JsonValue&)>
Result<Reply> add_value(StateManager& manager, Call& call) {
  UNTORN_TRY(const JsonValue value, value_of(call));
  return reply_of((manager.*Add)(value));
}

Result<Reply> fix_effectiveness(StateManager& manager, Call& /*call*/) {
  return reply_of(manager.get_fix_effectiveness());
}

constexpr std::array<Method<StateManager>, 21> methods = {{
    {"load", load},
    {"save", save},
    {"update", update},
    {"backup_state", backup_state},
    {"history", history},
    {"rollback", rollback},
    {"last_recovery", last_recovery},
    {"state_file", state_file},
    {"save_phase_state", save_phase_state},
    {"load_phase_state", load_phase_state},
    {"phases_with_state", phases_with_state},
    {"summary", summary},
    {"increment_no_update_count", count_no_update},
    {"reset_no_update_count", reset_no_update},
    {"get_no_update_count", get_no_update},
    {"add_performance_metric", add_metric},
    {"learn_pattern", learn_pattern},
    {"add_fix", add_value<&StateManager::add_fix>},
    {"add_correlation", add_value<&StateManager::add_correlation>},
    {"add_troubleshooting_result", add_value<&StateManager::add_troubleshooting_result>},
    {"get_fix_effectiveness", fix_effectiveness},
}};

}  // namespace

Result<std::unique_ptr<Bound>> make_state_manager(Call& call, const Logger& logger) {
  UNTORN_TRY(StateManager manager, StateManager::open(call.path(), project_options(call, logger)));
  return make_bound<StateManager>(std::move(manager), methods);
}

}  // namespace untorn::python
