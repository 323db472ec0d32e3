// SPDX-License-Identifier: Apache-2.0
#include "health/doctor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/test_directory.h"
#include "health/documents.h"
#include "report/json.h"
#include "untorn/document.h"

namespace untorn::health {
namespace {

const std::string left_name = ".untorn-tmp-0123456789abcdef0123456789abcdef";
const std::string other_name = ".untorn-tmp-ffffffffffffffffffffffffffffffff";

Clock quiet_clock() {
  return {.now_ns = [] { return std::int64_t{1} << 60; },
          .started_ns = [] { return std::int64_t{0}; },
          .pause = [](std::chrono::milliseconds) {}};
}

Options options_for(std::vector<std::string> folders) {
  Options options;
  for (std::string& folder : folders) options.folders.push_back({.shown = folder, .real = folder});
  options.clock = quiet_clock();
  return options;
}

std::vector<std::string> lines_of(const Report& report) {
  std::vector<std::string> lines;
  for (const Problem& problem : report.problems) {
    lines.push_back(problem.path + " " + std::string(to_string(problem.kind)) + " " +
                    std::string(to_string(problem.severity)) +
                    (problem.repaired ? " repaired" : ""));
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Doctor, a_tree_without_problems_is_healthy) {
  InMemoryFileSystem fs({{.path = "srv/state.json", .content = Bytes("{}")}});
  const Report report = examine(fs, options_for({"/srv"}));
  EXPECT_TRUE(report.problems.empty());
  EXPECT_FALSE(report.has_problems());
  EXPECT_TRUE(report.is_complete());
  EXPECT_EQ(report.root, "/srv");
  EXPECT_EQ(report.counts.folders, 1U);
  EXPECT_EQ(report.counts.files, 1U);
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(Doctor, finds_temporaries_everywhere_and_repairs_them_once) {
  InMemoryFileSystem fs({{.path = "srv/a/" + left_name, .content = Bytes("x")},
                         {.path = "srv/.git/objects/" + other_name, .content = Bytes("y")},
                         {.path = "srv/state", .content = Bytes("old")}});
  Options options = options_for({"/srv"});
  EXPECT_EQ(lines_of(examine(fs, options)),
            (Lines{".git/objects/" + other_name + " stale-temporary warning",
                   "a/" + left_name + " stale-temporary warning"}));
  options.repair = true;
  Report report = examine(fs, options);
  EXPECT_EQ(lines_of(report),
            (Lines{".git/objects/" + other_name + " stale-temporary warning repaired",
                   "a/" + left_name + " stale-temporary warning repaired"}));
  EXPECT_FALSE(report.has_problems());
  report = examine(fs, options);
  EXPECT_TRUE(report.problems.empty());
  EXPECT_EQ(test::read_path(fs, "srv/state"), "old");
}

TEST(Doctor, asked_for_temporaries_only_it_sweeps_and_touches_nothing_else) {
  InMemoryFileSystem fs({{.path = "srv/.untorn/transaction", .content = Bytes("damaged")},
                         {.path = "srv/" + left_name, .content = Bytes("x")},
                         {.path = "srv/a.json", .content = Bytes("{")},
                         {.path = "srv/b.json.damaged-1", .content = Bytes("{")}});
  Options options = options_for({"/srv"});
  options.documents = {"*.json"};
  options.repair = true;
  options.temporaries_only = true;
  EXPECT_EQ(lines_of(examine(fs, options)), Lines{left_name + " stale-temporary warning repaired"});
  EXPECT_EQ(test::read_path(fs, "srv/.untorn/transaction"), "damaged");
  EXPECT_EQ(test::read_path(fs, "srv/a.json"), "{");
}

TEST(Doctor, what_a_repair_set_aside_is_a_note) {
  InMemoryFileSystem fs({{.path = "srv/" + left_name, .content = Bytes("x")},
                         {.path = "srv/state.json.damaged-1", .content = Bytes("{")}});
  Options options = options_for({"/srv"});
  options.repair = true;
  options.clock.started_ns = options.clock.now_ns;
  EXPECT_EQ(lines_of(examine(fs, options)), (Lines{left_name + " stale-temporary warning repaired",
                                                   "state.json.damaged-1 set-aside info"}));
  const Report again = examine(fs, options);
  EXPECT_EQ(lines_of(again),
            (Lines{".untorn-set-aside-0123456789abcdef0123456789abcdef set-aside info",
                   "state.json.damaged-1 set-aside info"}));
  EXPECT_FALSE(again.has_problems());
}

TEST(Doctor, a_version_that_an_exchange_left_is_a_note) {
  InMemoryFileSystem fs({{.path = "srv/state.json.untorn-displaced-1", .content = Bytes("{}")},
                         {.path = "srv/state.json.untorn-displaced-x", .content = Bytes("{}")}});
  Options options = options_for({"/srv"});
  options.repair = true;
  const Report report = examine(fs, options);
  EXPECT_EQ(lines_of(report), Lines{"state.json.untorn-displaced-1 set-aside info"});
  EXPECT_NE(report.problems.at(0).detail.find("exchange"), std::string::npos);
  EXPECT_EQ(test::read_path(fs, "srv/state.json.untorn-displaced-1"), "{}");
}

TEST(Doctor, several_folders_share_the_deepest_root_and_none_is_looked_at_twice) {
  InMemoryFileSystem fs({{.path = "srv/a/in/" + left_name}, {.path = "srv/b/" + left_name}});
  const Report report = examine(fs, options_for({"/srv/b", "/srv/a", "/srv/a/in", "/srv/b"}));
  EXPECT_EQ(report.root, "/srv");
  EXPECT_EQ(report.counts.folders, 3U);
  EXPECT_EQ(lines_of(report), (Lines{"a/in/" + left_name + " stale-temporary warning",
                                     "b/" + left_name + " stale-temporary warning"}));
}

TEST(Doctor, the_deepest_folder_that_holds_all_is_found_by_components) {
  const auto root = [](std::vector<std::string> folders) {
    return common_folder(options_for(std::move(folders)).folders);
  };
  EXPECT_EQ(root({"/a/b"}), "/a/b");
  EXPECT_EQ(root({"/a/b", "/a/bc"}), "/a");
  EXPECT_EQ(root({"/a/b/c", "/a/b"}), "/a/b");
  EXPECT_EQ(root({"/a", "/b"}), "/");
  EXPECT_EQ(root({"/", "/b"}), "/");
  EXPECT_EQ(root({"/b", "/"}), "/");
}

TEST(Doctor, a_named_folder_that_is_not_there_is_a_failure_and_the_others_are_looked_at) {
  InMemoryFileSystem fs({{.path = "srv/" + left_name}});
  const Report report = examine(fs, options_for({"/none", "/srv"}));
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_EQ(report.failures.front().error.code(), Code::not_found);
  EXPECT_EQ(report.failures.front().path, "none");
  EXPECT_EQ(report.problems.size(), 1U);
  EXPECT_FALSE(report.is_complete());
}

TEST(Doctor, a_folder_that_cannot_be_read_makes_the_answer_incomplete) {
  InMemoryFileSystem below({{.path = "srv/a/x"}, {.path = "srv/b/x"}});
  FaultFileSystem fs(below, {.at = 1, .call = Call::list, .error = Errno{EACCES}});
  const Report report = examine(fs, options_for({"/srv"}));
  ASSERT_EQ(report.skipped.size(), 1U);
  EXPECT_EQ(report.skipped.front().path, "a");
  EXPECT_EQ(report.skipped.front().reason, "Permission denied");
  EXPECT_FALSE(report.is_complete());
  EXPECT_FALSE(report.has_problems());
}

TEST(Doctor, an_interruption_keeps_what_was_found) {
  InMemoryFileSystem fs({{.path = "srv/" + left_name}, {.path = "srv/z/" + other_name}});
  Options options = options_for({"/srv"});
  options.repair = true;
  options.keep_going = [](const Counts& counts) { return counts.folders < 2; };
  const Report report = examine(fs, options);
  EXPECT_TRUE(report.interrupted);
  EXPECT_EQ(lines_of(report), (Lines{left_name + " stale-temporary warning repaired"}));
  EXPECT_FALSE(report.is_complete());
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(Doctor, documents_that_a_person_names_are_judged) {
  InMemoryFileSystem fs({{.path = "srv/good.json", .content = Bytes("{\"a\": NaN}\n")},
                         {.path = "srv/empty.json"},
                         {.path = "srv/in/cut.json", .content = Bytes("{\"a\": [1, 2")},
                         {.path = "srv/in/nul.json", .content = Bytes(std::string(64, '\0'))},
                         {.path = "srv/comment.json", .content = Bytes("// words\n{}")},
                         {.path = "srv/state.yaml"},
                         {.path = "srv/notes.txt", .content = Bytes(std::string("\0\0\0x", 4))}});
  Options options = options_for({"/srv"});
  EXPECT_TRUE(examine(fs, options).problems.empty());
  options.documents = {"*.json", "*.yaml", "*.txt"};
  for (const bool repair : {false, true}) {
    options.repair = repair;
    const Report report = examine(fs, options);
    EXPECT_EQ(lines_of(report),
              (Lines{"empty.json corrupt-document error", "in/cut.json corrupt-document error",
                     "in/nul.json corrupt-document error", "state.yaml corrupt-document error"}));
    EXPECT_EQ(report.counts.documents, 7U);
  }
  EXPECT_EQ(test::read_path(fs, "srv/in/cut.json"), "{\"a\": [1, 2");
}

TEST(DocumentPatterns, match_the_name_the_path_below_or_the_absolute_path) {
  const auto matches = [](const std::string& pattern) {
    return DocumentPatterns({pattern}).matches("s.json", "a/b/s.json", "/srv/a/b/s.json");
  };
  for (const char* const pattern :
       {"s.json", "*.json", "a/b/s.json", "a/*.json", "a/*", "/srv/*.json", "*/s.json", "?.json"}) {
    EXPECT_TRUE(matches(pattern)) << pattern;
  }
  for (const char* const pattern :
       {"*.yaml", "b/s.json", "/a/b/s.json", "a", "s", "", "[", "srv/*"}) {
    EXPECT_FALSE(matches(pattern)) << pattern;
  }
}

void make_generations(FileSystem& fs, const std::string& path) {
  auto document = Document::open(fs, path);
  ASSERT_TRUE(document.has_value()) << document.error().message();
  for (const std::int64_t runs : {1, 2}) {
    const auto saved = document->update([&](std::optional<JsonDocument>& state) {
      state.emplace(JsonValue::object());
      state->root.set("runs", JsonValue::integer(runs));
      return Result<void>();
    });
    ASSERT_TRUE(saved.has_value()) << saved.error().message();
  }
}

TEST(Doctor, a_damaged_document_comes_back_from_its_generations) {
  InMemoryFileSystem fs({{.path = "srv", .type = FileType::directory}});
  make_generations(fs, "/srv/state.json");
  const std::string good = test::read_path(fs, "srv/state.json");
  Options options = options_for({"/srv"});
  EXPECT_TRUE(examine(fs, options).problems.empty());
  test::write_path(fs, "srv/state.json", good.substr(0, good.size() / 2));
  EXPECT_EQ(lines_of(examine(fs, options)), Lines{"state.json corrupt-document error"});
  options.repair = true;
  EXPECT_EQ(lines_of(examine(fs, options)), Lines{"state.json corrupt-document error repaired"});
  EXPECT_EQ(test::read_path(fs, "srv/state.json"), good);
  EXPECT_EQ(lines_of(examine(fs, options)), Lines{"state.json.damaged-1 set-aside info"});
  EXPECT_EQ(test::read_path(fs, "srv/state.json.damaged-1"), good.substr(0, good.size() / 2));
}

TEST(Doctor, a_damaged_document_comes_back_on_the_disk_of_this_machine) {
  const test::TestDirectory directory(test::fast_folder());
  FileSystem& fs = posix_file_system();
  const std::string folder = directory.path().string();
  make_generations(fs, folder + "/ünï code.json");
  const std::string good = test::read_path(fs, folder + "/ünï code.json");
  test::write_path(fs, folder + "/ünï code.json", std::string(good.size(), '\0'));
  Options options = options_for({folder});
  options.repair = true;
  EXPECT_EQ(lines_of(examine(fs, options)), Lines{"ünï code.json corrupt-document error repaired"});
  EXPECT_EQ(test::read_path(fs, folder + "/ünï code.json"), good);
  EXPECT_EQ(lines_of(examine(fs, options)), Lines{"ünï code.json.damaged-1 set-aside info"});
}

TEST(Doctor, a_missing_document_comes_back_from_its_generations) {
  InMemoryFileSystem fs({{.path = "srv", .type = FileType::directory}});
  make_generations(fs, "/srv/state.json");
  const std::string good = test::read_path(fs, "srv/state.json");
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "srv/state.json").has_value());
  Options options = options_for({"/srv"});
  EXPECT_EQ(lines_of(examine(fs, options)), Lines{"state.json corrupt-document error"});
  options.repair = true;
  EXPECT_FALSE(examine(fs, options).has_problems());
  EXPECT_EQ(test::read_path(fs, "srv/state.json"), good);
}

TEST(Doctor, generations_themselves_are_not_taken_for_documents) {
  InMemoryFileSystem fs({{.path = "srv", .type = FileType::directory}});
  make_generations(fs, "/srv/state.json");
  Options options = options_for({"/srv"});
  options.documents = {"*"};
  const Report report = examine(fs, options);
  EXPECT_EQ(report.counts.documents, 1U);
  EXPECT_TRUE(report.problems.empty());
}

// Whatever call fails: no file that is not a temporary is lost, and "healthy" is not said of what
// was not looked at.
TEST(Doctor, a_failing_call_loses_nothing) {
  const auto fresh = [] {
    return std::vector<TreeEntry>{{.path = "srv/a/" + left_name, .content = Bytes("x")},
                                  {.path = "srv/b/state.json", .content = Bytes("{}")},
                                  {.path = "srv/b/cut.json", .content = Bytes("{")}};
  };
  Options options = options_for({"/srv"});
  options.documents = {"*.json"};
  options.repair = true;
  InMemoryFileSystem first(fresh());
  FaultFileSystem counting(first);
  (void)examine(counting, options);
  for (std::size_t at = 0; at < counting.sites().size(); ++at) {
    InMemoryFileSystem fs(fresh());
    FaultFileSystem failing(fs, {.at = at, .error = Errno{EIO}});
    const Report report = examine(failing, options);
    ASSERT_TRUE(failing.fired()) << at;
    EXPECT_EQ(test::read_path(fs, "srv/b/state.json"), "{}") << at;
    EXPECT_EQ(test::read_path(fs, "srv/b/cut.json"), "{") << at;
    EXPECT_TRUE(report.has_problems() || !report.is_complete()) << at;
    EXPECT_EQ(fs.open_handles(), 0U) << at;
  }
}

TEST(DoctorReport, text_has_one_line_a_problem_whatever_the_names) {
  InMemoryFileSystem fs({{.path = "s r\nv/\x1b[31m/" + left_name, .content = Bytes("x")}});
  Options options = options_for({"/s r\nv"});
  const std::string text = render_text(examine(fs, options), false);
  EXPECT_EQ(std::ranges::count(text, '\n'), 3) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("next: the same command with --repair"), std::string::npos) << text;
}

TEST(DoctorReport, paths_in_text_are_those_that_the_person_may_type) {
  InMemoryFileSystem fs({{.path = "srv/a/" + left_name}});
  Options options = options_for({"/srv"});
  options.folders.front().shown = "sub/dir";
  EXPECT_NE(render_text(examine(fs, options), false).find("sub/dir/a/" + left_name),
            std::string::npos);
  options.folders.front().shown = ".";
  EXPECT_NE(render_text(examine(fs, options), false).find(" a/" + left_name), std::string::npos);
}

TEST(DoctorReport, json_begins_with_the_schema_and_tells_an_error) {
  InMemoryFileSystem fs({{.path = "srv/" + left_name}});
  const std::string json = render_json(examine(fs, options_for({"/srv"})));
  EXPECT_TRUE(json.starts_with("{\"schema\": \"untorn.doctor/1\"")) << json;
  EXPECT_EQ(json.find("\"error\": {"), std::string::npos);
  const std::string failed = render_json(examine(fs, options_for({"/none"})));
  EXPECT_NE(failed.find("\"code\": \"not_found\""), std::string::npos) << failed;
}

}  // namespace
}  // namespace untorn::health
