// SPDX-License-Identifier: Apache-2.0
//
// The formats: whole files pass, and what a crash makes of them does not.
#include "prove/formats/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "prove/formats/format_test_files.h"

namespace untorn::prove {
namespace {

using testing::HasSubstr;

std::string long_text() {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "line " + std::to_string(i * i) + "\n";
  return text;
}

TEST(format_of, goes_by_the_extension_in_any_case_or_by_a_whole_name) {
  EXPECT_EQ(format_of("a/b/state.json"), Format::json);
  EXPECT_EQ(format_of("A.YAML"), Format::yaml);
  EXPECT_EQ(format_of("backup/site.tar.gz"), Format::gzip);
  EXPECT_EQ(format_of("x.yml"), Format::yaml);
  EXPECT_EQ(format_of("dist/p.whl"), Format::zip);
  EXPECT_EQ(format_of("dir/Cargo.lock"), Format::toml);
  EXPECT_EQ(format_of("Pipfile.lock"), Format::json);
  EXPECT_EQ(format_of("i.png"), Format::png);
}

TEST(format_of, leaves_other_names_alone) {
  for (const char* path : {"", "/", "json", ".json", "a.json/b", "a.jsonl", "a.png.tmp", "gz"})
    EXPECT_EQ(format_of(path), std::nullopt) << path;
}

TEST(problem_with, accepts_whole_files) {
  EXPECT_EQ(problem_with(Format::json, R"({"a": [1, NaN]})"), "");
  EXPECT_EQ(problem_with(Format::toml, "[a]\nb = 1\nc = 2020-01-01\n"), "");
  EXPECT_EQ(problem_with(Format::toml, ""), "");
  EXPECT_EQ(problem_with(Format::yaml, "a: &x [1, two]\nb: *x\n---\nc\n"), "");
  EXPECT_EQ(problem_with(Format::gzip, gzip_file(long_text())), "");
  EXPECT_EQ(problem_with(Format::gzip, gzip_file("")), "");
  EXPECT_EQ(problem_with(Format::png, png_file(33, 17, false)), "");
  EXPECT_EQ(problem_with(Format::png, png_file(33, 17, true)), "");
  EXPECT_EQ(problem_with(Format::png, png_file(1, 1, true)), "");
  EXPECT_EQ(problem_with(Format::zip, zip_file({{"a.txt", long_text()}, {"empty", ""}})), "");
  EXPECT_EQ(problem_with(Format::zip, zip_file({})), "");
}

TEST(problem_with, says_what_is_wrong_and_where) {
  EXPECT_EQ(problem_with(Format::json, R"({"a": )"), "JSON: the document ends early");
  EXPECT_EQ(problem_with(Format::json, "{} x"), "JSON: no JSON at byte 3");
  EXPECT_THAT(problem_with(Format::toml, "a = 1\nb = [\n"), HasSubstr("TOML: line "));
  EXPECT_THAT(problem_with(Format::yaml, "a: [1,\n"), HasSubstr("YAML: line 2: "));
  EXPECT_THAT(problem_with(Format::yaml, "a: *nothing\n"), HasSubstr("alias of nothing"));
  EXPECT_THAT(problem_with(Format::gzip, "no gzip at all"), HasSubstr("gzip: in the member at"));
  EXPECT_EQ(problem_with(Format::zip, "PK"), "zip: it has no end record");
  EXPECT_EQ(problem_with(Format::png, "GIF89a"), "PNG: the signature is missing");
}

TEST(problem_with, takes_no_nul_for_text) {
  EXPECT_NE(problem_with(Format::toml, std::string("a = 1\n\0\0", 8)), "");
  EXPECT_NE(problem_with(Format::yaml, std::string("a: 1\n\0\0", 7)), "");
  EXPECT_NE(problem_with(Format::json, std::string("{}\0", 3)), "");
  for (const Format format :
       {Format::json, Format::toml, Format::yaml, Format::gzip, Format::zip, Format::png}) {
    EXPECT_NE(problem_with(format, std::string(600, '\0')), "") << to_string(format);
  }
}

TEST(problem_with, takes_no_empty_file_but_a_toml_one) {
  for (const Format format : {Format::json, Format::yaml, Format::gzip, Format::zip, Format::png}) {
    EXPECT_NE(problem_with(format, ""), "") << to_string(format);
  }
}

TEST(problem_with, stays_on_one_line_whatever_the_bytes) {
  const std::string hostile = zip_file({{"a\n\x1b[31m", "content"}}, {.damage_checksum = true});
  const std::string problem = problem_with(Format::zip, hostile);
  EXPECT_THAT(problem, HasSubstr("its checksum is wrong"));
  EXPECT_EQ(problem.find_first_of("\n\x1b"), std::string::npos);
}

struct Sample {
  Format format;
  std::string content;
};

std::vector<Sample> samples() {
  return {{Format::gzip, gzip_file(long_text())},
          {Format::gzip, gzip_file("x") + gzip_file(long_text())},
          {Format::png, png_file(33, 17, false)},
          {Format::png, png_file(9, 9, true)},
          {Format::zip, zip_file({{"a.txt", long_text()}, {"b", "stored"}})},
          {Format::json, R"({"name": "x", "list": [1, 2, {"y": null}]})"}};
}

TEST(problem_with, finds_every_truncation) {
  for (const Sample& sample : samples()) {
    const std::size_t member = gzip_file("x").size();  // a whole file of its own
    for (std::size_t size = 0; size < sample.content.size(); ++size) {
      if (sample.format == Format::gzip && size == member) continue;
      EXPECT_NE(problem_with(sample.format, sample.content.substr(0, size)), "")
          << to_string(sample.format) << " cut at " << size;
    }
  }
}

TEST(problem_with, finds_a_lost_sector_and_a_lost_tail) {
  for (const Sample& sample : samples()) {
    if (sample.format == Format::json) continue;
    std::string tail = sample.content;
    tail.replace(tail.size() / 2, tail.size(), tail.size() - tail.size() / 2, '\0');
    EXPECT_NE(problem_with(sample.format, tail), "") << to_string(sample.format);
    std::string middle = sample.content;
    const std::size_t size = middle.size() / 4;
    middle.replace(middle.size() / 3, size, size, '\0');
    EXPECT_NE(problem_with(sample.format, middle), "") << to_string(sample.format);
  }
}

TEST(problem_with, finds_every_flipped_bit_of_a_picture) {
  const std::string good = png_file(9, 9, false);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    EXPECT_NE(problem_with(Format::png, with_flipped_bit(good, bit)), "") << "bit " << bit;
  }
}

// Bits of a header that say when and where it was packed, and those that fill up the last byte of a
// stream, mean nothing: whoever unpacks the file gets the same bytes.
TEST(problem_with, finds_every_flipped_bit_that_changes_what_a_gzip_file_unpacks_to) {
  const std::string text = long_text();
  const std::string good = gzip_file(text);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    const std::string flipped = with_flipped_bit(good, bit);
    const bool found = !problem_with(Format::gzip, flipped).empty();
    EXPECT_TRUE(found || gunzip(flipped) == text) << "bit " << bit;
  }
}

