// SPDX-License-Identifier: Apache-2.0
#include "registry/stored.h"

#include <gtest/gtest.h>

#include <string>

namespace untorn::registry {
namespace {

StoredVersion about() {
  StoredVersion version;
  version.entry = "greet";
  version.number = 3;
  version.stored_ns = 1'700'000'000'000'000'000;
  version.origin = VersionOrigin::replaced;
  return version;
}

std::string sample() {
  using namespace std::string_literals;
  return version_text(about(), {{.attachment = "", .content = "{}\n", .mode = 0644},
                                {.attachment = "py", .content = "a\0\nb"s, .mode = std::nullopt}});
}

TEST(Stored, the_text_of_a_version_is_read_back) {
  using namespace std::string_literals;
  const std::string text = sample();
  EXPECT_TRUE(text.starts_with(
      R"({"untorn": {"format": "registry-version", "version": 1, "oldest_reader": 1}, )"));
  const ParsedLine line = parse_line(text);
  ASSERT_EQ(line.state, LineState::right);
  EXPECT_EQ(line.version.entry, "greet");
  EXPECT_EQ(line.version.number, 3U);
  EXPECT_EQ(line.version.stored_ns, 1'700'000'000'000'000'000);
  EXPECT_EQ(line.version.origin, VersionOrigin::replaced);
  EXPECT_EQ(line.version.bytes(), 7U);
  const auto contents = contents_in(line, text);
  ASSERT_TRUE(contents);
  const std::vector<FileContent> expected = {{"", "{}\n", 0644}, {"py", "a\0\nb"s, std::nullopt}};
  EXPECT_EQ(*contents, expected);
}

TEST(Stored, every_changed_byte_is_noticed) {
  const std::string text = sample();
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 0x01);
    const ParsedLine line = parse_line(changed);
    const auto contents = contents_in(line, changed);
    // What does not change the meaning of the line is no damage: none of its bytes is such a one.
    EXPECT_FALSE(contents) << at;
  }
}

TEST(Stored, every_cut_and_every_addition_is_noticed) {
  const std::string text = sample();
  for (std::size_t length = 0; length < text.size(); ++length) {
    const std::string cut = text.substr(0, length);
    EXPECT_FALSE(contents_in(parse_line(cut), cut)) << length;
  }
  const std::string longer = text + "x";
  EXPECT_FALSE(contents_in(parse_line(longer), longer));
}

TEST(Stored, a_newer_format_is_told_from_damage) {
  std::string text = sample();
  const std::string old = R"("oldest_reader": 1)";
  text.replace(text.find(old), old.size(), R"("oldest_reader": 2)");
  EXPECT_EQ(parse_line(text).state, LineState::newer);
  // A newer version that older readers may open is read, as far as its check is right.
  EXPECT_EQ(parse_line("{}\n").state, LineState::damaged);
  EXPECT_EQ(parse_line("").state, LineState::damaged);
  EXPECT_EQ(parse_line(std::string(70000, ' ') + "\n").state, LineState::damaged);
}

TEST(Stored, names_of_versions_sort_by_number) {
  EXPECT_EQ(version_name(7), "version-000000000007");
  EXPECT_EQ(number_of_version("version-000000000007"), 7U);
  EXPECT_EQ(number_of_version(version_name(1234567890123)), 1234567890123U);
  for (const char* name : {"version-", "version-7", "version-00000000000a", "version-000000000000",
                           "version-9999999999999999999", "x"}) {
    EXPECT_EQ(number_of_version(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace untorn::registry
