// SPDX-License-Identifier: Apache-2.0
#include "settings/toml.h"

#include <gtest/gtest.h>

namespace untorn::settings {
namespace {

TEST(toml, values_of_every_kind_keep_their_type_and_line) {
  const auto table = parse_toml("untorn.toml",
                                "a = true\nb = 7\nc = 1.5\nd = \"x\"\ne = [1,\n\"y\"]\n"
                                "f = 1979-05-27\n[g.h]\ni = false\n[[j]]\nk = 1\n[[j]]\nk = 2\n");
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(std::get<bool>(find(*table, "a")->data), true);
  EXPECT_EQ(std::get<std::int64_t>(find(*table, "b")->data), 7);
  EXPECT_EQ(std::get<double>(find(*table, "c")->data), 1.5);
  EXPECT_EQ(std::get<std::string>(find(*table, "d")->data), "x");
  EXPECT_EQ(find(*table, "d")->line, 4U);
  const auto& list = std::get<List>(find(*table, "e")->data);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[1].line, 6U);
  EXPECT_TRUE(std::holds_alternative<Other>(find(*table, "f")->data));
  const auto& outer = std::get<Table>(find(*table, "g")->data);
  EXPECT_EQ(find(outer, "h")->line, 8U);
  EXPECT_EQ(std::get<List>(find(*table, "j")->data).size(), 2U);
  EXPECT_EQ(find(*table, "z"), nullptr);
}

TEST(toml, what_does_not_parse_is_an_error_with_path_and_line) {
  const auto table = parse_toml("conf/untorn.toml", "a = 1\nb = = 2\n");
  ASSERT_FALSE(table.has_value());
  EXPECT_EQ(table.error().code(), Code::invalid_argument);
  EXPECT_EQ(table.error().path(), "conf/untorn.toml");
  EXPECT_TRUE(table.error().detail().starts_with("line 2: ")) << table.error().detail();
}

TEST(toml, hostile_text_is_refused_and_never_a_crash) {
  EXPECT_FALSE(parse_toml("x", "a = " + std::string(100'000, '[')).has_value());
  EXPECT_FALSE(parse_toml("x", std::string("a\0b = 1", 7)).has_value());
  EXPECT_FALSE(parse_toml("x", "a = \"\xFF\xFE\"").has_value());
  EXPECT_TRUE(parse_toml("x", "").has_value());
}

}  // namespace
}  // namespace untorn::settings
