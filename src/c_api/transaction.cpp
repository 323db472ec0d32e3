// SPDX-License-Identifier: Apache-2.0
//
// Several files of one tree, all or none.
#include <memory>
#include <string>
#include <utility>

#include "base/try.h"
#include "c_api/boundary.h"
#include "c_api/objects.h"
#include "c_api/report.h"
#include "c_api/values.h"

namespace untorn::c_api {
namespace {

TransactionOptions transaction_options(const untorn_options* options) {
  TransactionOptions made;
  if (options != nullptr) made.lock_wait = options->replace.lock_wait;
  return made;
}

PutOptions put_options(const untorn_options* options) {
  if (options == nullptr) return {};
  return {.mode = options->replace.mode, .existence = options->replace.existence};
}

Report report_of(const TransactionRecovery& recovery, const char* root) {
  using Kind = TransactionRecovery::Kind;
  auto report = std::make_unique<untorn_report>();
  if (recovery.kind != Kind::none) {
    const int finding = UNTORN_ROLLED_FORWARD + static_cast<int>(recovery.kind) -
                        static_cast<int>(Kind::rolled_forward);
    report->entries.push_back(
        {.finding = finding, .path = root, .why = recovery.message(), .bytes = 0});
  }
  append(*report, UNTORN_CHANGED, recovery.changed);
  append(*report, UNTORN_KEPT, recovery.kept);
  return report;
}

Report report_of(const TransactionReceipt& receipt) {
  auto report = std::make_unique<untorn_report>();
  append(*report, UNTORN_CHANGED, receipt.changed);
  append(*report, UNTORN_KEPT, receipt.kept);
  return report;
}

Result<void> is_open(const untorn_transaction* transaction) {
  UNTORN_CHECK(given(transaction, "transaction"));
  return expected(transaction->transaction.has_value(), "the transaction is spent");
}

}  // namespace

extern "C" {

int untorn_transaction_begin(const char* root, const untorn_options* options,
                             untorn_transaction** transaction, untorn_report** report,
                             untorn_error** error) noexcept {
  if (transaction != nullptr) *transaction = nullptr;
  if (report != nullptr) *report = nullptr;
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(root, "root"));
    UNTORN_CHECK(given(transaction, "transaction"));
    auto made = std::make_unique<untorn_transaction>();
    UNTORN_TRY(made->transaction, Transaction::begin(root, transaction_options(options)));
    hand_over(report_of(made->transaction->recovery(), root), report);
    *transaction = made.release();
    return {};
  });
}

int untorn_transaction_put(untorn_transaction* transaction, const char* path, const void* data,
                           size_t size, const untorn_options* options,
                           untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(is_open(transaction));
    UNTORN_CHECK(given(path, "path"));
    UNTORN_TRY(const auto content, bytes_of(data, size));
    return transaction->transaction->put(path, content, put_options(options));
  });
}

int untorn_transaction_remove(untorn_transaction* transaction, const char* path,
                              untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(is_open(transaction));
    UNTORN_CHECK(given(path, "path"));
    return transaction->transaction->remove(path);
  });
}

int untorn_transaction_rename(untorn_transaction* transaction, const char* from, const char* to,
                              untorn_error** error) noexcept {
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(is_open(transaction));
    UNTORN_CHECK(given(from, "from"));
    UNTORN_CHECK(given(to, "to"));
    return transaction->transaction->rename(from, to);
  });
}

int untorn_transaction_make_directory(untorn_transaction* transaction, const char* path,
                                      uint32_t mode, untorn_error** error) noexcept {
  constexpr uint32_t mode_max = 07777;
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(is_open(transaction));
    UNTORN_CHECK(given(path, "path"));
    UNTORN_CHECK(expected(mode <= mode_max, "mode has other bits than permissions"));
    return transaction->transaction->make_directory(path, mode);
  });
}

int untorn_transaction_commit(untorn_transaction* transaction, untorn_info* info,
                              untorn_report** report, untorn_error** error) noexcept {
  if (report != nullptr) *report = nullptr;
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(is_open(transaction));
    UNTORN_CHECK(fits(info));
    Transaction spent = std::move(*transaction->transaction);
    transaction->transaction.reset();
    UNTORN_TRY(const TransactionReceipt receipt, std::move(spent).commit());
    hand_over(report_of(receipt), report);
    hand_over(info_of(receipt), info);
    return {};
  });
}

void untorn_transaction_discard(untorn_transaction* transaction) noexcept {
  delete transaction;
}

int untorn_transaction_recover(const char* root, const untorn_options* options,
                               untorn_report** report, untorn_error** error) noexcept {
  if (report != nullptr) *report = nullptr;
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(root, "root"));
    UNTORN_TRY(const TransactionRecovery recovery,
               recover_transactions(posix_file_system(), root, transaction_options(options)));
    hand_over(report_of(recovery, root), report);
    return {};
  });
}

}  // extern "C"
}  // namespace untorn::c_api
