// SPDX-License-Identifier: Apache-2.0
//
// Short forms for the tests of replacements in memory.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
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

inline std::uint64_t count(const FaultFileSystem& fs, Call call) {
  const std::vector<CallSite> sites = fs.sites();
  return static_cast<std::uint64_t>(std::count_if(
      sites.begin(), sites.end(), [call](const CallSite& site) { return site.call == call; }));
}

}  // namespace untorn::testing

// A failure with this code, at this step, with this said about what the file holds.
#define EXPECT_FAILS(result, expected_code, expected_step, expected_outcome)                    \
  do {                                                                                          \
    const auto& failed = (result);                                                              \
    ASSERT_FALSE(failed.has_value());                                                           \
    EXPECT_EQ(failed.error().code(), Code::expected_code) << failed.error().message();          \
    EXPECT_EQ(failed.error().step(), Step::expected_step) << failed.error().message();          \
    EXPECT_EQ(failed.error().outcome(), Outcome::expected_outcome) << failed.error().message(); \
  } while (false)
