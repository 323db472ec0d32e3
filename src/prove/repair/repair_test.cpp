// SPDX-License-Identifier: Apache-2.0
#include "prove/repair/repair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "prove/judge/judge_test_log.h"
#include "prove/repair/fix_words.h"
#include "prove/repair/shrink.h"
#include "prove/repair/sync_place.h"
#include "prove/repair/virtual_replace.h"
#include "prove/repair/virtual_syncs.h"

namespace untorn::prove {
namespace {

using test::TestLog;

const std::string old_text = R"({"generation": 1})";
const std::string new_text = R"({"generation": 2})";

// A log with what its judging found and what the repair makes of it.
struct Case {
  explicit Case(const TestLog& test, ProveOptions given = {})
      : log(test.log), options(std::move(given)), history(log), plan(history, options) {
    JudgeLimits limits;
    limits.model = options.model;
    failures = judge(history, plan.groups(), options.engines, limits).failures;
    const Explainer explainer(history, nullptr, "/root");
    fixes = repair(history, plan, failures, options, explainer, std::chrono::hours(1), {}).fixes;
  }
  OperationLog log;
  ProveOptions options;
  crash::History history;
  Plan plan;
  std::vector<Failure> failures;
  std::vector<std::optional<ProvedFix>> fixes;
};

TestLog replace(bool sync_file, bool sync_directory) {
  TestLog log;
  const InodeId old_file = log.initial_file("state.json", old_text);
  const InodeId made = log.create("state.json.tmp");
  log.write(made, 0, new_text);
  if (sync_file) log.sync(made);
  log.close(made);
  log.rename(made, "state.json.tmp", "state.json", old_file);
  if (sync_directory) log.sync_directory();
  log.acknowledge();
  return log;
}

TestLog truncate_in_place() {
  TestLog log;
  const InodeId file = log.initial_file("state.json", old_text);
  log.open_truncate(file);
  log.write(file, 0, new_text);
  log.close(file);
  log.acknowledge();
  return log;
}

TEST(FixSearch, finds_the_sync_of_the_file_before_the_rename) {
  const Case tried(replace(false, true));
  ASSERT_FALSE(tried.failures.empty());
  for (const auto& fix : tried.fixes) {
    ASSERT_TRUE(fix);
    ASSERT_EQ(fix->steps.size(), 1U) << fix->text;
    EXPECT_EQ(fix->steps[0].call, "fsync of state.json.tmp");
    EXPECT_EQ(fix->steps[0].after_operation, 2U);
    EXPECT_GT(fix->states_checked, 0U);
    EXPECT_EQ(fix->text,
              "insert fsync of state.json.tmp after the write of state.json.tmp: 0 bad "
              "of " +
                  std::to_string(fix->states_checked) + " states");
  }
}

TEST(FixSearch, finds_the_sync_of_the_directory_that_a_promise_needs) {
  const Case tried(replace(true, false));
  ASSERT_EQ(tried.failures.size(), 1U);
  ASSERT_TRUE(tried.fixes[0]);
  ASSERT_EQ(tried.fixes[0]->steps.size(), 1U);
  EXPECT_EQ(tried.fixes[0]->steps[0].call, "fsync of the directory .");
}

// What is synced is promised: the directory's sync is missing as soon as the file's is there.
TEST(FixSearch, asks_what_becomes_promised_by_its_own_syncs) {
  const Case tried(replace(false, false));
  ASSERT_FALSE(tried.failures.empty());
  ASSERT_TRUE(tried.fixes[0]);
  EXPECT_EQ(tried.fixes[0]->steps.size(), 2U) << tried.fixes[0]->text;
}

TEST(FixSearch, replaces_a_file_that_no_sync_can_help) {
  const Case tried(truncate_in_place());
  ASSERT_GE(tried.failures.size(), 2U);  // by both engines
  for (const auto& fix : tried.fixes) {
    ASSERT_TRUE(fix);
    EXPECT_NE(fix->text.find("write a temporary, fsync, rename"), std::string::npos) << fix->text;
    EXPECT_NE(fix->text.find("0 bad of"), std::string::npos);
  }
}

TEST(FixSearch, syncs_a_log_before_its_promise) {
  TestLog log;
  const InodeId file = log.initial_file("journal.log", "one\n");
  log.open(file, true);
  log.write(file, 4, "two\n");
  log.acknowledge("saved\n");
  log.close(file);
  ProveOptions options;
  options.expect = {Check::atomic, Check::durable};
  const Case tried(log, options);
  ASSERT_FALSE(tried.failures.empty());
  for (const auto& fix : tried.fixes) {
    ASSERT_TRUE(fix);
    ASSERT_EQ(fix->steps.size(), 1U) << fix->text;
    EXPECT_EQ(fix->steps[0].call, "fsync of journal.log");
    EXPECT_EQ(fix->steps[0].after_operation, 1U);
  }
}

TEST(FixSearch, gives_two_paths_that_need_one_sync_the_same_fix) {
  TestLog log;
  for (const std::string name : {"a.json", "b.json"}) {
    const InodeId old_file = log.initial_file(name, old_text);
    const InodeId made = log.create(name + ".tmp");
    log.write(made, 0, new_text);
    log.sync(made);
    log.close(made);
    log.rename(made, name + ".tmp", name, old_file);
  }
  log.acknowledge();
  const Case tried(log);
  ASSERT_EQ(tried.failures.size(), 2U);
  for (const auto& fix : tried.fixes) {
    ASSERT_TRUE(fix);
    ASSERT_EQ(fix->steps.size(), 1U) << fix->text;
    EXPECT_EQ(fix->steps[0].call, "fsync of the directory .");
  }
  EXPECT_EQ(tried.fixes[0]->steps[0].after_operation, tried.fixes[1]->steps[0].after_operation);
}

TEST(FixSearch, reports_nothing_that_it_could_not_prove_in_time) {
  const TestLog log = replace(false, false);
  const crash::History history(log.log);
  const ProveOptions options;
  const Plan plan(history, options);
  const auto failures = judge(history, plan.groups(), options.engines, {}).failures;
  const Explainer explainer(history, nullptr, "/root");
  FixOptions limits;
  limits.deadline = std::chrono::steady_clock::now();
  const FoundFixes found = search_fixes(history, plan, failures, options, explainer, limits);
  EXPECT_EQ(found.not_searched, failures.size());
  for (const auto& fix : found.fixes) EXPECT_FALSE(fix);
}

TEST(FixSearch, leaves_litter_alone) {
  TestLog log;
  const InodeId made = log.create("left.tmp");
  log.write(made, 0, new_text);
  log.close(made);
  log.unlink(made, "left.tmp");
  log.acknowledge();
  ProveOptions options;
  options.expect = {Check::no_litter};
  const Case tried(log, options);
  ASSERT_FALSE(tried.failures.empty());
  for (const auto& fix : tried.fixes) EXPECT_FALSE(fix);
}

// Ten files lose everything at once; one loss is enough.
TEST(Shrink, finds_the_one_loss_that_matters) {
  TestLog log;
  const InodeId old_file = log.initial_file("state.json", old_text);
  const InodeId made = log.create("state.json.tmp");
  for (std::uint64_t i = 0; i < 8; ++i) log.write(made, i * 4096, std::string(4096, 'x'));
  log.close(made);
  log.rename(made, "state.json.tmp", "state.json", old_file);
  log.acknowledge();
  const crash::History history(log.log);
  ProveOptions options;
  options.engines = {Engine::power};
  const Plan plan(history, options);
  auto failures = judge(history, plan.groups(), options.engines, {}).failures;
  ASSERT_FALSE(failures.empty());
  Failure& failure = failures.front();
  const Question& question = failure.group->questions.front();
  // The worst state there is: all writes lost.
  const bool made_worst = crash::lose(
      history, crash::Model::portable, failure.group->footprint, log.log.operations.size(),
      {2, 3, 4, 5, 6, 7, 8, 9}, [&](const crash::CrashState& state) {
        auto answer = question.ask(state);
        EXPECT_TRUE(answer);
        if (answer) {
          failure.simplest = keep_bad_state(question, *std::move(answer), state);
        }
        return true;
      });
  ASSERT_TRUE(made_worst);
  ASSERT_EQ(failure.simplest.lost_count, 8U);
  const std::uint64_t states = failure.states;
  shrink(history, crash::Model::portable, failure);
  EXPECT_EQ(failure.simplest.lost.size(), 1U);
  EXPECT_EQ(failure.states, states);
  const bool found = crash::rebuild(history, crash::Model::portable, failure.group->footprint,
                                    failure.simplest.code, [&](const crash::CrashState& state) {
                                      EXPECT_TRUE(question.ask(state));
                                      EXPECT_EQ(state.lost(), failure.simplest.lost);
                                      return true;
                                    });
  EXPECT_TRUE(found);
}

TEST(Shrink, leaves_a_kill_and_a_single_loss_alone) {
  const Case tried(truncate_in_place());
  for (Failure failure : tried.failures) {
    const std::string code = failure.simplest.code;
    if (failure.engine == Engine::power && failure.simplest.lost_count > 1) continue;
    shrink(tried.history, crash::Model::portable, failure);
    EXPECT_EQ(failure.simplest.code, code);
  }
}

TEST(VirtualSyncs, stand_where_they_are_put_and_move_what_was_entered_before) {
  TestLog log = replace(false, false);
  log.log.operations[4].entered = 3;
  const EditedLog edited =
      insert_syncs(log.log, {{5, root_inode, true}, {3, log.log.operations[2].inode, false}});
  ASSERT_EQ(edited.log.operations.size(), log.log.operations.size() + 2);
  EXPECT_EQ(edited.log.operations[3].kind, OperationKind::sync_file);
  EXPECT_EQ(edited.log.operations[6].kind, OperationKind::sync_directory);
  EXPECT_EQ(edited.log.operations[5].entered, 4U);
  EXPECT_EQ(edited.origin[3], 2U);
  EXPECT_EQ(edited.origin[4], 3U);
  EXPECT_NE(edited.log.operations[3].call, edited.log.operations[6].call);
}

TEST(VirtualSyncs, wait_for_the_end_of_a_call_of_several_operations) {
  TestLog log;
  (void)log.create("file");  // one call: create and begin_writing
  EXPECT_EQ(end_of_call(log.log, 0), 2U);
  EXPECT_EQ(end_of_call(log.log, 1), 2U);
}

// R1: the same bytes at the same instants.
TEST(VirtualReplace, puts_the_same_bytes_under_the_name_at_each_rest) {
  TestLog log;
  const InodeId file = log.initial_file("counter", "1");
  for (const std::string text : {"2", "3", "4"}) {
    log.open_truncate(file);
    log.write(file, 0, text);
    log.close(file);
    log.acknowledge(text);
  }
  const crash::History history(log.log);
  const auto stories = tell_stories(history, {"counter"});
  const auto replaced = replace_in_place(history, stories.front());
  ASSERT_TRUE(replaced);
  const crash::History edited(replaced->edited.log);
  const auto& operations = replaced->edited.log.operations;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].kind != OperationKind::acknowledge) continue;
    const auto now = edited.file_at(i, "counter");
    const auto then = history.file_at(replaced->edited.origin[i], "counter");
    ASSERT_TRUE(now && then);
    EXPECT_EQ(now->content.text(), then->content.text());
    EXPECT_NE(now->inode, file);
  }
  const auto writes = std::count_if(operations.begin(), operations.end(), [&](const auto& each) {
    return each.kind == OperationKind::truncate || each.inode == file;
  });
  EXPECT_EQ(writes, 0);
}

