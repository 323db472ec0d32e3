// SPDX-License-Identifier: Apache-2.0
#include "report/html.h"

#include <gtest/gtest.h>

#include <string_view>

namespace untorn::report {
namespace {

TEST(Html, no_text_becomes_markup) {
  EXPECT_EQ(html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(html(std::string_view("a\0b\x1b[31m\n\xff", 10)), "a\\x00b\\x1b[31m\\n\xEF\xBF\xBD");
  EXPECT_EQ(html("\xE2\x80\xAE"), "\\xe2\\x80\\xae");  // what turns the direction of text
}

}  // namespace
}  // namespace untorn::report
