// SPDX-License-Identifier: Apache-2.0
//
// Goal: whatever call fails in opening, appending, rotating and repairing, the outcome says what
// the file holds, nothing is glued or lost, and the log can be opened and used afterwards. Method:
// every errno at every call, once and from there on, refused and done-but-failed, and short writes.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/line_log.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::read_file;
using testing::write_file;

const std::string torn_end = std::string("torn\0 ", 6);

struct Case {
  std::string name;
  std::string content;  // before; "<none>": no file
  LineLogOptions options;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const LineSync sync : {LineSync::each, LineSync::batched, LineSync::never}) {
    const std::string suffix = " " + std::string(to_string(sync));
    const LineLogOptions options{.sync = sync};
    all.push_back({"new" + suffix, "<none>", options});
    all.push_back({"existing" + suffix, "old\n", options});
    all.push_back({"torn" + suffix, "old\n" + torn_end, options});
    LineLogOptions rotating = options;
    rotating.rotate_bytes = 5;
    rotating.keep = 2;
    rotating.mode = 0600;
    all.push_back({"rotated" + suffix, "old\n", rotating});
  }
  return all;
}

std::unique_ptr<InMemoryFileSystem> make_tree(const Case& example) {
  auto fs = std::make_unique<InMemoryFileSystem>();
  if (example.content != "<none>") write_file(*fs, "a.log", example.content);
  return fs;
}

struct Trial {
  bool opened = false;
  std::vector<Result<AppendReceipt>> appends;
};

Trial attempt(FileSystem& fs, const Case& example) {
  Trial trial;
  auto log = LineLog::open(fs, "a.log", example.options);
  if (!log) return trial;
  trial.opened = true;
  for (const char* line : {"first", "second"}) trial.appends.push_back(log->append(line));
  return trial;
}

std::string all_of(FileSystem& fs) {
  std::string text;
  for (const char* name : {"a.log.2", "a.log.1", "a.log"}) text += read_file(fs, name).value_or("");
  return text;
}

bool holds_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

// What each outcome says, of the files as they are, and after they were opened again.
void expect_truthful(InMemoryFileSystem& fs, const Case& example, const Trial& trial,
                     const std::string& where) {
  EXPECT_EQ(fs.open_handles(), 0U) << where;
  const char* const lines[] = {"first", "second"};
  const std::string raw = all_of(fs);
  for (std::size_t n = 0; n < trial.appends.size(); ++n) {
    const auto& result = trial.appends[n];
    if (result) {
      EXPECT_TRUE(holds_line(raw, lines[n])) << where;
      continue;
    }
    switch (result.error().outcome()) {
      case Outcome::not_applied:
        EXPECT_EQ(raw.find(lines[n]), std::string::npos) << where << ": " << result.error();
        break;
      case Outcome::applied_unsynced:
      case Outcome::applied:
        EXPECT_TRUE(holds_line(raw, lines[n])) << where << ": " << result.error();
        break;
      case Outcome::unknown:
        break;
    }
  }
  auto log = LineLog::open(fs, "a.log", example.options);
  ASSERT_TRUE(log) << where << ": " << log.error();
  ASSERT_TRUE(log->append("last")) << where;
  const std::string text = all_of(fs);
  EXPECT_TRUE(text.ends_with("\nlast\n") || text == "last\n") << where << ": " << text;
  for (std::size_t n = 0; n < trial.appends.size(); ++n) {
    const bool may_be_dropped = example.options.rotate_bytes != 0;  // keep
    if (trial.appends[n] && !may_be_dropped) {
      EXPECT_TRUE(holds_line(text, lines[n])) << where;
    }
  }
  if (example.content.starts_with("old") && example.options.rotate_bytes == 0) {
    EXPECT_TRUE(text.starts_with("old\n")) << where << ": " << text;
  }
  if (example.content.ends_with(torn_end)) {
    bool found = false;
    for (const std::string& name : names_in(fs, ".")) {
      if (name.starts_with("a.log.torn-")) found |= read_file(fs, name) == torn_end;
    }
    EXPECT_TRUE(found) << where << ": the torn bytes are gone";
  }
  EXPECT_EQ(text.find('\0'), std::string::npos) << where;
}

