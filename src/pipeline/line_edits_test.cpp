// SPDX-License-Identifier: Apache-2.0
#include "pipeline/line_edits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <string_view>
#include <vector>

namespace untorn::pipeline {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TextFile parsed(std::string_view bytes) {
  auto file = TextFile::parse(bytes, "a.txt");
  EXPECT_TRUE(file) << file.error();
  return *file;
}

std::string edited(std::string_view bytes, std::vector<LineEdit> edits) {
  TextFile file = parsed(bytes);
  const auto done = apply_edits(file, std::move(edits), "a.txt");
  EXPECT_TRUE(done) << done.error();
  return file.bytes();
}

Error refused(std::string_view bytes, std::vector<LineEdit> edits) {
  TextFile file = parsed(bytes);
  const auto done = apply_edits(file, std::move(edits), "a.txt");
  EXPECT_EQ(file.bytes(), bytes);
  return done ? Error(Code::internal, Step::check, Outcome::unknown, 0, "it was done")
              : done.error();
}

std::string fixed(std::string_view bytes, const std::string& path = "a.txt") {
  TextFile file = parsed(bytes);
  (void)apply_fixes(file, all_line_fixes(), path);
  return file.bytes();
}

LineEdit replaced(std::uint64_t first, std::uint64_t last, std::vector<std::string> lines) {
  return {.first = first, .last = last, .lines = std::move(lines)};
}

TEST(text_file, tells_the_encoding_and_gives_the_same_bytes_back) {
  const std::vector<std::pair<std::string_view, TextEncoding>> samples = {
      {"", TextEncoding::utf8},
      {"a\nb", TextEncoding::utf8},
      {"é\r\n", TextEncoding::utf8},
      {"\xEF\xBB\xBF"
       "é\n",
       TextEncoding::utf8_with_mark},
      {"\xFF\xFE"
       "a\0\r\0\n\0"sv,
       TextEncoding::utf16_little},
      {"\xFE\xFF\0a\0\n"sv, TextEncoding::utf16_big},
      {"\xE9t\xE9\n", TextEncoding::latin1},
      {"\xEF\xBB\xBF\xE9\n", TextEncoding::latin1},
      {"\xC0\x80\n", TextEncoding::latin1},       // an overlong form is no UTF-8
      {"\xED\xA0\x80\n", TextEncoding::latin1}};  // nor is a surrogate
  for (const auto& [bytes, encoding] : samples) {
    const TextFile file = parsed(bytes);
    EXPECT_EQ(file.encoding(), encoding) << bytes;
    EXPECT_EQ(file.bytes(), bytes);
  }
}

TEST(text_file, refuses_what_is_no_text) {
  for (const std::string_view bytes : {"a\0b"sv,
                                       "\xFF\xFE"
                                       "a"sv,
                                       "\xFF\xFE\0\0"sv}) {
    const auto file = TextFile::parse(bytes, "a.bin");
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code(), Code::unsupported);
    EXPECT_EQ(file.error().path(), "a.bin");
  }
}

TEST(text_file, decodes_and_encodes_every_encoding) {
  EXPECT_EQ(parsed("\xE9\n").decode("\xE9"), "é");
  EXPECT_EQ(parsed("\xE9\n").encode("é"), "\xE9");
  const TextFile wide = parsed("\xFF\xFE");
  EXPECT_EQ(wide.encode("a😀"), "a\0\x3D\xD8\x00\xDE"sv);
  EXPECT_EQ(wide.decode("a\0\x3D\xD8\x00\xDE"sv), "a😀");
  EXPECT_EQ(wide.decode("\x3D\xD8"), "\xED\xA0\xBD");  // half of a pair stays what it is
  EXPECT_EQ(wide.encode("\xED\xA0\xBD"), "\x3D\xD8");
}

