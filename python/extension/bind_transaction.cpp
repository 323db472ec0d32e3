// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <optional>

#include "base/try.h"
#include "binders.h"
#include "fields.h"
#include "untorn/transaction.h"

namespace untorn::python {
namespace {

TransactionOptions options_of(const Call& call) {
  TransactionOptions options;
  options.lock_wait = std::chrono::milliseconds(call.integer("lock_wait_ms"));
  return options;
}

// Nothing once it was committed or discarded: untorn/_transaction.py asks nothing of it then.
using Open = std::optional<Transaction>;

Result<Reply> put(Open& open, Call& call) {
  PutOptions options;
  if (call.find("mode") != nullptr) options.mode = call.small_count("mode");
  if (call.flag("exclusive")) options.existence = Existence::must_not_exist;
  return reply_of(open->put(call.path(), call.content(), options));
}

Result<Reply> remove(Open& open, Call& call) {
  return reply_of(open->remove(call.path()));
}

Result<Reply> rename(Open& open, Call& call) {
  return reply_of(open->rename(call.path("source"), call.path("target")));
}

Result<Reply> make_directory(Open& open, Call& call) {
  return reply_of(open->make_directory(call.path(), call.small_count("mode")));
}

Result<Reply> read(Open& open, Call& call) {
  UNTORN_TRY(std::optional<std::string> content, open->read(call.path()));
  Reply reply;
  if (content) reply.contents.push_back(std::move(*content));
  return reply;
}

Result<Reply> recovery(Open& open, Call& /*call*/) {
  return Reply{.value = json_of(open->recovery())};
}

Result<Reply> commit(Open& open, Call& /*call*/) {
  Transaction spent = std::move(*open);
  open.reset();
  return reply_of(std::move(spent).commit());
}

Result<Reply> discard(Open& open, Call& /*call*/) {
  open.reset();
  return Reply{};
}

constexpr std::array<Method<Open>, 8> methods = {{
    {"put", put},
    {"remove", remove},
    {"rename", rename},
    {"make_directory", make_directory},
    {"read", read},
    {"recovery", recovery},
    {"commit", commit},
    {"discard", discard},
}};

using Held = std::optional<TreeLock>;

Result<Reply> lock_recovery(Held& held, Call& /*call*/) {
  return Reply{.value = json_of(held->recovery())};
}

Result<Reply> release(Held& held, Call& /*call*/) {
  held.reset();
  return Reply{};
}

constexpr std::array<Method<Held>, 2> lock_methods = {{
    {"recovery", lock_recovery},
    {"release", release},
}};

}  // namespace

Result<std::unique_ptr<Bound>> make_transaction(Call& call, const Logger& /*logger*/) {
  UNTORN_TRY(Transaction begun, Transaction::begin(call.path(), options_of(call)));
  return make_bound<Open>(std::move(begun), methods);
}

Result<std::unique_ptr<Bound>> make_tree_lock(Call& call, const Logger& /*logger*/) {
  UNTORN_TRY(TreeLock lock, TreeLock::shared(posix_file_system(), call.path(), options_of(call)));
  return make_bound<Held>(std::move(lock), lock_methods);
}

Result<Reply> run_recover(Call& call) {
  return reply_of(recover_transactions(posix_file_system(), call.path(), options_of(call)));
}

}  // namespace untorn::python
