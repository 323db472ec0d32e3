// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>

#include "base/try.h"
#include "binders.h"
#include "fields.h"
#include "untorn/document.h"

namespace untorn::python {
namespace {

Result<JsonDocument> content_of(const Call& call) {
  return JsonDocument::parse(std::string(call.content()));
}

Result<Reply> load(Document& document, Call& /*call*/) {
  UNTORN_TRY(const LoadedDocument loaded, document.load());
  Reply reply{.value = object_of({{"recovery", json_of(loaded.recovery)},
                                  {"edited", JsonValue::boolean(loaded.edited)},
                                  {"generation", number_of(loaded.generation)}})};
  if (loaded.document) reply.contents.push_back(loaded.document->text());
  return reply;
}

Result<Reply> replace(Document& document, Call& call) {
  std::optional<std::uint64_t> unless_newer_than;
  if (call.find("unless_newer_than") != nullptr)
    unless_newer_than = call.count("unless_newer_than");
  UNTORN_TRY(const JsonDocument content, content_of(call));
  return reply_of(document.replace(content, unless_newer_than));
}

Result<Reply> update(Document& document, Call& call) {
  bool changed = false;
  const auto change = [&](std::optional<JsonDocument>& content) -> Result<void> {
    std::optional<std::string> text;
    if (content) text = content->text();
    UNTORN_TRY(std::optional<std::string> answer, call.talk().ask(text));
    changed = answer.has_value();
    if (!answer) return {};  // the same content again is no change
    UNTORN_TRY(content, JsonDocument::parse(std::move(*answer)));
    return {};
  };
  UNTORN_TRY(const ReplacedDocument replaced, document.update(change));
  JsonValue value = json_of(replaced);
  value.set("changed", JsonValue::boolean(changed));
  return Reply{.value = value};
}

Result<Reply> recover(Document& document, Call& /*call*/) {
  return reply_of(document.recover());
}

Result<Reply> history(Document& document, Call& /*call*/) {
  return reply_of(document.history());
}

Result<Reply> read_generation(Document& document, Call& call) {
  UNTORN_TRY(const JsonDocument content, document.read_generation(call.count("number")));
  return Reply{.value = {}, .contents = {content.text()}};
}

Result<Reply> restore(Document& document, Call& call) {
  return reply_of(document.restore(call.count("number")));
}

constexpr std::array<Method<Document>, 7> methods = {{
    {"load", load},
    {"replace", replace},
    {"update", update},
    {"recover", recover},
    {"history", history},
    {"read_generation", read_generation},
    {"restore", restore},
}};

}  // namespace

Result<std::unique_ptr<Bound>> make_document(Call& call, const Logger& /*logger*/) {
  DocumentOptions options;
  options.durability = call.durability();
  options.generations = call.small_count("generations");
  if (call.find("mode") != nullptr) options.mode = call.small_count("mode");
  options.read_only = call.flag("read_only");
  options.lock_wait = std::chrono::milliseconds(call.integer("lock_wait_ms"));
  if (call.find("tree") != nullptr) options.tree = call.path("tree");
  UNTORN_TRY(Document document, Document::open(call.path(), options));
  return make_bound<Document>(std::move(document), methods);
}

}  // namespace untorn::python
