// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>

#include "base/try.h"
#include "binders.h"
#include "fields.h"
#include "untorn/registry.h"

namespace untorn::python {
namespace {

using Attachments = std::vector<Attachment>;

// contents[0] is the specification, those after it belong to the names in "attachments".
std::optional<Attachments> attachments_of(const Call& call) {
  if (call.find("attachments") == nullptr) return std::nullopt;
  Attachments attachments;
  std::size_t index = 1;
  for (std::string& name : call.texts("attachments")) {
    Attachment attachment;
    attachment.name = std::move(name);
    attachment.content = call.content(index++);
    attachments.push_back(std::move(attachment));
  }
  return attachments;
}

Reply entry_reply(const RegistryEntry& entry) {
  Reply reply{.value = entry.to_json(), .contents = {entry.spec.text()}};
  std::vector<std::string> names;
  for (const Attachment& attachment : entry.attachments) {
    names.push_back(attachment.name);
    reply.contents.push_back(attachment.content);
  }
  reply.value.set("attachments", list_of(names));
  return reply;
}

Result<Reply> add(Registry& registry, Call& call) {
  return reply_of(registry.add(call.text("name"), call.content(),
                               attachments_of(call).value_or(Attachments())));
}

Result<Reply> replace(Registry& registry, Call& call) {
  return reply_of(registry.replace(call.text("name"), call.content(), attachments_of(call)));
}

Result<Reply> put(Registry& registry, Call& call) {
  return reply_of(registry.put(call.text("name"), call.content(), attachments_of(call)));
}

Result<Reply> remove(Registry& registry, Call& call) {
  return reply_of(registry.remove(call.text("name")));
}

Result<Reply> get(Registry& registry, Call& call) {
  UNTORN_TRY(const RegistryEntry entry, registry.get(call.text("name")));
  return entry_reply(entry);
}

Result<Reply> list(Registry& registry, Call& /*call*/) {
  return reply_of(registry.list());
}

Result<Reply> search(Registry& registry, Call& call) {
  RegistryQuery query;
  query.text = call.text("text");
  const std::vector<std::string> pointers = call.texts("pointers");
  const std::vector<std::string> values = call.texts("values");
  if (pointers.size() != values.size()) throw WrongArgument("values");
  for (std::size_t i = 0; i < pointers.size(); ++i) {
    query.fields.push_back({.pointer = pointers[i], .value = values[i]});
  }
  return reply_of(registry.search(query));
}

Result<Reply> validate(Registry& registry, Call& call) {
  return reply_of(registry.validate(call.content()));
}

Result<Reply> verify(Registry& registry, Call& call) {
  return reply_of(registry.verify(call.flag("repair")));
}

Result<Reply> versions(Registry& registry, Call& call) {
  return reply_of(registry.versions(call.text("name")));
}

Result<Reply> read_version(Registry& registry, Call& call) {
  UNTORN_TRY(const RegistryEntry entry,
             registry.read_version(call.text("name"), call.count("number")));
  return entry_reply(entry);
}

Result<Reply> restore(Registry& registry, Call& call) {
  return reply_of(registry.restore(call.text("name"), call.count("number")));
}

Result<Reply> folder(Registry& registry, Call& /*call*/) {
  return Reply{.value = text_of(registry.folder())};
}

constexpr std::array<Method<Registry>, 13> methods = {{
    {"add", add},
    {"replace", replace},
    {"put", put},
    {"remove", remove},
    {"get", get},
    {"list", list},
    {"search", search},
    {"validate", validate},
    {"verify", verify},
    {"versions", versions},
    {"read_version", read_version},
    {"restore", restore},
    {"folder", folder},
}};

}  // namespace

Result<std::unique_ptr<Bound>> make_registry(Call& call, const Logger& /*logger*/) {
  RegistryOptions options;
  if (call.contents() > 0) options.schema = std::string(call.content());
  if (call.find("tree") != nullptr) options.tree = call.path("tree");
  options.keep_versions = call.small_count("keep_versions");
  options.create = call.flag("create");
  options.lock_wait = std::chrono::milliseconds(call.integer("lock_wait_ms"));
  UNTORN_TRY(Registry registry, Registry::open(call.path(), options));
  return make_bound<Registry>(std::move(registry), methods);
}

}  // namespace untorn::python
