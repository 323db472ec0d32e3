// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace untorn {
namespace {

TEST(hash128, gives_the_published_values) {
  EXPECT_EQ(hash128(""), (Hash128{0, 0}));
  EXPECT_EQ(hash128("The quick brown fox jumps over the lazy dog"),
            (Hash128{0xE34BBC7BBC071B6C, 0x7A433CA9C49A9347}));
  EXPECT_EQ(hash128("The quick brown fox jumps over the lazy cog"),
            (Hash128{0x658CA970FF85269A, 0x43FEE3EAA68E5C3E}));
}

TEST(hash128, tells_zeros_of_different_length_apart) {
  std::set<Hash128> seen;
  for (std::size_t length = 0; length <= 4096; ++length)
    EXPECT_TRUE(seen.insert(hash128(std::vector<std::byte>(length))).second) << length;
}

TEST(hash128, every_bit_of_the_input_moves_both_halves) {
  for (const std::size_t length :
       {std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{17}, std::size_t{40}}) {
    const std::vector<std::byte> zeros(length);
    const Hash128 before = hash128(zeros);
    for (std::size_t bit = 0; bit < length * 8; ++bit) {
      std::vector<std::byte> changed = zeros;
      changed[bit / 8] = std::byte{1} << (bit % 8);
      const Hash128 after = hash128(changed);
      EXPECT_GT(std::popcount(before.first ^ after.first), 8) << length << ' ' << bit;
      EXPECT_GT(std::popcount(before.second ^ after.second), 8) << length << ' ' << bit;
    }
  }
}

TEST(hash128, depends_on_the_seed) {
  EXPECT_NE(hash128("a", Hash128{1, 0}), hash128("a"));
  EXPECT_NE(hash128("a", Hash128{0, 1}), hash128("a"));
}

TEST(hash128, of_content_in_pieces_is_that_of_the_whole_wherever_it_is_divided) {
  std::vector<std::byte> content(67);
  for (std::size_t at = 0; at < content.size(); ++at) {
    content[at] = static_cast<std::byte>(at * 37 + 11);
  }
  const std::span<const std::byte> whole(content);
  const Hash128 seed = {3, 4};
  for (std::size_t first = 0; first <= whole.size(); ++first) {
    for (std::size_t second = first; second <= whole.size(); ++second) {
      Hash128Stream stream(seed);
      stream.add(whole.first(first));
      stream.add(whole.subspan(first, second - first));
      stream.add(whole.subspan(second));
      ASSERT_EQ(stream.result(), hash128(whole, seed)) << first << ' ' << second;
    }
  }
  Hash128Stream growing;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    ASSERT_EQ(growing.result(), hash128(whole.first(length))) << length;
    growing.add(whole.subspan(length, 1));
  }
}

TEST(combine, depends_on_order_and_on_every_element) {
  std::set<Hash128> seen;
  for (std::uint64_t first = 0; first < 300; ++first) {
    for (std::uint64_t second = 0; second < 300; ++second)
      EXPECT_TRUE(seen.insert(combine(combine(Hash128{}, first), second)).second);
  }
}

}  // namespace
}  // namespace untorn
