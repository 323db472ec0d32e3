// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "base/try.h"
#include "binders.h"
#include "fields.h"
#include "untorn/pipeline/patch_manager.h"

namespace untorn::python {
namespace {

using pipeline::PatchEdit;
using pipeline::PatchManager;

// {"path", "content": index | null, "replacements": [[index, index]…], "remove"}: an index names
// one of the contents.
std::string content_at(const Call& call, const JsonValue& index) {
  const std::optional<std::int64_t> number = index.as_integer();
  if (!number || *number < 0) throw WrongArgument("edits");
  return std::string(call.content(static_cast<std::size_t>(*number)));
}

const JsonValue& member(const JsonValue& object, std::string_view name) {
  const JsonValue* found = object.find(name);
  if (found == nullptr) throw WrongArgument("edits");
  return *found;
}

PatchEdit edit_of(const Call& call, const JsonValue& value) {
  PatchEdit edit;
  edit.path = bytes_of(member(value, "path").as_string().value_or(""));
  edit.remove = member(value, "remove").as_boolean().value_or(false);
  const JsonValue& content = member(value, "content");
  if (!content.is_null()) edit.content = content_at(call, content);
  for (const JsonValue& pair : member(value, "replacements").items()) {
    if (pair.items().size() != 2) throw WrongArgument("edits");
    edit.replacements.push_back(
        {.before = content_at(call, pair.items()[0]), .after = content_at(call, pair.items()[1])});
  }
  return edit;
}

Result<Reply> create(PatchManager& patches, Call& call) {
  std::vector<PatchEdit> edits;
  const JsonValue* list = call.find("edits");
  if (list == nullptr) throw WrongArgument("edits");
  for (const JsonValue& value : list->items()) edits.push_back(edit_of(call, value));
  return reply_of(patches.create(call.text("description"), edits));
}

Result<Reply> add(PatchManager& patches, Call& call) {
  return reply_of(patches.add(call.text("description"), call.content()));
}

// Those that take the number of a patch.
template <auto Operation>
Result<Reply> by_number(PatchManager& patches, Call& call) {
  return reply_of((patches.*Operation)(call.count("number")));
}

Result<Reply> list(PatchManager& patches, Call& /*call*/) {
  return reply_of(patches.list());
}

Result<Reply> text(PatchManager& patches, Call& call) {
  UNTORN_TRY(std::string patch, patches.text(call.count("number")));
  return Reply{.value = {}, .contents = {std::move(patch)}};
}

constexpr std::array<Method<PatchManager>, 9> methods = {{
    {"create", create},
    {"add", add},
    {"dry_run", by_number<&PatchManager::dry_run>},
    {"verify", by_number<&PatchManager::verify>},
    {"apply", by_number<&PatchManager::apply>},
    {"revert", by_number<&PatchManager::revert>},
    {"info", by_number<&PatchManager::info>},
    {"list", list},
    {"text", text},
}};

}  // namespace

Result<std::unique_ptr<Bound>> make_patch_manager(Call& call, const Logger& logger) {
  UNTORN_TRY(PatchManager patches, PatchManager::open(call.path(), project_options(call, logger)));
  return make_bound<PatchManager>(std::move(patches), methods);
}

}  // namespace untorn::python
