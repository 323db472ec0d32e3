// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the hard cases share. docs/internals/hard-cases.md lists the cases; every test
// is named for its number.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crash/crash_test_on.h"
#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "tests/support/private_world.h"
#include "tests/support/require.h"
#include "untorn/crash.h"
#include "untorn/replace.h"

namespace untorn::testing {

inline TreeEntry file(std::string path, std::string_view content, std::uint32_t mode = 0644) {
  return {.path = std::move(path), .mode = mode, .content = Bytes(content)};
}

[[nodiscard]] inline Result<Receipt> replace(FileSystem& fs, const std::string& path,
                                             std::string_view content,
                                             const ReplaceOptions& options = {}) {
  return replace_file(fs, path, std::as_bytes(std::span(content)), options);
}

// The calls that were made, in their order.
class Calls {
 public:
  explicit Calls(const FaultFileSystem& fs) : sites_(fs.sites()) {}

  [[nodiscard]] std::size_t count(Call call) const {
    return static_cast<std::size_t>(std::ranges::count(sites_, call, &CallSite::call));
  }
  // Where the first one is; the number of all calls if there is none.
  [[nodiscard]] std::size_t first(Call call) const {
    return static_cast<std::size_t>(std::ranges::find(sites_, call, &CallSite::call) -
                                    sites_.begin());
  }
  [[nodiscard]] const std::vector<CallSite>& all() const noexcept { return sites_; }

 private:
  std::vector<CallSite> sites_;
};

inline const std::vector<CrashModel> power_cuts = {CrashModel::portable, CrashModel::ext4,
                                                   CrashModel::xfs, CrashModel::btrfs};

// What a workload did when the power went, judged in every state of all models: "" or what is
// wrong.
using Workload = std::function<void(FileSystem&, CrashLog&)>;
using Check = std::function<std::string(FileSystem&, const CrashPoint&)>;

[[nodiscard]] inline CrashTestReport cut_power(const std::vector<TreeEntry>& tree,
                                               const Workload& workload, const Check& check,
                                               const std::vector<CrashModel>& models = power_cuts) {
  InMemoryFileSystem memory(tree);
  CrashTestOptions options;
  options.models = models;
  return crash::crash_test_on(memory, workload, check, options);
}

inline void expect_good(const CrashTestReport& report) {
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive) << report.summary();
  EXPECT_GT(report.states_distinct, 3U) << report.summary();
}

}  // namespace untorn::testing
