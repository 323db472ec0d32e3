// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <optional>

#include "base/try.h"
#include "binders.h"
#include "fields.h"
#include "untorn/pipeline/code_files.h"

namespace untorn::python {
namespace {

using pipeline::CodeChange;
using pipeline::CodeFiles;

// The files of a project, and the change that is being collected, if there is one. Both in one
// object, so that a change never outlives what it belongs to.
struct Code {
  CodeFiles files;
  std::optional<CodeChange> change;
};

Result<Reply> create(Code& code, Call& call) {
  return reply_of(code.files.create(call.path(), call.content()));
}

Result<Reply> write(Code& code, Call& call) {
  return reply_of(code.files.write(call.path(), call.content()));
}

Result<Reply> modify(Code& code, Call& call) {
  return reply_of(code.files.modify(call.path(), call.content(), call.content(1)));
}

Result<Reply> append(Code& code, Call& call) {
  return reply_of(code.files.append(call.path(), call.content()));
}

Result<Reply> remove(Code& code, Call& call) {
  return reply_of(code.files.remove(call.path()));
}

Result<Reply> restore(Code& code, Call& call) {
  return reply_of(code.files.restore(call.path(), call.count("back")));
}

Result<Reply> versions(Code& code, Call& call) {
  return reply_of(code.files.versions(call.path()));
}

Result<Reply> read(Code& code, Call& call) {
  UNTORN_TRY(std::string content, code.files.read(call.path()));
  return Reply{.value = {}, .contents = {std::move(content)}};
}

Result<Reply> forget_operations(Code& code, Call& call) {
  UNTORN_TRY(const std::uint64_t count,
             code.files.forget_operations(std::chrono::seconds(call.count("older_than_s"))));
  return Reply{.value = number_of(count)};
}

Result<Reply> activity(Code& code, Call& call) {
  UNTORN_TRY(std::vector<JsonValue> lines, code.files.activity(call.count("count")));
  return Reply{.value = JsonValue::array(std::move(lines))};
}

Result<Reply> begin_change(Code& code, Call& call) {
  UNTORN_TRY(code.change, code.files.change(call.text("operation")));
  return Reply{.value = JsonValue::boolean(code.change->already())};
}

Result<Reply> change_create(Code& code, Call& call) {
  return reply_of(code.change->create(call.path(), call.content()));
}

Result<Reply> change_write(Code& code, Call& call) {
  return reply_of(code.change->write(call.path(), call.content()));
}

Result<Reply> change_modify(Code& code, Call& call) {
  return reply_of(code.change->modify(call.path(), call.content(), call.content(1)));
}

Result<Reply> change_append(Code& code, Call& call) {
  return reply_of(code.change->append(call.path(), call.content()));
}

Result<Reply> change_remove(Code& code, Call& call) {
  return reply_of(code.change->remove(call.path()));
}

Result<Reply> change_read(Code& code, Call& call) {
  UNTORN_TRY(std::optional<std::string> content, code.change->read(call.path()));
  Reply reply;
  if (content) reply.contents.push_back(std::move(*content));
  return reply;
}

Result<Reply> commit_change(Code& code, Call& /*call*/) {
  CodeChange spent = std::move(*code.change);
  code.change.reset();
  return reply_of(std::move(spent).commit());
}

Result<Reply> discard_change(Code& code, Call& /*call*/) {
  code.change.reset();
  return Reply{};
}

constexpr std::array<Method<Code>, 19> methods = {{
    {"create", create},
    {"write", write},
    {"modify", modify},
    {"append", append},
    {"remove", remove},
    {"restore", restore},
    {"versions", versions},
    {"read", read},
    {"forget_operations", forget_operations},
    {"activity", activity},
    {"begin_change", begin_change},
    {"change.create", change_create},
    {"change.write", change_write},
    {"change.modify", change_modify},
    {"change.append", change_append},
    {"change.remove", change_remove},
    {"change.read", change_read},
    {"change.commit", commit_change},
    {"change.discard", discard_change},
}};

}  // namespace

Result<std::unique_ptr<Bound>> make_code_files(Call& call, const Logger& logger) {
  UNTORN_TRY(CodeFiles files, CodeFiles::open(call.path(), project_options(call, logger)));
  return make_bound<Code>({.files = std::move(files), .change = std::nullopt}, methods);
}

}  // namespace untorn::python
