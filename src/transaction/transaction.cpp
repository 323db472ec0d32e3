// SPDX-License-Identifier: Apache-2.0
#include "untorn/transaction.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "base/deadline.h"
#include "base/try.h"
#include "transaction/collect.h"
#include "transaction/commit.h"
#include "transaction/kept.h"
#include "transaction/recover.h"
#include "transaction/tree.h"

namespace untorn {
namespace {

using transaction::Collection;
using transaction::Tree;

std::string quoted(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

Error spent_error() {
  return {Code::invalid_argument,
          Step::check,
          Outcome::not_applied,
          0,
          {},
          "this transaction was committed or discarded"};
}

}  // namespace

std::string TransactionRecovery::message() const {
  switch (kind) {
    case Kind::none:
      return {};
    case Kind::discarded:
      return "an interrupted transaction was discarded: " + detail;
    case Kind::refused:
      return "an interrupted transaction was not recovered: " + detail;
    case Kind::rolled_forward:
      break;
  }
  std::string text = "an interrupted transaction was finished: " + std::to_string(applied) +
                     " operations applied, " + std::to_string(already) + " had been";
  if (!changed.empty()) text += "; changed by another program: " + quoted(changed);
  if (!kept.empty()) text += "; not applied but kept: " + quoted(kept);
  if (!detail.empty()) text += "; " + detail;
  return text;
}

struct Transaction::State {
  State(Tree opened, TransactionOptions given)
      : tree(std::move(opened)), options(std::move(given)), collection(tree), owner(getpid()) {}

  Tree tree;
  TransactionOptions options;
  TransactionRecovery recovery;
  Collection collection;
  pid_t owner;
};

Transaction::Transaction(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;
Transaction::~Transaction() = default;

Result<Transaction> Transaction::begin(FileSystem& fs, const std::filesystem::path& root,
                                       const TransactionOptions& options) {
  UNTORN_TRY(Tree tree, Tree::open_locked(fs, root.native(), options, LockMode::exclusive));
  auto state = std::make_unique<State>(std::move(tree), options);
  UNTORN_TRY(state->recovery, transaction::recover_or_refuse(state->tree));
  return Transaction(std::move(state));
}

Result<Transaction> Transaction::begin(const std::filesystem::path& root,
                                       const TransactionOptions& options) {
  return begin(posix_file_system(), root, options);
}

Result<void> Transaction::put(std::string_view path, std::span<const std::byte> content,
                              const PutOptions& options) {
  return put(path, std::string_view(reinterpret_cast<const char*>(content.data()), content.size()),
             options);
}

Result<void> Transaction::put(std::string_view path, std::string_view content,
                              const PutOptions& options) {
  if (state_ == nullptr) return std::unexpected(spent_error());
  return state_->collection.put(path, std::string(content), options);
}

Result<void> Transaction::remove(std::string_view path) {
  if (state_ == nullptr) return std::unexpected(spent_error());
  return state_->collection.remove(path);
}

Result<void> Transaction::rename(std::string_view from, std::string_view to) {
  if (state_ == nullptr) return std::unexpected(spent_error());
  return state_->collection.rename(from, to);
}

Result<void> Transaction::make_directory(std::string_view path, std::uint32_t mode) {
  if (state_ == nullptr) return std::unexpected(spent_error());
  return state_->collection.make_directory(path, mode);
}

Result<std::optional<std::string>> Transaction::read(std::string_view path) const {
  if (state_ == nullptr) return std::unexpected(spent_error());
  return state_->collection.read(path);
}

Result<std::string> Transaction::resolve(std::string_view path) const {
  if (state_ == nullptr) return std::unexpected(spent_error());
  return state_->collection.resolve(path);
}

Result<TransactionReceipt> Transaction::commit() && {
  if (state_ == nullptr) return std::unexpected(spent_error());
  const std::unique_ptr<State> state = std::move(state_);
  if (state->owner != getpid()) {
    return std::unexpected(state->tree.error(Code::invalid_argument, Step::check, {},
                                             "another process began this transaction"));
  }
  if (state->collection.changes().empty()) return TransactionReceipt();
  const auto begin = std::chrono::steady_clock::now();
  auto receipt = transaction::commit(state->tree, state->collection);
  if (state->options.counters != nullptr) {
    state->options.counters->count_commit(receipt ? receipt->achieved : Durability::durable,
                                          receipt ? Outcome::applied : receipt.error().outcome(),
                                          receipt ? receipt->bytes : 0,
                                          std::chrono::steady_clock::now() - begin);
  }
  return receipt;
}

void Transaction::discard() noexcept {
  state_.reset();
}

const TransactionRecovery& Transaction::recovery() const noexcept {
  static const TransactionRecovery nothing;
  return state_ == nullptr ? nothing : state_->recovery;
}

Result<TransactionRecovery> recover_transactions(FileSystem& fs, const std::filesystem::path& root,
                                                 const TransactionOptions& options) {
  UNTORN_TRY(const Tree looked, Tree::look(fs, root.native()));
  if (!looked.has_folder()) return TransactionRecovery();
  UNTORN_TRY(Tree tree, Tree::open_locked(fs, root.native(), options, LockMode::exclusive));
  return transaction::recover(tree);
}

void transaction::may_change_kept(Transaction& change, std::string_view folder) {
  if (change.state_ != nullptr) change.state_->collection.allow_kept(folder);
}

// ------------------------------------------------------------------ the shared lock

struct TreeLock::State {
  State(Tree locked, TransactionRecovery finished)
      : tree(std::move(locked)), recovery(std::move(finished)) {}

  Tree tree;
  TransactionRecovery recovery;
};

TreeLock::TreeLock(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
TreeLock::TreeLock(TreeLock&&) noexcept = default;
TreeLock& TreeLock::operator=(TreeLock&&) noexcept = default;
TreeLock::~TreeLock() = default;

Result<TreeLock> TreeLock::shared(FileSystem& fs, const std::filesystem::path& root,
                                  const TransactionOptions& options) {
  TransactionRecovery recovery;
  const auto until = deadline_after(options.lock_wait);
  for (;;) {
    UNTORN_TRY(Tree tree, Tree::open_locked(fs, root.native(), options, LockMode::shared));
    UNTORN_TRY(const bool interrupted, transaction::has_intent(tree));
    if (!interrupted) {
      return TreeLock(std::make_unique<State>(std::move(tree), std::move(recovery)));
    }
    // Whoever left it is dead, for it would hold the lock. Between the two locks another process
    // may recover, or commit and die: look again.
    if (std::chrono::steady_clock::now() > until) {
      return std::unexpected(tree.error(Code::busy, Step::inspect, {},
                                        "one transaction after the other is interrupted"));
    }
    tree.unlock();
    UNTORN_CHECK(tree.lock(LockMode::exclusive, options.lock_wait));
    UNTORN_TRY(TransactionRecovery finished, transaction::recover_or_refuse(tree));
    if (finished.kind != TransactionRecovery::Kind::none) recovery = std::move(finished);
  }
}

const TransactionRecovery& TreeLock::recovery() const noexcept {
  return state_->recovery;
}

}  // namespace untorn