// Text of the characters that matter to lines, in some encoding or in none.
rc::Gen<std::string> any_bytes() {
  const auto pieces = rc::gen::element<std::string>(" ", "\t", "\r", "\n", "\r\n", "a", "é", "😀",
                                                    "\xE9", "\xEF\xBB\xBF", "\xFF\xFE");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(pieces),
                      [](const std::vector<std::string>& all) {
                        std::string bytes;
                        for (const std::string& piece : all) bytes += piece;
                        return bytes;
                      });
}

TEST(text_file, any_text_in_any_encoding_comes_back) {
  const bool held = rc::check([] {
    const std::string bytes = *any_bytes();
    const auto file = TextFile::parse(bytes, "a.txt");
    if (!file) return;
    RC_ASSERT(file->bytes() == bytes);
    for (const FileLine& line : file->lines) {
      const auto encoded = file->encode(file->decode(line.content));
      RC_ASSERT(encoded.has_value());
      RC_ASSERT(*encoded == line.content);
    }
  });
  EXPECT_TRUE(held);
}

TEST(line_edits, keep_every_other_byte) {
  EXPECT_EQ(edited("a \r\nb\n\rc\tx", {replaced(2, 2, {"B"})}), "a \r\nB\n\rc\tx");
  EXPECT_EQ(edited("\xEF\xBB\xBF"
                   "a\nb\n",
                   {replaced(1, 1, {"é"})}),
            "\xEF\xBB\xBF"
            "é\nb\n");
  EXPECT_EQ(edited("\xE9\nb\n", {replaced(2, 2, {"ü"})}), "\xE9\n\xFC\n");
}

TEST(line_edits, new_lines_get_the_ends_of_their_place) {
  EXPECT_EQ(edited("a\r\nb\n", {replaced(1, 1, {"1", "2"})}), "1\r\n2\r\nb\n");
  EXPECT_EQ(edited("a\r\nb\r\n", {replaced(3, 2, {"c"})}), "a\r\nb\r\nc\r\n");
  EXPECT_EQ(edited("", {replaced(1, 0, {"a"})}), "a\n");
}

TEST(line_edits, keep_a_missing_last_line_end) {
  EXPECT_EQ(edited("a\r\nb", {replaced(2, 2, {"B", "C"})}), "a\r\nB\r\nC");
  EXPECT_EQ(edited("a\nb", {replaced(3, 2, {"c"})}), "a\nb\nc");
  EXPECT_EQ(edited("a", {replaced(1, 1, {"b"}), replaced(2, 1, {"c"})}), "b\nc");
}

TEST(line_edits, several_edits_count_lines_of_the_old_file) {
  EXPECT_EQ(edited("1\n2\n3\n4\n",
                   {replaced(4, 4, {"four"}), replaced(2, 2, {}), replaced(1, 0, {"zero"})}),
            "zero\n1\n3\nfour\n");
  EXPECT_EQ(edited("1\n2\n", {replaced(2, 2, {"two"}), replaced(2, 1, {"before two"})}),
            "1\nbefore two\ntwo\n");
}

TEST(line_edits, act_only_on_the_expected_content) {
  LineEdit edit = replaced(2, 2, {"B"});
  edit.expected = {"b"};
  EXPECT_EQ(edited("a\r\nb\r\n", {edit}), "a\r\nB\r\n");
  const Error error = refused("a\n  b\n", {edit});
  EXPECT_EQ(error.code(), Code::conflict);
  EXPECT_THAT(error.message(),
              HasSubstr("line 2 is not as expected: it holds \"  b\", expected was \"b\""));
  edit.expected = {"b", "c"};
  EXPECT_EQ(refused("a\nb\n", {edit}).code(), Code::invalid_argument);
}

TEST(line_edits, refuse_lines_that_are_not_there) {
  for (const LineEdit& edit :
       {replaced(0, 0, {}), replaced(3, 3, {}), replaced(4, 3, {"x"}), replaced(2, 0, {}),
        replaced(1, UINT64_MAX, {}), replaced(UINT64_MAX, UINT64_MAX, {})}) {
    const Error error = refused("a\nb\n", {edit});
    EXPECT_EQ(error.code(), Code::invalid_argument);
    EXPECT_THAT(error.message(), HasSubstr("the file has 2 lines"));
  }
}

