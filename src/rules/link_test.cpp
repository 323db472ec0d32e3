// SPDX-License-Identifier: Apache-2.0
#include "rules/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "rules/rule.h"
#include "rules/sample_facts.h"

namespace untorn::rules {
namespace {

using languages::Argument;
using samples::FileMaker;
using samples::OperationKind;
using samples::parameter_path;
using samples::path_of;
using samples::PathFacts;
using testing::ElementsAre;
using testing::IsEmpty;

Argument passed(std::string key) {
  return {"", path_of(std::move(key)), ""};
}

std::vector<Finding> judge_one(const SourceFacts& file) {
  return judge(link(std::span(&file, 1))[0]);
}

TEST(Link, own_path_is_the_only_target_without_callers) {
  FileMaker maker("app.py", "app");
  maker.function("save").operation(OperationKind::create, path_of("state"));
  const SourceFacts file = maker.done();
  const auto linked = link(std::span(&file, 1));
  ASSERT_EQ(linked[0].operations[0].targets.size(), 1U);
  EXPECT_EQ(linked[0].operations[0].targets[0].path.key, "state");
  EXPECT_TRUE(linked[0].operations[0].targets[0].called_by.empty());
}

TEST(Link, caller_of_another_file_passes_its_path) {
  FileMaker files("pkg/files.py", "pkg.files");
  files.function("write", {"path"}).operation(OperationKind::create, parameter_path(0, "p"));
  FileMaker app("pkg/app.py", "pkg.app");
  app.function("save").call(".files:write", {passed("pkg.app.STATE")});
  const std::vector<SourceFacts> all = {files.done(), app.done()};
  const auto linked = link(all);
  ASSERT_EQ(linked[0].operations[0].targets.size(), 1U);
  EXPECT_EQ(linked[0].operations[0].targets[0].path.key, "pkg.app.STATE");
  EXPECT_EQ(linked[0].operations[0].targets[0].called_by, "save() at pkg/app.py line 1");
}

TEST(Link, keys_are_kept_between_files) {
  FileMaker writer("writer.py", "writer");
  writer.function("put").operation(OperationKind::create, path_of("config.STATE"));
  FileMaker reader("reader.py", "reader");
  reader.function("load").operation(OperationKind::read, path_of("config.STATE"));
  const std::vector<SourceFacts> all = {writer.done(), reader.done()};
  EXPECT_EQ(link(all)[0].operations[0].targets[0].read_back, "load() at reader.py line 1");
}

TEST(Link, mode_that_nobody_names_is_a_read) {
  FileMaker maker("app.py", "app");
  maker.function("opened", {"path", "mode"})
      .operation(OperationKind::create, parameter_path(0, "p"))
      .mode_parameter = 1;
  const SourceFacts file = maker.done();
  EXPECT_EQ(link(std::span(&file, 1))[0].operations[0].kind, OperationKind::read);
  EXPECT_THAT(judge_one(file), IsEmpty());
}

TEST(Link, unique_temporary_that_is_synced_and_published_is_silent) {
  FileMaker maker("app.py", "app");
  auto& write = maker.function("save").operation(OperationKind::create, path_of("tmp"));
  write.synced = true;
  write.target.is_unique = true;
  maker.rename(path_of("tmp"), path_of("state")).source.is_unique = true;
  maker.operation(OperationKind::sync_directory, path_of("folder"));
  EXPECT_THAT(judge_one(maker.done()), IsEmpty());
}

TEST(Link, last_write_decides_whether_the_source_is_synced) {
  FileMaker maker("app.py", "app");
  auto& first = maker.function("save").operation(OperationKind::create, path_of("tmp"));
  first.synced = true;
  maker.operation(OperationKind::append, path_of("tmp"));
  maker.rename(path_of("tmp"), path_of("state"));
  const auto findings = judge_one(maker.done());
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].rule, RuleId::rename_without_fsync);
  EXPECT_THAT(findings[0].also, ElementsAre(RuleId::temp_collision, RuleId::directory_not_synced));
}

TEST(Link, a_handle_out_of_sight_has_the_benefit_of_a_sync_in_the_function) {
  const auto rules_with = [](bool syncs) {
    FileMaker maker("app.py", "app");
    maker.function("save").last_function().syncs = syncs;
    auto& write = maker.operation(OperationKind::create, path_of("tmp"));
    write.escapes = true;
    write.target.is_unique = true;
    maker.rename(path_of("tmp"), path_of("state")).source.is_unique = true;
    return judge_one(maker.done())[0].rule;
  };
  EXPECT_EQ(rules_with(false), RuleId::rename_without_fsync);
  EXPECT_EQ(rules_with(true), RuleId::directory_not_synced);
}

TEST(Link, our_own_module_is_silent_under_whatever_name) {
  FileMaker maker("lib/safe_files.py", "lib.safe_files");
  maker.function("atomic_open", {"path"}).operation(OperationKind::create, parameter_path(0, "p"));
  maker.function("atomic_write_text").function("atomic_write_bytes");
  EXPECT_THAT(judge_one(maker.done()), IsEmpty());
}

