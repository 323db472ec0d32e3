// SPDX-License-Identifier: Apache-2.0
//
// The registry's plain data as JSON, for bindings and the command.
#include <algorithm>
#include <utility>

#include "untorn/registry.h"

namespace untorn {
namespace {

JsonValue count(std::uint64_t value) {
  return JsonValue::integer(static_cast<std::int64_t>(value));
}

JsonValue strings(const std::vector<std::string>& texts) {
  JsonValue list = JsonValue::array();
  for (const std::string& text : texts) list.edit_items().push_back(JsonValue::string(text));
  return list;
}

template <class T>
JsonValue list_of(const std::vector<T>& items) {
  JsonValue list = JsonValue::array();
  for (const T& item : items) list.edit_items().push_back(item.to_json());
  return list;
}

bool is_good(FileState state) {
  return state == FileState::intact || state == FileState::edited || state == FileState::unrecorded;
}

}  // namespace

std::string_view to_string(FileState state) noexcept {
  switch (state) {
    case FileState::intact:
      return "intact";
    case FileState::edited:
      return "edited";
    case FileState::unrecorded:
      return "unrecorded";
    case FileState::damaged:
      return "damaged";
    case FileState::unreadable:
      return "unreadable";
    case FileState::invalid:
      return "invalid";
    case FileState::missing:
      return "missing";
  }
  return "unknown";
}

std::string_view to_string(VersionOrigin origin) noexcept {
  switch (origin) {
    case VersionOrigin::added:
      return "added";
    case VersionOrigin::replaced:
      return "replaced";
    case VersionOrigin::edited:
      return "edited";
    case VersionOrigin::restored:
      return "restored";
    case VersionOrigin::removed:
      return "removed";
  }
  return "unknown";
}

std::string SpecProblem::text() const {
  return pointer.empty() ? message : pointer + ": " + message;
}

JsonValue SpecProblem::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("pointer", JsonValue::string(pointer));
  json.set("message", JsonValue::string(message));
  return json;
}

JsonValue EntryFile::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("attachment", attachment.empty() ? JsonValue() : JsonValue::string(attachment));
  json.set("file", JsonValue::string(file));
  json.set("state", JsonValue::string(to_string(state)));
  json.set("bytes", count(bytes));
  json.set("detail", JsonValue::string(detail));
  return json;
}

const Attachment* RegistryEntry::attachment(std::string_view attachment_name) const noexcept {
  const auto found = std::ranges::find(attachments, attachment_name, &Attachment::name);
  return found == attachments.end() ? nullptr : &*found;
}

JsonValue RegistryEntry::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("name", JsonValue::string(name));
  json.set("version", count(version));
  json.set("updated_ns", JsonValue::integer(updated_ns));
  json.set("spec", spec.root);
  json.set("files", list_of(files));
  return json;
}

JsonValue RegistryListing::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("entries", list_of(entries));
  JsonValue list = JsonValue::array();
  for (const Problem& problem : problems) {
    JsonValue item = problem.file.to_json();
    item.set("name", JsonValue::string(problem.name));
    list.edit_items().push_back(std::move(item));
  }
  json.set("problems", std::move(list));
  return json;
}

JsonValue RegistryVersion::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("number", count(number));
  json.set("stored_ns", JsonValue::integer(stored_ns));
  json.set("origin", JsonValue::string(to_string(origin)));
  json.set("bytes", count(bytes));
  json.set("present", JsonValue::boolean(present));
  json.set("intact", JsonValue::boolean(intact));
  return json;
}

JsonValue RegistryChange::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("version", count(version));
  json.set("unchanged", JsonValue::boolean(unchanged));
  json.set("kept_edit", JsonValue::boolean(kept_edit));
  json.set("durability", JsonValue::string(to_string(receipt.achieved)));
  json.set("syncs", count(receipt.syncs));
  json.set("recovery", JsonValue::string(recovery.message()));
  return json;
}

bool EntryCheck::was_healthy() const noexcept {
  return spec_problems.empty() &&
         std::ranges::all_of(files, [](const EntryFile& file) { return is_good(file.state); });
}

bool EntryCheck::is_healthy() const noexcept {
  return spec_problems.empty() && std::ranges::all_of(files, [this](const EntryFile& file) {
           return is_good(file.state) ||
                  std::ranges::find(brought_back, file.file) != brought_back.end();
         });
}

JsonValue EntryCheck::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("name", JsonValue::string(name));
  json.set("was_healthy", JsonValue::boolean(was_healthy()));
  json.set("is_healthy", JsonValue::boolean(is_healthy()));
  json.set("files", list_of(files));
  json.set("spec_problems", list_of(spec_problems));
  json.set("set_aside", strings(set_aside));
  json.set("brought_back", strings(brought_back));
  json.set("detail", JsonValue::string(detail));
  return json;
}

bool RegistryCheck::was_healthy() const noexcept {
  return std::ranges::all_of(entries, &EntryCheck::was_healthy);
}

JsonValue RegistryCheck::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("was_healthy", JsonValue::boolean(was_healthy()));
  json.set("entries", list_of(entries));
  json.set("strays", strings(strays));
  json.set("recovery", JsonValue::string(recovery.message()));
  return json;
}

}  // namespace untorn