TEST(problem_with, finds_every_flipped_bit_in_a_member_of_an_archive) {
  const std::string name = "some-name.txt";
  const std::string content = "stored, so that every bit counts";
  const std::string good = zip_file({{name, content}}, {.store = true});
  const std::size_t begin = good.find(name);
  const std::size_t end = good.find(content) + content.size();
  for (std::size_t bit = begin * 8; bit < end * 8; ++bit) {
    EXPECT_NE(problem_with(Format::zip, with_flipped_bit(good, bit)), "") << "bit " << bit;
  }
}

TEST(problem_with_gzip, accepts_padding_and_refuses_garbage_behind_the_members) {
  EXPECT_EQ(problem_with(Format::gzip, gzip_file("x") + std::string(512, '\0')), "");
  EXPECT_NE(problem_with(Format::gzip, gzip_file("x") + "garbage"), "");
}

TEST(problem_with_zip, accepts_a_comment_a_prefix_and_64_bit_records) {
  const std::string comment = "a comment with PK\x05\x06 in it";
  EXPECT_EQ(problem_with(Format::zip, zip_file({{"a", "b"}}, {.comment = comment})), "");
  EXPECT_EQ(problem_with(Format::zip, "#!/bin/sh\nexec unpack\n" + zip_file({{"a", "b"}})), "");
  EXPECT_EQ(problem_with(Format::zip, zip_file({{"a", long_text()}}, {.wide = true})), "");
}

TEST(problem_with_zip, does_not_judge_what_it_cannot_unpack) {
  EXPECT_THAT(problem_with(Format::zip, zip_file({{"a", "b"}}, {.method = 12})),
              HasSubstr("packing method 12 is not judged"));
  EXPECT_THAT(problem_with(Format::zip, zip_file({{"a", "b"}}, {.flags = 1})),
              HasSubstr("encrypted"));
}

TEST(problem_with, unpacks_no_bomb) {
  const std::string zeros(1U << 20U, '\0');
  const std::string member = gzip_file(zeros);
  std::string bomb;
  for (int i = 0; i < 257; ++i) bomb += member;
  EXPECT_THAT(problem_with(Format::gzip, bomb), HasSubstr("256 MiB"));
  std::vector<std::pair<std::string, std::string>> files(257, {"a", zeros});
  EXPECT_THAT(problem_with(Format::zip, zip_file(files)), HasSubstr("256 MiB"));
  EXPECT_THAT(problem_with(Format::png, png_header_only(60'000, 60'000)), HasSubstr("256 MiB"));
}

TEST(problem_with_yaml, gives_up_on_nesting_that_nobody_writes) {
  EXPECT_NE(problem_with(Format::yaml, std::string(200'000, '[')), "");
  EXPECT_NE(problem_with(Format::toml, "a = " + std::string(200'000, '[')), "");
}

}  // namespace
}  // namespace untorn::prove
