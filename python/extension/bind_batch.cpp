// SPDX-License-Identifier: Apache-2.0
//
// Batches, versions of files, and what an overwriting in place left behind.
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"
#include "binders.h"
#include "fields.h"
#include "untorn/batch.h"
#include "untorn/etag.h"
#include "untorn/in_place.h"

namespace untorn::python {
namespace {

ReplaceOptions options_of(const Call& call) {
  return {.durability = call.durability(),
          .protocol = call.flag("classic") ? ProtocolChoice::classic : ProtocolChoice::automatic,
          .backups = call.small_count("backups"),
          .create_parents = call.flag("create_parents")};
}

JsonValue json_of_error(const Error& error) {
  return object_of({{"number", number_of(static_cast<std::uint64_t>(error.os_errno()))},
                    {"code", text_of(to_string(error.code()))},
                    {"step", text_of(to_string(error.step()))},
                    {"outcome", text_of(to_string(error.outcome()))},
                    {"advice", text_of(to_string(error.advice()))},
                    {"message", text_of(error.message())}});
}

JsonValue json_of_file(const BatchFile& file) {
  const bool replaced = file.result.has_value();
  return object_of({{"path", text_of(file.path)},
                    {"receipt", replaced ? json_of(*file.result) : JsonValue()},
                    {"error", replaced ? JsonValue() : json_of_error(file.result.error())}});
}

JsonValue json_of_batch(const BatchReceipt& receipt) {
  std::vector<JsonValue> files;
  files.reserve(receipt.files.size());
  for (const BatchFile& file : receipt.files) files.push_back(json_of_file(file));
  return object_of({{"files", JsonValue::array(std::move(files))},
                    {"failed", number_of(receipt.failed)},
                    {"requested", text_of(to_string(receipt.requested))},
                    {"achieved", text_of(to_string(receipt.achieved))},
                    {"protocol", text_of(to_string(receipt.protocol))},
                    {"syncs", number_of(receipt.syncs)},
                    {"commits", number_of(receipt.commits)},
                    {"bytes", number_of(receipt.bytes)}});
}

// Nothing once it was committed or discarded: untorn/_batch.py asks nothing of it then.
using Open = std::optional<Batch>;

Result<Reply> put(Open& open, Call& call) {
  return reply_of(open->put(call.path(), call.content()));
}

Result<Reply> commit(Open& open, Call& /*call*/) {
  Batch spent = std::move(*open);
  open.reset();
  UNTORN_TRY(const BatchReceipt receipt, std::move(spent).commit());
  return Reply{.value = json_of_batch(receipt)};
}

Result<Reply> discard(Open& open, Call& /*call*/) {
  open.reset();
  return Reply{};
}

constexpr std::array<Method<Open>, 3> methods = {{
    {"put", put},
    {"commit", commit},
    {"discard", discard},
}};

}  // namespace

Result<std::unique_ptr<Bound>> make_batch(Call& call, const Logger& /*logger*/) {
  return make_bound<Open>(Batch(options_of(call)), methods);
}

Result<Reply> run_etag(Call& call) {
  UNTORN_TRY(const std::string etag, read_etag(call.path()));
  return Reply{.value = text_of(etag)};
}

Result<Reply> run_read_version(Call& call) {
  UNTORN_TRY(VersionRead read, read_version(call.path()));
  return Reply{.value = text_of(read.etag), .contents = {std::move(read.content)}};
}

Result<Reply> run_recover_in_place(Call& call) {
  UNTORN_TRY(const InPlaceRecovery recovery, recover_in_place(call.path()));
  std::vector<JsonValue> kept;
  kept.reserve(recovery.kept.size());
  for (const KeptSidecar& each : recovery.kept) {
    kept.push_back(object_of({{"sidecar", text_of(each.sidecar)},
                              {"target", text_of(each.target)},
                              {"why", text_of(each.why)}}));
  }
  return Reply{.value = object_of({{"finished", list_of(recovery.finished)},
                                   {"discarded", list_of(recovery.discarded)},
                                   {"kept", JsonValue::array(std::move(kept))},
                                   {"damaged", list_of(recovery.damaged)}})};
}

}  // namespace untorn::python
