// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/python_layout.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>
#include <string_view>

namespace untorn::prove {
namespace {

using Head = std::array<std::byte, python_debug_offsets_size_bytes>;

Head head_of(std::string_view cookie, std::uint64_t version) {
  Head head{};
  std::memcpy(head.data(), cookie.data(), cookie.size());
  std::memcpy(head.data() + cookie.size(), &version, sizeof version);
  return head;
}

TEST(PythonLayout, is_known_from_3_8_to_3_13) {
  for (std::size_t minor = 8; minor <= 13; ++minor) {
    ASSERT_NE(python_layout(minor), nullptr);
    EXPECT_EQ(python_layout(minor)->minor, minor);
  }
  EXPECT_EQ(python_layout(7), nullptr);
  EXPECT_EQ(python_layout(14), nullptr);
}

TEST(PythonDebugLayout, is_taken_from_3_13_alone) {
  constexpr std::uint64_t version_3_13_0 = 0x030d00f0;
  constexpr std::uint64_t version_3_14_0 = 0x030e00f0;
  EXPECT_TRUE(python_debug_layout(head_of("xdebugpy", version_3_13_0)));
  EXPECT_FALSE(python_debug_layout(head_of("xdebugpy", version_3_14_0)));
  EXPECT_FALSE(python_debug_layout(head_of("xdebugpz", version_3_13_0)));
  EXPECT_FALSE(python_debug_layout({}));
}

TEST(PythonDebugLayout, with_senseless_offsets_is_refused) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int> any_byte(0, 255);
  for (int round = 0; round < 100; ++round) {
    Head head = head_of("xdebugpy", 0x030d00f0);
    for (std::size_t i = 16; i < head.size(); ++i) {
      head[i] = static_cast<std::byte>(any_byte(random));
    }
    EXPECT_FALSE(python_debug_layout(head));
  }
}

}  // namespace
}  // namespace untorn::prove
