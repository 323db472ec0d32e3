// SPDX-License-Identifier: Apache-2.0
#include "fields.h"

namespace untorn::python {

JsonValue object_of(std::initializer_list<Field> fields) {
  JsonValue object = JsonValue::object();
  for (const auto& [name, value] : fields) object.set(name, value);
  return object;
}

JsonValue number_of(std::uint64_t number) {
  const std::optional<JsonValue> value = JsonValue::number(std::to_string(number));
  return value ? *value : JsonValue();  // digits are always a number
}

JsonValue text_of(std::string_view text) {
  return JsonValue::string(text);
}

JsonValue list_of(const std::vector<std::string>& texts) {
  std::vector<JsonValue> items;
  items.reserve(texts.size());
  for (const std::string& text : texts) items.push_back(text_of(text));
  return JsonValue::array(std::move(items));
}

JsonValue json_of(const Receipt& receipt) {
  return object_of({{"outcome", text_of(to_string(receipt.outcome))},
                    {"unchanged", JsonValue::boolean(receipt.unchanged)},
                    {"requested", text_of(to_string(receipt.requested))},
                    {"achieved", text_of(to_string(receipt.achieved))},
                    {"protocol", text_of(to_string(receipt.protocol))},
                    {"syncs", number_of(receipt.syncs)},
                    {"commits", number_of(receipt.commits)},
                    {"retries", number_of(receipt.retries)},
                    {"bytes", number_of(receipt.bytes)},
                    {"existed", JsonValue::boolean(receipt.existed)},
                    {"hard_links_split", JsonValue::boolean(receipt.hard_links_split)},
                    {"metadata_lost", list_of(receipt.metadata_lost)},
                    {"why_lower", text_of(receipt.why_lower)},
                    {"etag", text_of(receipt.etag)}});
}

JsonValue json_of(const Generation& generation) {
  return object_of({{"number", number_of(generation.number)},
                    {"bytes", number_of(generation.bytes)},
                    {"kept_ns", JsonValue::integer(generation.kept_ns)},
                    {"origin", text_of(to_string(generation.origin))},
                    {"mode", number_of(generation.mode)},
                    {"from_copy", JsonValue::boolean(generation.from_copy)},
                    {"intact", JsonValue::boolean(generation.intact)}});
}

JsonValue json_of(const Recovery& recovery) {
  if (!recovery.happened) return {};
  return object_of({{"written", JsonValue::boolean(recovery.written)},
                    {"reason", text_of(recovery.reason)},
                    {"set_aside", text_of(recovery.set_aside)},
                    {"generation", json_of(recovery.generation)},
                    {"generations_lost", number_of(recovery.generations_lost)},
                    {"file_adds_nothing", JsonValue::boolean(recovery.file_adds_nothing)},
                    {"lost", text_of(recovery.lost())},
                    {"message", text_of(recovery.message())}});
}

JsonValue json_of(const std::optional<Recovery>& recovery) {
  return recovery ? json_of(*recovery) : JsonValue();
}

JsonValue json_of(const ReplacedDocument& replaced) {
  return object_of({{"receipt", json_of(replaced.receipt)},
                    {"generation", number_of(replaced.generation)},
                    {"kept_edit", JsonValue::boolean(replaced.kept_edit)},
                    {"recovery", json_of(replaced.recovery)}});
}

JsonValue json_of(const TransactionReceipt& receipt) {
  return object_of({{"operations", number_of(receipt.operations)},
                    {"bytes", number_of(receipt.bytes)},
                    {"syncs", number_of(receipt.syncs)},
                    {"achieved", text_of(to_string(receipt.achieved))},
                    {"why_lower", text_of(receipt.why_lower)},
                    {"metadata_lost", list_of(receipt.metadata_lost)},
                    {"changed", list_of(receipt.changed)}});
}

namespace {

std::string_view name_of(TransactionRecovery::Kind kind) {
  switch (kind) {
    case TransactionRecovery::Kind::none:
      return "none";
    case TransactionRecovery::Kind::rolled_forward:
      return "rolled_forward";
    case TransactionRecovery::Kind::discarded:
      return "discarded";
    case TransactionRecovery::Kind::refused:
      return "refused";
  }
  return "none";
}

}  // namespace

JsonValue json_of(const TransactionRecovery& recovery) {
  return object_of({{"kind", text_of(name_of(recovery.kind))},
                    {"applied", number_of(recovery.applied)},
                    {"already", number_of(recovery.already)},
                    {"kept", list_of(recovery.kept)},
                    {"changed", list_of(recovery.changed)},
                    {"detail", text_of(recovery.detail)},
                    {"message", text_of(recovery.message())}});
}

JsonValue json_of(const AppendReceipt& receipt) {
  return object_of({{"lines", number_of(receipt.lines)},
                    {"bytes", number_of(receipt.bytes)},
                    {"syncs", number_of(receipt.syncs)},
                    {"synced", JsonValue::boolean(receipt.synced)},
                    {"rotated", JsonValue::boolean(receipt.rotated)},
                    {"achieved", text_of(to_string(receipt.achieved))},
                    {"why_lower", text_of(receipt.why_lower)}});
}

JsonValue json_of(const TornLines& torn) {
  if (!torn.happened) return {};
  return object_of({{"bytes", number_of(torn.bytes)},
                    {"lines", number_of(torn.lines)},
                    {"moved_to", text_of(torn.moved_to)},
                    {"reason", text_of(torn.reason)},
                    {"message", text_of(torn.message())}});
}

JsonValue json_of(const RegistryChange& change) {
  return object_of({{"version", number_of(change.version)},
                    {"unchanged", JsonValue::boolean(change.unchanged)},
                    {"kept_edit", JsonValue::boolean(change.kept_edit)},
                    {"receipt", json_of(change.receipt)},
                    {"recovery", json_of(change.recovery)}});
}

Result<Reply> reply_of(const Result<void>& result) {
  if (!result) return std::unexpected(result.error());
  return Reply{};
}

}  // namespace untorn::python
