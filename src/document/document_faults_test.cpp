// SPDX-License-Identifier: Apache-2.0
//
// Goal: whichever call fails, nothing is lost and the next attempt succeeds.
// Method: count the calls of one operation, then fail each of them, with several errors.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "document/document_test_support.h"
#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/document.h"

namespace untorn::document {
namespace {

using testing::names_in;
using testing::read_file;
using testing::write_file;

const std::string new_text = R"({"n": 4})";

// Runs `operation` with each of its calls failing in turn; `judge` says what is wrong afterwards.
void fail_each_call(const std::function<void(InMemoryFileSystem&)>& prepare,
                    const std::function<void(Document&)>& operation,
                    const std::function<std::string(InMemoryFileSystem&)>& judge) {
  InMemoryFileSystem quiet;
  prepare(quiet);
  FaultFileSystem counting(quiet);
  Document counted = open_document(counting);
  operation(counted);
  const std::size_t count = counting.sites().size();
  ASSERT_GT(count, 20U);
  for (const int error : {EIO, ENOSPC, EACCES}) {
    for (const bool persistent : {false, true}) {
      for (std::size_t n = 0; n < count; ++n) {
        InMemoryFileSystem below;
        prepare(below);
        FaultFileSystem fs(below, Fault{.at = n, .error = Errno{error}, .persistent = persistent});
        if (auto document = Document::open(fs, "state.json")) operation(*document);
        EXPECT_EQ(judge(below), "") << "call " << n << ", errno " << error << " "
                                    << (fs.fired() ? to_string(fs.sites()[n]) : "");
        EXPECT_EQ(below.open_handles(), 0U) << n;
      }
    }
  }
}

std::string judge_text(FileSystem& fs, const std::vector<std::string>& allowed) {
  Document document = open_document(fs);
  const std::string text = loaded_text(document);
  for (const std::string& one : allowed) {
    if (text == one) return document.replace(json(new_text)) ? "" : "it cannot be replaced";
  }
  return "it loads as " + text.substr(0, 100);
}

TEST(DocumentFaults, a_replacement_that_fails_leaves_the_old_content_or_the_new) {
  fail_each_call([](InMemoryFileSystem& fs) { fill(fs); },
                 [](Document& document) { (void)document.replace(json(new_text)); },
                 [](InMemoryFileSystem& fs) { return judge_text(fs, {newest_text(), new_text}); });
}

TEST(DocumentFaults, a_first_replacement_that_fails_leaves_nothing_or_the_new_content) {
  fail_each_call([](InMemoryFileSystem&) {},
                 [](Document& document) { (void)document.replace(json(new_text)); },
                 [](InMemoryFileSystem& fs) { return judge_text(fs, {"", new_text}); });
}

TEST(DocumentFaults, a_recovery_that_fails_loses_neither_damage_nor_generations) {
  const std::string damage = newest_text().substr(0, 5000);
  fail_each_call(
      [&damage](InMemoryFileSystem& fs) {
        fill(fs);
        write_file(fs, "state.json", damage);
      },
      [](Document& document) { (void)document.load(); },
      [&damage](InMemoryFileSystem& fs) -> std::string {
        bool there = read_file(fs, "state.json") == damage;
        for (const std::string& name : names_in(fs, ".")) {
          if (name.find(".damaged-") != std::string::npos) there |= read_file(fs, name) == damage;
        }
        if (!there) return "the damaged bytes are gone";
        return judge_text(fs, {newest_text()});
      });
}

TEST(DocumentFaults, an_edit_that_cannot_be_kept_is_loaded_all_the_same) {
  InMemoryFileSystem below;
  fill(below);
  write_file(below, "state.json", "[\"edit\"]");
  FaultFileSystem fs(
      below, Fault{.at = 0, .call = Call::write, .error = Errno{ENOSPC}, .persistent = true});
  Document document = open_document(fs);
  const auto loaded = document.load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->document->text(), "[\"edit\"]");
  EXPECT_TRUE(loaded->edited);
  EXPECT_EQ(loaded->generation, 0U) << "and says that it is not kept";
}

TEST(DocumentFaults, a_full_disk_refuses_and_changes_nothing) {
  InMemoryFileSystem below;
  fill(below);
  const auto before = files_of(below);
  FaultFileSystem fs(
      below, Fault{.at = 0, .call = Call::write, .error = Errno{ENOSPC}, .persistent = true});
  Document document = open_document(fs);
  const auto refused = document.replace(json(new_text));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::no_space);
  EXPECT_EQ(refused.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(files_of(below), before);
}

TEST(DocumentFaults, writes_that_take_a_part_only_are_continued) {
  for (std::uint64_t n = 0; n < 3; ++n) {
    InMemoryFileSystem below;
    fill(below);
    FaultFileSystem fs(below, Fault{.at = n,
                                    .call = Call::write,
                                    .persistent = true,
                                    .effect = Fault::Effect::short_write,
                                    .bytes = 3});
    Document document = open_document(fs);
    ASSERT_TRUE(document.replace(json(new_text)));
    EXPECT_EQ(document.read_generation(4)->text(), new_text);
    EXPECT_EQ(read_file(below, "state.json"), new_text);
  }
}

TEST(DocumentFaults, without_hard_links_the_damaged_file_is_renamed) {
  InMemoryFileSystem below;
  fill(below);
  write_file(below, "state.json", "[1");
  FaultFileSystem fs(below,
                     Fault{.at = 0, .call = Call::link, .error = Errno{EPERM}, .persistent = true});
  Document document = open_document(fs);
  EXPECT_EQ(loaded_text(document), newest_text());
  EXPECT_EQ(read_file(below, "state.json.damaged-1"), "[1");
}

}  // namespace
}  // namespace untorn::document