TEST(LineLogFaults, every_errno_at_every_call_leaves_what_the_outcome_says) {
  std::size_t trials = 0;
  for (const Case& example : cases()) {
    auto counted_below = make_tree(example);
    FaultFileSystem counted(*counted_below);
    ASSERT_TRUE(attempt(counted, example).opened) << example.name;
    const std::vector<CallSite> sites = counted.sites();
    for (std::uint64_t n = 0; n < sites.size(); ++n) {
      for (const int os_errno : {EIO, ENOSPC, EINTR, EDQUOT, EACCES, EPERM, ENOENT, EINVAL, EBUSY,
                                 EROFS, ENOSYS, EMFILE, EEXIST}) {
        for (const auto effect : {Fault::Effect::refused, Fault::Effect::done_but_failed}) {
          auto below = make_tree(example);
          Trial trial;
          {
            FaultFileSystem fs(*below, Fault{.at = n, .error = Errno{os_errno}, .effect = effect});
            trial = attempt(fs, example);
            EXPECT_TRUE(fs.fired());
          }
          expect_truthful(*below, example, trial,
                          example.name + ", " + to_string(sites[n]) + ", errno " +
                              std::to_string(os_errno) +
                              (effect == Fault::Effect::refused ? "" : ", done but failed"));
          if (::testing::Test::HasFailure()) return;
          ++trials;
        }
      }
    }
  }
  RecordProperty("trials", std::to_string(trials));
  EXPECT_GT(trials, 5000U);
}

TEST(LineLogFaults, from_any_call_on_everything_fails_and_the_next_open_finds_all) {
  for (const Case& example : cases()) {
    auto counted_below = make_tree(example);
    FaultFileSystem counted(*counted_below);
    ASSERT_TRUE(attempt(counted, example).opened) << example.name;
    for (std::uint64_t n = 0; n < counted.sites().size(); ++n) {
      for (const int os_errno : {EIO, ENOSPC}) {
        auto below = make_tree(example);
        Trial trial;
        {
          FaultFileSystem fs(*below, Fault{.at = n, .error = Errno{os_errno}, .persistent = true});
          trial = attempt(fs, example);
        }
        expect_truthful(*below, example, trial,
                        example.name + " from call " + std::to_string(n) + " on");
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST(LineLogFaults, short_writes_give_whole_lines) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{4}}) {
    for (const Case& example : cases()) {
      auto below = make_tree(example);
      Trial trial;
      {
        FaultFileSystem fs(*below, Fault{.at = 0,
                                         .call = Call::write,
                                         .persistent = true,
                                         .effect = Fault::Effect::short_write,
                                         .bytes = bytes});
        trial = attempt(fs, example);
      }
      ASSERT_EQ(trial.appends.size(), 2U) << example.name;
      EXPECT_TRUE(trial.appends[0] && trial.appends[1]) << example.name;
      expect_truthful(*below, example, trial, example.name);
    }
  }
}

class LineLogDisk : public ::testing::Test {
 protected:
  LineLogDisk() {
    // The tree has its `.untorn` already: the writes that are counted are those of the log.
    const auto other = LineLog::open(below, "other.log");
    EXPECT_TRUE(other) << other.error();
  }

  InMemoryFileSystem below;
};

TEST_F(LineLogDisk, that_fills_up_in_the_middle_of_a_line_leaves_none_of_it_and_is_used_again) {
  FaultFileSystem fs(
      below, {Fault{.at = 1, .call = Call::write, .effect = Fault::Effect::short_write, .bytes = 3},
              Fault{.at = 2, .call = Call::write, .error = Errno{ENOSPC}}});
  auto log = LineLog::open(fs, "a.log");
  ASSERT_TRUE(log && log->append("one"));
  const auto full = log->append("too long");
  ASSERT_TRUE(fs.fired());
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code(), Code::no_space);
  EXPECT_EQ(full.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(read_file(below, "a.log"), "one\n");
  EXPECT_TRUE(log->append("two")) << "there is space again";
  EXPECT_EQ(read_file(below, "a.log"), "one\ntwo\n");
}

TEST_F(LineLogDisk, whose_partial_write_cannot_be_taken_back_makes_the_outcome_unknown) {
  FaultFileSystem fs(
      below, {Fault{.at = 1, .call = Call::write, .effect = Fault::Effect::short_write, .bytes = 3},
              Fault{.at = 2, .call = Call::write, .error = Errno{EIO}},
              Fault{.at = 0, .call = Call::truncate, .error = Errno{EIO}}});
  auto log = LineLog::open(fs, "a.log");
  ASSERT_TRUE(log && log->append("one"));
  const auto failed = log->append("two");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().outcome(), Outcome::unknown);
  const auto refused = log->append("three");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(read_file(below, "a.log"), "one\ntwo");
  auto again = LineLog::open(below, "a.log");
  ASSERT_TRUE(again && again->append("three"));
  EXPECT_EQ(read_file(below, "a.log"), "one\nthree\n");
  EXPECT_EQ(read_file(below, "a.log.torn-1"), "two");
}