TEST(line_edits, name_the_range_that_is_not_there) {
  EXPECT_THAT(refused("a\nb\n", {replaced(3, 3, {})}).message(), HasSubstr("no line 3:"));
  EXPECT_THAT(refused("a\nb\n", {replaced(3, 1, {})}).message(),
              HasSubstr("no range from line 3 to 1:"));
  EXPECT_THAT(refused("a\nb\n", {replaced(4, 3, {"x"})}).message(),
              HasSubstr("no place before line 4:"));
}

TEST(line_edits, refuse_what_a_line_cannot_hold) {
  EXPECT_EQ(refused("a\n", {replaced(1, 1, {"x\ny"})}).code(), Code::invalid_argument);
  EXPECT_EQ(refused("a\n", {replaced(1, 1, {"x\xFF"})}).code(), Code::invalid_argument);
  EXPECT_EQ(refused("a\n", {replaced(1, 1, {"x\0"s + "y"})}).code(), Code::invalid_argument);
  EXPECT_THAT(refused("\xE9\n", {replaced(1, 1, {"€"})}).message(),
              HasSubstr("the file is latin-1 and cannot hold U+20AC"));
  EXPECT_THAT(refused("a\nb\n", {replaced(1, 2, {"x"}), replaced(2, 2, {"y"})}).message(),
              HasSubstr("two edits touch line 2"));
}

TEST(line_fixes, each_does_its_own) {
  EXPECT_EQ(fixed("a  \nb\t\n"), "a\nb\n");
  EXPECT_EQ(fixed("\tif x:\n  \ty\tz\n"), "    if x:\n    y\tz\n");
  EXPECT_EQ(fixed("a\r\nb\r\nc\n"), "a\r\nb\r\nc\r\n");
  EXPECT_EQ(fixed("a\n\n\n"), "a\n");
  EXPECT_EQ(fixed("a"), "a\n");
  EXPECT_EQ(fixed("a\r\nb"), "a\r\nb\r\n");
  EXPECT_EQ(fixed("  \n\t\n"), "");
  EXPECT_EQ(fixed(""), "");
}

TEST(line_fixes, tell_what_they_did) {
  TextFile file = parsed("a \nb \n\n\n");
  EXPECT_THAT(
      apply_fixes(file, all_line_fixes(), "a.py"),
      ElementsAre(Pair(LineFix::trailing_whitespace, 2U), Pair(LineFix::trailing_blank_lines, 2U)));
  TextFile again = parsed("a \n\n");
  EXPECT_THAT(apply_fixes(again, {LineFix::trailing_blank_lines}, "a.py"),
              ElementsAre(Pair(LineFix::trailing_blank_lines, 1U)));
  EXPECT_EQ(again.bytes(), "a \n");
}

TEST(line_fixes, leave_white_space_that_means_something) {
  EXPECT_EQ(fixed("break  \nnone   \n", "README.md"), "break  \nnone\n");
  EXPECT_EQ(fixed("all:\n\tcc\n", "src/Makefile"), "all:\n\tcc\n");
  EXPECT_EQ(fixed("\tx\n", "main.go"), "\tx\n");
}

TEST(line_fixes, keep_the_encoding) {
  EXPECT_EQ(fixed("\xFF\xFE\t\0a\0 \0"sv),
            "\xFF\xFE \0 \0 \0 \0"
            "a\0\n\0"sv);
  EXPECT_EQ(fixed("\xE9 \n"), "\xE9\n");
}

TEST(line_fixes, a_second_time_changes_nothing) {
  const bool held = rc::check([] {
    auto file = TextFile::parse(*any_bytes(), "a.txt");
    if (!file) return;
    (void)apply_fixes(*file, all_line_fixes(), "a.txt");
    auto again = TextFile::parse(file->bytes(), "a.txt");
    RC_ASSERT(again.has_value());
    RC_ASSERT(apply_fixes(*again, all_line_fixes(), "a.txt").empty());
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace untorn::pipeline
