// SPDX-License-Identifier: Apache-2.0
//
// What is said of a file as a whole, and which files cannot be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "languages/language.h"
#include "languages/python/grammar.h"
#include "languages/python/source.h"
#include "languages/python/text.h"

namespace untorn::languages {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Ne;

FileFacts facts_of(std::string_view path, std::string_view source) {
  const auto facts = python().read(path, source);
  EXPECT_TRUE(facts) << facts.error().reason;
  return facts ? *facts : FileFacts{};
}

Unreadable failure_of(std::string_view source) {
  const auto facts = python().read("app.py", source);
  EXPECT_FALSE(facts);
  return facts ? Unreadable{} : facts.error();
}

TEST(python_reader, knows_each_name_of_the_grammar) {
  static_assert(std::is_same_v<KindId, FieldId>);
  using Numbers = std::array<KindId, sizeof(Grammar) / sizeof(KindId)>;
  const auto numbers = std::bit_cast<Numbers>(Grammar::get());
  EXPECT_GT(numbers.size(), 100U);
  EXPECT_THAT(numbers, Each(Ne(0)));
}

TEST(python_reader, names_the_module_by_its_path) {
  EXPECT_EQ(facts_of("app.py", "").module, "app");
  EXPECT_EQ(facts_of("shop/orders/store.py", "").module, "shop.orders.store");
  EXPECT_EQ(facts_of("shop/orders/__init__.py", "").module, "shop.orders");
  EXPECT_EQ(facts_of("__init__.py", "").module, "");
  EXPECT_EQ(facts_of("bin/tool", "").module, "bin.tool");
}

TEST(python_reader, reads_an_empty_file) {
  const FileFacts facts = facts_of("app.py", "");
  ASSERT_EQ(facts.functions.size(), 1U);
  EXPECT_EQ(facts.functions[0].name, "");
  EXPECT_THAT(facts.operations, IsEmpty());
}

TEST(python_reader, tells_where_a_text_does_not_parse) {
  const Unreadable failure = failure_of("x = 1\ny = 2\ndef f(:\n  pass\n");
  EXPECT_EQ(failure.kind, Unreadable::Kind::syntax_error);
  EXPECT_THAT(failure.reason, HasSubstr("line 3"));
}

TEST(python_reader, calls_a_nul_byte_binary) {
  const Unreadable failure = failure_of(std::string_view("x = 1\ny\0 = 2\n", 13));
  EXPECT_EQ(failure.kind, Unreadable::Kind::binary);
  EXPECT_THAT(failure.reason, HasSubstr("line 2: a NUL byte"));
}

TEST(python_reader, calls_foreign_bytes_without_a_cookie_binary) {
  const Unreadable failure = failure_of("x = 1\n# caf\xe9\n");
  EXPECT_EQ(failure.kind, Unreadable::Kind::binary);
  EXPECT_THAT(failure.reason, HasSubstr("line 2: the bytes are not UTF-8"));
}

TEST(python_reader, calls_foreign_bytes_with_a_cookie_for_utf8_binary) {
  EXPECT_EQ(failure_of("# -*- coding: utf-8 -*-\n# caf\xe9\n").kind, Unreadable::Kind::binary);
}

TEST(python_reader, reads_the_encoding_that_a_cookie_names) {
  for (const std::string_view cookie :
       {"# -*- coding: latin-1 -*-", "# vim: set fileencoding=cp1252 :", "#coding:iso-8859-15",
        "#!/usr/bin/python\n# coding=latin1"}) {
    const std::string source =
        std::string(cookie) + "\nopen('caf\xe9.txt', 'w').write('\xe9')  # \xe9\n";
    const FileFacts facts = facts_of("app.py", source);
    ASSERT_EQ(facts.operations.size(), 1U) << cookie;
    EXPECT_EQ(facts.operations[0].target.file_name, "caf_.txt");
    const Span span = facts.operations[0].range.span;
    EXPECT_EQ(source.substr(span.begin, span.size()), "open('caf\xe9.txt', 'w')");
  }
}

TEST(python_reader, reads_a_byte_order_mark) {
  const FileFacts facts = facts_of("app.py", "\xef\xbb\xbfopen('a.txt', 'w').write('x')\n");
  ASSERT_EQ(facts.operations.size(), 1U);
  EXPECT_EQ(facts.operations[0].range.first.line, 1U);
}

TEST(python_reader, reads_all_line_ends_and_python_2) {
  EXPECT_EQ(facts_of("app.py", "x = 1\r\nopen('a', 'w')\r\n").operations.at(0).range.first.line,
            2U);
  EXPECT_EQ(facts_of("app.py", "print 'a'\nprint >>open('a', 'w'), 'b'\n").operations.size(), 1U);
}

TEST(python_reader, counts_columns_in_code_points) {
  const FileFacts facts = facts_of("app.py", "x = 'ä€😀'; open('a', 'w')\n");
  EXPECT_EQ(facts.operations.at(0).range.first, (Position{.line = 1, .column = 12}));
}

TEST(python_reader, numbers_functions_in_the_order_of_the_text) {
  const FileFacts facts = facts_of("app.py", R"py(
def first(a, b="w", *rest, c=None, **more): pass
class Store:
    def save(self, path: str = "a.json"): pass
    @staticmethod
    def load(path): pass
    @classmethod
    def make(cls, path): pass
    class Inner:
        def run(self): pass
def outer():
    def inner(): pass
)py");
  std::vector<std::string> names;
  for (const Function& function : facts.functions) names.push_back(function.name);
  EXPECT_THAT(names, ElementsAre("", "first", "Store.save", "Store.load", "Store.make",
                                 "Store.Inner.run", "outer", "outer.inner"));
  std::vector<std::string> parameters;
  for (const Parameter& each : facts.functions[1].parameters) {
    parameters.push_back(each.name + "=" + each.default_constant);
  }
  EXPECT_THAT(parameters, ElementsAre("a=", "b=w", "*rest=", "c=", "**more="));
  ASSERT_EQ(facts.functions[2].parameters.size(), 1U);
  EXPECT_EQ(facts.functions[2].parameters[0].default_constant, "a.json");
  EXPECT_EQ(facts.functions[3].parameters.size(), 1U);
  EXPECT_EQ(facts.functions[4].parameters.size(), 1U);
}

TEST(python_reader, numbers_blocks) {
  const FileFacts facts = facts_of("app.py", R"py(
def f(p):
    open(p, "w")
    if p:
        open(p, "w")
    open(p, "w")
)py");
  ASSERT_EQ(facts.operations.size(), 3U);
  EXPECT_EQ(facts.operations[0].block, facts.operations[2].block);
  EXPECT_NE(facts.operations[0].block, facts.operations[1].block);
}

TEST(python_reader, marks_functions_that_sync) {
  const FileFacts facts = facts_of("app.py", R"py(
import os
def f(g):
    os.fsync(g)
def h(g):
    g.fsync()
)py");
  EXPECT_TRUE(facts.functions[1].syncs);
  EXPECT_FALSE(facts.functions[2].syncs);
}

TEST(python_reader, tells_tests_by_their_path) {
  for (const std::string_view path : {"tests/of a.py", "a/test/b.py", "test_a.py", "a/b_test.py",
                                      "conftest.py", "a/testing/b.py", "pkg/_tests/a.py"}) {
    EXPECT_TRUE(facts_of(path, "").is_test) << path;
  }
  for (const std::string_view path : {"a.py", "contest.py", "latest/a.py", "attest.py"}) {
    EXPECT_FALSE(facts_of(path, "").is_test) << path;
  }
}

TEST(python_reader, tells_tests_by_their_content) {
  const FileFacts cases = facts_of("checks.py", R"py(
import unittest
class StoreCase(unittest.TestCase):
    def setUp(self):
        open("a", "w")
def save(): pass
)py");
  EXPECT_TRUE(cases.is_test);
  EXPECT_TRUE(cases.functions[1].is_test);
  EXPECT_FALSE(cases.functions[2].is_test);
  const FileFacts fixtures = facts_of("fixtures.py", R"py(
import pytest
@pytest.fixture
def store(): pass
)py");
  EXPECT_TRUE(fixtures.functions[1].is_test);
  EXPECT_FALSE(fixtures.is_test);  // a plugin: it has no case
  EXPECT_FALSE(facts_of("app.py", "def test_speed(): pass\n").is_test);
}

TEST(python_reader, tells_generated_files) {
  EXPECT_TRUE(facts_of("a.py", "# Generated by protoc. DO NOT EDIT!\nx = 1\n").is_generated);
  EXPECT_TRUE(facts_of("a.py", "#!/bin/python\n# @generated\n").is_generated);
  EXPECT_FALSE(facts_of("a.py", "# edit me\nx = '@generated'\n").is_generated);
}

TEST(python_reader, keeps_comments_that_speak_to_us) {
  const FileFacts facts = facts_of("a.py", R"py(# a comment
x = 1  # untorn: allow UT001 -- a cache
    #   untorn: allow UT002
y = "# untorn: no"
z = 2  # noqa  # untorn: allow UT003
# this is no untorn: allow UT004
)py");
  ASSERT_EQ(facts.comments.size(), 3U);
  EXPECT_EQ(facts.comments[2].text, "untorn: allow UT003");
  EXPECT_EQ(facts.comments[0].line, 2U);
  EXPECT_EQ(facts.comments[0].text, "untorn: allow UT001 -- a cache");
  EXPECT_FALSE(facts.comments[0].alone);
  EXPECT_EQ(facts.comments[1].line, 3U);
  EXPECT_TRUE(facts.comments[1].alone);
}

TEST(python_reader, lists_the_names_of_the_module) {
  const FileFacts facts = facts_of("a.py", R"py(
import os.path
from json import dump as d
X, (Y, Z) = 1, (2, 3)
def f():
    global G
    G = local = 1
class C: pass
for i in y: pass
)py");
  EXPECT_THAT(facts.names, ElementsAre("C", "G", "X", "Y", "Z", "d", "f", "i", "os"));
}

TEST(python_reader, places_an_import) {
  EXPECT_EQ(facts_of("a.py", "import os\nx = 1\n").import_place.offset, 10U);
}

TEST(python_reader, finds_its_literals_in_whatever_it_reports) {
  // Without one of them a file is not parsed.
  for (const std::string_view source :
       {"open('a', 'w')", "import os\nos.rename('a', 'b')", "import shutil\nshutil.copy('a', 'b')",
        "from tempfile import mkstemp as m\nm()", "df.to_csv('a.csv')",
        "import os as o\no.truncate('a', 1)", "p.write_text('a')",
        "from zipfile import ZipFile as Z\nZ('a', 'w')",
        "from io import FileIO\nFileIO('a', 'w')"}) {
    const std::span<const std::string_view> literals = python().literals;
    EXPECT_FALSE(facts_of("a.py", source).operations.empty()) << source;
    EXPECT_TRUE(std::any_of(literals.begin(), literals.end(), [&](std::string_view literal) {
      return source.find(literal) != std::string_view::npos;
    })) << source;
  }
}

TEST(python_text, splits_words) {
  const auto words_of = [](std::string_view text) {
    std::vector<std::string> words;
    add_words(text, words);
    return words;
  };
  EXPECT_THAT(words_of("stateFile"), ElementsAre("state", "file"));
  EXPECT_THAT(words_of("STATE_FILE"), ElementsAre("state", "file"));
  EXPECT_THAT(words_of("JSONFile"), ElementsAre("json", "file"));
  EXPECT_THAT(words_of("a-b/c.json"), ElementsAre("a", "b", "c", "json"));
  EXPECT_THAT(words_of("v2 2024 utf8"), ElementsAre("v2", "utf8"));
  EXPECT_THAT(words_of("état"), ElementsAre("état"));
  EXPECT_THAT(words_of(""), IsEmpty());
}

TEST(python_text, puts_an_expression_on_one_line) {
  EXPECT_EQ(on_one_line("f(\n    a,\n\tb)"), "f( a, b)");
  EXPECT_EQ(on_one_line("abcdef", 6), "abcdef");
  EXPECT_EQ(on_one_line("abcdefg", 6), "abcde…");
  EXPECT_EQ(on_one_line("äöüäöüä", 6), "äöüäö…");
  EXPECT_EQ(on_one_line(""), "");
}

TEST(python_text, finds_what_is_not_utf8) {
  EXPECT_EQ(find_invalid_utf8("plain and äöü€😀, long enough for words"), std::string_view::npos);
  EXPECT_EQ(find_invalid_utf8("12345678\x80"), 8U);
  EXPECT_EQ(find_invalid_utf8("\xc0\xaf"), 0U);
  EXPECT_EQ(find_invalid_utf8("a\xed\xa0\x80"), 1U);
  EXPECT_EQ(find_invalid_utf8("a\xe2\x82"), 1U);
  EXPECT_EQ(find_invalid_utf8("\xf4\x90\x80\x80"), 0U);
}

}  // namespace
}  // namespace untorn::languages