// B4.
TEST_F(LineLogDisk, whose_sync_fails_makes_the_log_refuse_all_and_the_next_open_write_anew) {
  FaultFileSystem fs(below, Fault{.at = 1, .call = Call::sync_data, .error = Errno{EIO}});
  auto log = LineLog::open(fs, "a.log");
  ASSERT_TRUE(log && log->append("one"));
  const auto failed = log->append("two");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().outcome(), Outcome::applied_unsynced);
  EXPECT_EQ(failed.error().advice(), Advice::stop);
  EXPECT_EQ(read_file(below, "a.log"), "one\ntwo\n");
  EXPECT_FALSE(log->append("three"));
  EXPECT_FALSE(log->sync());
  std::uint64_t syncs = 0;
  for (const CallSite& site : fs.sites()) syncs += site.call == Call::sync_data ? 1U : 0U;
  EXPECT_EQ(syncs, 2U) << "the failed sync is not tried again";

  FaultFileSystem next(below);
  auto again = LineLog::open(next, "a.log");
  ASSERT_TRUE(again) << again.error();
  std::uint64_t written = 0;
  std::uint64_t synced = 0;
  for (const CallSite& site : next.sites()) {
    written += site.call == Call::write_at ? 1U : 0U;
    synced += site.call == Call::sync_data ? 1U : 0U;
  }
  EXPECT_EQ(written, 2U) << "\"two\" is written anew, then the mark";
  EXPECT_EQ(synced, 1U);
  ASSERT_TRUE(again->append("three"));
  EXPECT_EQ(read_file(below, "a.log"), "one\ntwo\nthree\n");
  FaultFileSystem third(below);
  ASSERT_TRUE(LineLog::open(third, "a.log"));
  for (const CallSite& site : third.sites()) EXPECT_NE(site.call, Call::write_at);
}

TEST_F(LineLogDisk, without_space_for_the_torn_end_leaves_the_log_as_it_is) {
  write_file(below, "a.log", "one\ntorn");
  FaultFileSystem fs(below, Fault{.at = 0, .call = Call::write, .error = Errno{ENOSPC}});
  const auto refused = LineLog::open(fs, "a.log");
  ASSERT_TRUE(fs.fired());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::no_space);
  EXPECT_EQ(read_file(below, "a.log"), "one\ntorn");
  EXPECT_EQ(read_file(below, "a.log.torn-1"), std::nullopt) << "no half copy is left";
}

}  // namespace
}  // namespace untorn
