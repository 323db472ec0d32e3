// SPDX-License-Identifier: Apache-2.0
//
// Goal: documents of one tree keep their generations in the tree's one folder, find them whatever
// way they are opened, and lose none of those that they kept beside themselves before.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "document/document_test_support.h"
#include "document/inspect.h"
#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/document.h"

namespace untorn::document {
namespace {

using testing::names_in;
using testing::read_file;
using testing::status_of;
using testing::write_file;

const std::string path_in_tree = "p/sub/state.json";
const std::string kept_in_tree = "p/.untorn/documents/sub/state.json";
const std::string kept_beside = "p/sub/.untorn/documents/state.json";

InMemoryFileSystem tree() {
  return InMemoryFileSystem({{.path = "p", .type = FileType::directory, .mode = 0755},
                             {.path = "p/sub", .type = FileType::directory, .mode = 0755},
                             {.path = "q", .type = FileType::directory, .mode = 0755}});
}

Document open_at(FileSystem& fs, const std::string& path, const DocumentOptions& options) {
  auto document = Document::open(fs, path, options);
  EXPECT_TRUE(document.has_value()) << document.error();
  return std::move(*document);
}

Document open_in_tree(FileSystem& fs, bool read_only = false) {
  return open_at(fs, path_in_tree, {.read_only = read_only, .tree = "p"});
}

// As a version did that knew no trees: three generations beside the document.
void fill_beside(FileSystem& fs) {
  Document document = open_at(fs, path_in_tree, {});
  for (const char* text : {"[1]", "[2]", "[3]"}) (void)put_text(document, text);
}

std::vector<std::string> texts_of(Document& document) {
  std::vector<std::string> texts;
  const auto history = document.history();
  EXPECT_TRUE(history.has_value());
  for (const Generation& one : *history) {
    if (!one.intact) continue;  // a crash or a failing call left it
    texts.push_back(std::to_string(one.number) + " " +
                    document.read_generation(one.number)->text());
  }
  return texts;
}

bool exists(FileSystem& fs, const std::string& path) {
  return fs.status_at(Handle::working_directory, path).has_value();
}

TEST(DocumentTree, keeps_generations_in_the_one_folder_of_the_tree) {
  InMemoryFileSystem fs = tree();
  Document document = open_in_tree(fs);
  (void)put_text(document, "[1]");
  (void)put_text(document, "[2]");
  EXPECT_EQ(read_file(fs, "p/.untorn/.gitignore"), "*\n");
  EXPECT_EQ(status_of(fs, kept_in_tree).mode, 0700U);
  EXPECT_EQ(names_in(fs, kept_in_tree).size(), 3U) << "two generations and the lock";
  EXPECT_EQ(names_in(fs, "p/sub"), std::vector<std::string>{"state.json"});
  write_file(fs, path_in_tree, "[");
  EXPECT_EQ(loaded_text(document), "[2]");
  EXPECT_EQ(read_file(fs, path_in_tree + ".damaged-1"), "[") << "set aside beside the document";
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(DocumentTree, is_found_by_every_spelling_of_its_path) {
  InMemoryFileSystem fs = tree();
  ASSERT_TRUE(fs.make_symlink("sub", Handle::working_directory, "p/link"));
  Document document = open_in_tree(fs);
  (void)put_text(document, "[1]");
  for (const auto& [path, root] :
       std::vector<std::pair<std::string, std::string>>{{"p/link/state.json", "p"},
                                                        {"p/./sub/../sub/state.json", "q/../p"},
                                                        {"/p/sub/state.json", "p/"},
                                                        {"p//sub/state.json", "/p/link/.."}}) {
    Document same = open_at(fs, path, {.tree = root});
    EXPECT_EQ(same.load()->generation, 1U) << path << " in " << root;
  }
}

TEST(DocumentTree, the_document_of_a_tree_may_lie_in_its_top) {
  InMemoryFileSystem fs = tree();
  Document document = open_at(fs, "p/top.json", {.tree = "p"});
  (void)put_text(document, "[1]");
  EXPECT_EQ(names_in(fs, "p/.untorn/documents"), std::vector<std::string>{"top.json"});
  EXPECT_EQ(open_at(fs, "p/top.json", {}).load()->generation, 1U) << "which needs no tree";
}

TEST(DocumentTree, what_a_link_leads_out_of_the_tree_is_kept_beside_its_target) {
  InMemoryFileSystem fs = tree();
  ASSERT_TRUE(fs.make_symlink("../../q/data.json", Handle::working_directory, path_in_tree));
  Document document = open_in_tree(fs);
  (void)put_text(document, "[1]");
  EXPECT_EQ(read_file(fs, "q/data.json"), "[1]");
  EXPECT_EQ(names_in(fs, "q/.untorn/documents"), std::vector<std::string>{"data.json"});
  EXPECT_FALSE(exists(fs, "p/.untorn"));
}

TEST(DocumentTree, a_tree_that_is_not_there_is_an_error) {
  InMemoryFileSystem fs = tree();
  write_file(fs, "file", "x");
  for (const char* root : {"none", "file"}) {
    EXPECT_FALSE(Document::open(fs, path_in_tree, {.tree = root}).has_value()) << root;
  }
}

TEST(DocumentTree, two_documents_of_one_name_are_two) {
  InMemoryFileSystem fs = tree();
  Document below = open_in_tree(fs);
  Document top = open_at(fs, "p/state.json", {.tree = "p"});
  (void)put_text(below, "[\"below\"]");
  (void)put_text(top, "[\"top\"]");
  write_file(fs, path_in_tree, "");
  write_file(fs, "p/state.json", "");
  EXPECT_EQ(loaded_text(below), "[\"below\"]");
  EXPECT_EQ(loaded_text(top), "[\"top\"]");
  EXPECT_EQ(names_kept_in(fs, "p"), (std::vector<std::string>{"state.json", "sub/state.json"}));
}

TEST(DocumentTree, generations_from_before_the_tree_are_taken_over) {
  InMemoryFileSystem fs = tree();
  fill_beside(fs);
  const auto before = [&fs] {
    Document old = open_at(fs, path_in_tree, {});
    return texts_of(old);
  }();
  Document observer = open_in_tree(fs, true);
  EXPECT_EQ(texts_of(observer), before);
  EXPECT_EQ(observer.load()->generation, 3U);
  EXPECT_FALSE(exists(fs, "p/.untorn")) << "who only looks changes nothing";
  Document document = open_in_tree(fs);
  EXPECT_EQ(document.load()->generation, 3U);
  EXPECT_EQ(texts_of(document), before);
  EXPECT_FALSE(exists(fs, "p/sub/.untorn"));
  EXPECT_EQ(put_text(document, "[4]").generation, 4U);
}

TEST(DocumentTree, damage_is_answered_by_a_generation_from_before_the_tree) {
  InMemoryFileSystem fs = tree();
  fill_beside(fs);
  write_file(fs, path_in_tree, "[3");
  Document observer = open_in_tree(fs, true);
  EXPECT_EQ(loaded_text(observer), "[3]");
  Document document = open_in_tree(fs);
  EXPECT_EQ(loaded_text(document), "[3]");
  EXPECT_EQ(read_file(fs, path_in_tree), "[3]");
}

TEST(DocumentTree, what_else_lies_in_the_older_folder_stays) {
  InMemoryFileSystem fs = tree();
  fill_beside(fs);
  write_file(fs, kept_beside + "/notes", "mine");
  const std::string spoilt = kept_beside + "/generation-000000000002";
  write_file(fs, spoilt, "untorn-generation 9 9 of a later version");
  Document document = open_in_tree(fs);
  (void)put_text(document, "[4]");
  EXPECT_EQ(read_file(fs, kept_beside + "/notes"), "mine");
  EXPECT_TRUE(exists(fs, spoilt)) << "of a newer format: neither used nor removed";
  EXPECT_EQ(document.read_generation(1)->text(), "[1]");
  EXPECT_EQ(document.read_generation(3)->text(), "[3]");
}

// Two versions of Untorn on one tree, one after the other.
TEST(DocumentTree, what_an_older_version_wrote_since_is_not_overwritten_unseen) {
  InMemoryFileSystem fs = tree();
  fill_beside(fs);
  Document document = open_in_tree(fs);
  (void)put_text(document, "[4]");
  const std::uint64_t known = document.load()->generation;
  Document old = open_at(fs, path_in_tree, {});
  (void)put_text(old, "[\"old\"]");
  const auto refused = document.replace(json("[5]"), known);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::conflict);
  EXPECT_EQ(loaded_text(document), "[\"old\"]");
  EXPECT_FALSE(exists(fs, "p/sub/.untorn")) << "taken over again";
  EXPECT_TRUE(document.replace(json("[5]"), document.load()->generation));
  const std::vector<std::string> texts = texts_of(document);
  ASSERT_GE(texts.size(), 3U);
  EXPECT_TRUE(texts[0].ends_with(" [5]"));
  EXPECT_TRUE(texts[1].ends_with(" [\"old\"]"));
}

TEST(DocumentTree, whichever_call_fails_while_taking_over_nothing_is_lost) {
  InMemoryFileSystem quiet = tree();
  fill_beside(quiet);
  FaultFileSystem counting(quiet);
  Document counted = open_in_tree(counting);
  ASSERT_TRUE(counted.replace(json("[4]")));
  const std::size_t count = counting.sites().size();
  ASSERT_GT(count, 60U);
  for (const int error : {EIO, ENOSPC, EACCES}) {
    for (const bool persistent : {false, true}) {
      for (std::size_t n = 0; n < count; ++n) {
        InMemoryFileSystem below = tree();
        fill_beside(below);
        FaultFileSystem fs(below, Fault{.at = n, .error = Errno{error}, .persistent = persistent});
        bool is_replaced = false;
        if (auto document = Document::open(fs, path_in_tree, {.tree = "p"})) {
          is_replaced = document->replace(json("[4]")).has_value();
        }
        Document after = open_in_tree(below);
        const std::string text = loaded_text(after);
        EXPECT_TRUE(text == "[4]" || (text == "[3]" && !is_replaced)) << n << ": " << text;
        std::string all;
        for (const std::string& one : texts_of(after)) all += one.substr(one.find(' '));
        for (const char* wanted : {"[1]", "[2]", "[3]"}) {
          EXPECT_NE(all.find(wanted), std::string::npos)
              << "call " << n << ", errno " << error << ": " << all;
        }
        EXPECT_EQ(below.open_handles(), 0U) << n;
      }
    }
  }
}

TEST(Inspect, finds_the_tree_of_a_document_by_itself) {
  InMemoryFileSystem fs = tree();
  Document document = open_in_tree(fs);
  (void)put_text(document, "[1]");
  (void)put_text(document, "[2]");
  write_file(fs, path_in_tree, "[");
  const auto found = inspect(fs, path_in_tree);
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->condition, Condition::damaged);
  EXPECT_TRUE(found->repairable());
  EXPECT_EQ(repair(fs, path_in_tree)->generation.number, 2U);
  EXPECT_EQ(read_file(fs, path_in_tree), "[2]");
  EXPECT_FALSE(exists(fs, "p/sub/.untorn"));
}

}  // namespace
}  // namespace untorn::document
