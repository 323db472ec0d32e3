// SPDX-License-Identifier: Apache-2.0
#include "fix/text_edits.h"

#include <gtest/gtest.h>

namespace untorn::fix {
namespace {

using languages::Edit;

Edit edit(std::uint32_t begin, std::uint32_t end, std::string text) {
  return {.span = {begin, end}, .text = std::move(text)};
}

TEST(TextEdits, are_made_together_whatever_their_order) {
  EXPECT_EQ(apply_edits("abcdef", {edit(4, 5, "E!"), edit(0, 1, ""), edit(2, 2, "-")}), "b-cdE!f");
}

TEST(TextEdits, insertions_at_one_place_keep_their_order) {
  EXPECT_EQ(apply_edits("ab", {edit(1, 1, "1"), edit(1, 1, "2")}), "a12b");
}

TEST(TextEdits, no_edit_leaves_every_byte) {
  const std::string text("\xEF\xBB\xBF\r\n\0\xFF", 7);
  EXPECT_EQ(apply_edits(text, {}), text);
}

TEST(TextEdits, that_overlap_or_lie_outside_are_refused) {
  EXPECT_FALSE(apply_edits("abcdef", {edit(1, 3, "x"), edit(2, 4, "y")}));
  EXPECT_FALSE(apply_edits("abc", {edit(2, 4, "x")}));
  EXPECT_FALSE(apply_edits("abc", {edit(2, 1, "x")}));
}

}  // namespace
}  // namespace untorn::fix