TEST(VirtualReplace, gives_up_on_files_with_two_names_and_on_what_was_not_recorded) {
  TestLog linked = truncate_in_place();
  Operation link;
  link.kind = OperationKind::link;
  link.inode = linked.log.names[0].inode;
  link.target_directory = root_inode;
  link.target_name = "second";
  linked.log.operations.push_back(link);
  TestLog mapped = truncate_in_place();
  mapped.unmodelled(mapped.log.names[0].inode, "a mapping");
  for (const TestLog& log : {linked, mapped}) {
    const crash::History history(log.log);
    EXPECT_FALSE(replace_in_place(history, tell_stories(history, {"state.json"}).front()));
  }
}

TEST(FixWords, speak_the_language_of_the_source) {
  const std::vector<std::pair<std::string, std::string>> words = {
      {"app.py", "f.flush(); os.fsync(f.fileno())"},
      {"app.c", "fsync(fd)"},
      {"app.cpp", "fsync(fd)"},
      {"app.go", "f.Sync()"},
      {"app.mjs", "fs.fsyncSync(fd)"},
      {"app.rs", "file.sync_all()?"},
      {"app.sh", "sync state"},
      {"app.hs", "fsync of state"}};
  for (const auto& [source, call] : words) {
    EXPECT_EQ(sync_file_call(language_of(source, {}), "state"), call) << source;
    EXPECT_FALSE(sync_directory_call(language_of(source, {}), "").empty());
  }
  EXPECT_EQ(language_of("", {"/bin/bash", "-c", "x"}), Language::shell);
  EXPECT_EQ(language_of("", {"./save.sh"}), Language::shell);
  EXPECT_EQ(language_of("", {"./save"}), Language::other);
}

}  // namespace
}  // namespace untorn::prove
