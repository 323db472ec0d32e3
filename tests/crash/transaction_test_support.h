// SPDX-License-Identifier: Apache-2.0
//
// Transactions to try, and what may be there after one of them.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "untorn/crash.h"
#include "untorn/transaction.h"

namespace untorn::testing {

inline constexpr const char* tree_root = "t";

// Path to content ("/" for a directory, "-> TARGET" for a link), without what Untorn keeps.
using Snapshot = std::map<std::string, std::string>;

struct Example {
  std::string name;
  std::vector<std::pair<std::string, std::string>> files;  // below the root
  std::function<Result<void>(Transaction&)> collect;
};

// Each a transaction that uses other operations; `plain` is the smallest.
[[nodiscard]] std::vector<Example> transaction_examples();
[[nodiscard]] Example example_named(const std::string& name);

[[nodiscard]] std::vector<std::pair<std::string, std::string>> initial_files(
    const Example& example);
[[nodiscard]] Result<TransactionReceipt> run_example(FileSystem& fs, const Example& example);
[[nodiscard]] Snapshot snapshot(FileSystem& fs, const std::string& root);
// Paths of temporaries of transactions.
[[nodiscard]] std::vector<std::string> staged_files(FileSystem& fs, const std::string& root);

// A file system that a transaction may meet: what it says of itself, and what a power cut may leave
// of it.
struct Storage {
  std::string name;
  FileSystemKind kind;
  CrashModel power;
};
[[nodiscard]] std::vector<Storage> storages();
[[nodiscard]] Storage storage_named(const std::string& name);
// The example's files on it.
[[nodiscard]] std::unique_ptr<InMemoryFileSystem> make_tree(const Example& example,
                                                            const Storage& storage);

// What is there before and after a run without a crash.
struct Versions {
  Snapshot before;
  Snapshot after;
};
[[nodiscard]] Versions versions_of(const Example& example);

// Recovers, and says what is wrong with what is there then: "" if it is all or none, and the same
// after one more recovery.
[[nodiscard]] std::string recover_and_judge(FileSystem& fs, const Versions& versions,
                                            bool must_be_applied);

}  // namespace untorn::testing
