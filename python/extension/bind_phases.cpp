// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "base/try.h"
#include "binders.h"
#include "fields.h"
#include "untorn/pipeline/phase_files.h"

namespace untorn::python {
namespace {

using pipeline::Improvement;
using pipeline::PhaseFiles;

Result<Reply> improvement_reply(const Result<Improvement>& improvement) {
  if (!improvement) return std::unexpected(improvement.error());
  JsonValue value = improvement->to_json(true);
  value.set("already", JsonValue::boolean(improvement->already));
  return Reply{.value = value};
}

Result<Reply> debug(PhaseFiles& files, Call& call) {
  return reply_of(files.debug(call.text("name"), call.content()));
}

Result<Reply> sync_debug(PhaseFiles& files, Call& /*call*/) {
  return reply_of(files.sync_debug());
}

Result<Reply> write_documents(PhaseFiles& files, Call& call) {
  std::vector<std::pair<std::string, std::string>> documents;
  std::size_t index = 0;
  for (const std::string& path : call.texts("paths")) {
    documents.emplace_back(bytes_of(path), std::string(call.content(index++)));
  }
  return reply_of(files.write_documents(documents));
}

Result<Reply> read_document(PhaseFiles& files, Call& call) {
  UNTORN_TRY(std::string content, files.read_document(call.path()));
  return Reply{.value = {}, .contents = {std::move(content)}};
}

Result<Reply> improve(PhaseFiles& files, Call& call) {
  const auto kind = pipeline::improvement_kind(call.text("kind"));
  if (!kind) throw WrongArgument("kind");
  pipeline::ImprovementRequest request;
  request.kind = *kind;
  request.name = call.text("name");
  request.text = call.content();
  request.rationale = call.text("rationale");
  request.id = call.text("id");
  return improvement_reply(files.improve(request));
}

Result<Reply> record_result(PhaseFiles& files, Call& call) {
  pipeline::ImprovementResult result;
  result.accepted = call.flag("accepted");
  result.score = call.optional_real("score");
  result.note = call.text("note");
  return improvement_reply(files.record_result(call.text("id"), result));
}

Result<Reply> rollback(PhaseFiles& files, Call& call) {
  return improvement_reply(files.rollback(call.text("id"), call.text("note")));
}

Result<Reply> info(PhaseFiles& files, Call& call) {
  return improvement_reply(files.info(call.text("id")));
}

Result<Reply> list(PhaseFiles& files, Call& /*call*/) {
  return reply_of(files.list());
}

constexpr std::array<Method<PhaseFiles>, 9> methods = {{
    {"debug", debug},
    {"sync_debug", sync_debug},
    {"write_documents", write_documents},
    {"read_document", read_document},
    {"improve", improve},
    {"record_result", record_result},
    {"rollback", rollback},
    {"info", info},
    {"list", list},
}};

}  // namespace

Result<std::unique_ptr<Bound>> make_phase_files(Call& call, const Logger& logger) {
  UNTORN_TRY(PhaseFiles files, PhaseFiles::open(call.path(), project_options(call, logger)));
  return make_bound<PhaseFiles>(std::move(files), methods);
}

}  // namespace untorn::python
