// SPDX-License-Identifier: Apache-2.0
//
// Trees with interrupted transactions.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/try.h"
#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "transaction/paths.h"
#include "untorn/transaction.h"

namespace untorn::transaction::testing {

using untorn::testing::names_in;
using untorn::testing::read_file;
using untorn::testing::write_file;

inline TreeEntry file(std::string path, std::string_view content) {
  return {.path = std::move(path), .content = Bytes(content)};
}

inline TreeEntry link(std::string path, std::string_view target) {
  return {.path = std::move(path), .type = FileType::symlink, .content = Bytes(target)};
}

inline TreeEntry folder(std::string path, std::uint32_t mode = 0755) {
  return {.path = std::move(path), .type = FileType::directory, .mode = mode};
}

[[nodiscard]] inline Code code_of(const Result<void>& result) {
  EXPECT_FALSE(result);
  return result ? Code::internal : result.error().code();
}

using Collect = std::function<Result<void>(Transaction&)>;

[[nodiscard]] inline Result<TransactionReceipt> run(FileSystem& fs, const Collect& collect,
                                                    const std::string& root = "t") {
  auto change = Transaction::begin(fs, root);
  if (!change) return std::unexpected(change.error());
  if (auto collected = collect(*change); !collected) return std::unexpected(collected.error());
  return std::move(*change).commit();
}

// Ends the commit just after its commit point plus `operations` renames: every later rename fails.
inline void interrupt(FileSystem& fs, const Collect& collect, std::uint64_t operations = 0,
                      const std::string& root = "t") {
  ASSERT_TRUE(Transaction::begin(fs, root)) << "`.untorn` is there, so that renames can be counted";
  FaultFileSystem failing(
      fs,
      Fault{.at = 1 + operations, .call = Call::rename, .error = Errno{EIO}, .persistent = true});
  const auto receipt = run(failing, collect, root);
  ASSERT_FALSE(receipt);
  ASSERT_EQ(receipt.error().outcome(), Outcome::unknown) << receipt.error();
}

// The same, just before its commit point; the temporaries cannot be removed either.
inline void interrupt_early(FileSystem& fs, const Collect& collect, const std::string& root = "t") {
  ASSERT_TRUE(Transaction::begin(fs, root));
  FaultFileSystem failing(
      fs, {Fault{.at = 0, .call = Call::rename, .error = Errno{EIO}, .persistent = true},
           Fault{.at = 0, .call = Call::unlink, .error = Errno{EIO}, .persistent = true}});
  const auto receipt = run(failing, collect, root);
  ASSERT_FALSE(receipt);
  ASSERT_EQ(receipt.error().outcome(), Outcome::not_applied) << receipt.error();
}

[[nodiscard]] inline Result<void> put_a_and_b(Transaction& change) {
  UNTORN_CHECK(change.put("a", "new a"));
  return change.put("b", "new b");
}

[[nodiscard]] inline std::vector<std::string> staged_in(FileSystem& fs,
                                                        const std::string& directory) {
  std::vector<std::string> names = names_in(fs, directory);
  std::erase_if(names, [](const std::string& name) { return !is_staged_name(name); });
  return names;
}

}  // namespace untorn::transaction::testing