TEST(Link, thousands_of_callers_and_renames_cost_no_more_than_their_number) {
  constexpr int count = 20'000;
  FileMaker maker("app.py", "app");
  maker.function("write", {"path"}).operation(OperationKind::create, parameter_path(0, "p"));
  maker.function("many");
  for (int index = 0; index < count; ++index) {
    maker.operation(OperationKind::create, path_of("tmp"));
    maker.rename(path_of("tmp"), path_of("state"));
    maker.call("write", {passed("path" + std::to_string(index))});
  }
  const SourceFacts file = maker.done();
  const auto linked = link(std::span(&file, 1));
  EXPECT_LE(linked[0].operations[0].targets.size(), 64U);
  EXPECT_EQ(judge(linked[0]).size(), static_cast<std::size_t>(count) + 1);
}

TEST(Judge, findings_come_in_the_order_of_the_text) {
  FileMaker maker("app.py", "app");
  maker.function("later").operation(OperationKind::create, path_of("b"));
  maker.operation(OperationKind::append, path_of("a"));
  SourceFacts file = maker.done();
  std::swap(file.facts.operations[0].range, file.facts.operations[1].range);
  const auto findings = judge_one(file);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].rule, RuleId::append_torn);
  EXPECT_EQ(findings[0].operation, 1U);
}

TEST(Judge, grade_of_the_fix_is_that_of_the_rewrite_for_whole_writes_alone) {
  const auto fix_of = [](OperationKind kind, std::string extension) {
    FileMaker maker("app.py", "app");
    auto& operation = maker.function("f").operation(kind, path_of("x"));
    operation.rewrite.grade = languages::RewriteGrade::safe;
    operation.target.extension = std::move(extension);
    return judge_one(maker.done())[0];
  };
  EXPECT_EQ(fix_of(OperationKind::create, ".json").fix, languages::RewriteGrade::safe);
  EXPECT_TRUE(fix_of(OperationKind::create, ".json").fix_reason.empty());
  EXPECT_EQ(fix_of(OperationKind::create, ".log").fix, languages::RewriteGrade::unsafe);
  EXPECT_EQ(fix_of(OperationKind::append, ".json").fix, languages::RewriteGrade::display);
  EXPECT_FALSE(fix_of(OperationKind::append, ".json").fix_reason.empty());
  FileMaker maker("app.py", "app");
  maker.function("f").operation(OperationKind::create, path_of("x"));
  const auto unknown = judge_one(maker.done());
  EXPECT_EQ(unknown[0].fix, languages::RewriteGrade::none);
  EXPECT_EQ(unknown[0].fix_reason, "no edit is known for a call of this kind");
  EXPECT_EQ(fix_of(OperationKind::copy, ".json").fix, languages::RewriteGrade::display);
}

// Facts of any kind, as a damaged cache or a new reader could make them.
SourceFacts random_file(std::mt19937& random, int number) {
  const auto below = [&](int bound) { return static_cast<int>(random() % unsigned(bound)); };
  const std::vector<std::string> keys = {"", "a", "b", "tmp", "m1.X"};
  const std::vector<std::string> callees = {"",    ".",       "f1",   "C.f2", ".m1:f1",  "..:x",
                                            "m1.", ".m1:f1.", "....", "m1",   "m1.C.f2", ":"};
  const auto path = [&] {
    PathFacts made = path_of(keys[std::size_t(below(5))]);
    made.parameter = below(5) - 2;
    made.is_whole_parameter = made.parameter >= 0 && below(2) == 0;
    made.is_unique = below(4) == 0;
    made.looks_temporary = below(3) == 0;
    made.never_leaves = below(8) == 0;
    made.file_name = below(3) == 0 ? "state.json" : "";
    return made;
  };
  FileMaker maker("m" + std::to_string(number) + ".py", "m" + std::to_string(number));
  for (int step = 0; step < 12; ++step) {
    if (below(3) == 0) maker.function(below(2) == 0 ? "f1" : "C.f2", {"path", "mode"});
    auto& operation = maker.operation(static_cast<OperationKind>(below(12)), path());
    operation.source = path();
    operation.synced = below(2) == 0;
    operation.escapes = below(4) == 0;
    operation.mode_parameter = below(6) - 3;
    maker.call(callees[std::size_t(below(int(callees.size())))],
               {{"", path(), "w"}, {"mode", path(), "a"}});
  }
  return maker.done();
}

TEST(Judge, any_facts_give_sorted_findings_each_site_once) {
  std::mt19937 random(1);
  for (int run = 0; run < 500; ++run) {
    std::vector<SourceFacts> files;
    for (int file = 0; file < 3; ++file) files.push_back(random_file(random, file));
    for (const LinkedFile& file : link(files)) {
      ASSERT_EQ(file.operations.size(), file.source.facts.operations.size());
      std::uint32_t last = 0;
      for (const Finding& finding : judge(file)) {
        ASSERT_GT(finding.range.span.begin, last);
        last = finding.range.span.begin;
        ASSERT_FALSE(finding.message.empty());
        ASSERT_FALSE(finding.why.empty());
      }
    }
  }
}

}  // namespace
}  // namespace untorn::rules
