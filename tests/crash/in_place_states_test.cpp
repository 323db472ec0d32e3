// SPDX-License-Identifier: Apache-2.0
//
// I1 and I2 of in_place.h in every state that a kill or a power cut may leave, and in every state
// that another one during the recovery may leave.
#include <gtest/gtest.h>

#include <cerrno>
#include <span>
#include <string>
#include <vector>

#include "crash/crash_test_on.h"
#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/in_place.h"
#include "untorn/replace.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::pattern;
using testing::read_file;

const std::string folder = "sidecars";

ReplaceOptions in_place(Durability level = Durability::durable) {
  ReplaceOptions options;
  options.durability = level;
  options.hard_links = HardLinkPolicy::in_place;
  options.sidecar = folder;
  return options;
}

// One file under two names, and the folder for sidecars.
InMemoryFileSystem linked_file(const std::string& content) {
  constexpr std::uint64_t number = 7;
  return InMemoryFileSystem({{.path = "d/a", .content = Bytes(content), .inode = number},
                             {.path = "d/b", .content = Bytes(content), .inode = number},
                             {.path = folder, .type = FileType::directory, .mode = 0700}});
}

CrashTestOptions options_of(CrashModel model) {
  CrashTestOptions options;
  options.models = {model};
  return options;
}

// "" or what is wrong after a crash, before and after recovery.
std::string judge(FileSystem& fs, const std::string& old, const std::string& fresh, bool saved) {
  const auto recovered = recover_in_place(fs, folder);
  if (!recovered) return "recovery fails: " + recovered.error().message();
  if (!recovered->kept.empty()) return "kept: " + recovered->kept.front().why;
  if (!recovered->damaged.empty()) return "damaged: " + recovered->damaged.front();
  const auto a = read_file(fs, "d/a");
  if (!a || a != read_file(fs, "d/b")) return "the two names do not lead to one content";
  if (*a != old && *a != fresh) return "torn: " + std::to_string(a->size()) + " bytes";
  if (saved && *a != fresh) return "what was told is lost";
  if (!recovered->finished.empty() && *a != fresh) return "finished, but old";
  for (const std::string& name : names_in(fs, folder)) {
    if (name.starts_with(".untorn-sidecar-")) return "left behind: " + name;
  }
  const auto again = recover_in_place(fs, folder);
  if (!again || !again->finished.empty() || !again->discarded.empty()) return "not finished";
  return "";
}

// A stranger writes in place and syncs: nobody may take that back.
void write_later(FileSystem& fs, const std::string& content, CrashLog& log) {
  const OwnedHandle file(
      fs, fs.open(Handle::working_directory, "d/b", {.access = Access::write}).value());
  ASSERT_TRUE(fs.write_at(file.get(), 0, std::as_bytes(std::span(content))));
  ASSERT_TRUE(fs.sync(file.get()));
  log.acknowledge("later");
}

std::string judge_later(FileSystem& fs, const std::string& content, const CrashPoint& at) {
  if (!at.acknowledged("later")) return "";
  if (!recover_in_place(fs, folder)) return "recovery fails";
  return read_file(fs, "d/a") == content ? "" : "a later write was undone";
}

class InPlaceStates : public ::testing::TestWithParam<CrashModel> {
 protected:
  void run(const std::string& old, const std::string& fresh, Durability level) {
    InMemoryFileSystem memory = linked_file(old);
    unsigned torn_before = 0;
    const CrashTestReport report = crash::crash_test_on(
        memory,
        [&](FileSystem& fs, CrashLog& log) {
          const auto receipt =
              replace_file(fs, "d/a", std::as_bytes(std::span(fresh)), in_place(level));
          ASSERT_TRUE(receipt) << receipt.error();
          EXPECT_EQ(receipt->protocol, Protocol::in_place);
          EXPECT_EQ(receipt->syncs, 4U);
          log.acknowledge("saved");
        },
        [&](FileSystem& fs, const CrashPoint& at) {
          const auto now = read_file(fs, "d/a");
          if (now && *now != old && *now != fresh) ++torn_before;
          return judge(fs, old, fresh, at.acknowledged("saved"));
        },
        options_of(GetParam()));
    EXPECT_TRUE(report.ok()) << report.summary();
    EXPECT_TRUE(report.exhaustive) << report.summary();
    EXPECT_GT(torn_before, 0U) << "no state needed the recovery: the test proves nothing";
  }
};

TEST_P(InPlaceStates, I1_a_longer_content_is_old_or_new_after_recovery) {
  run(pattern(5000, 1), pattern(9000, 2), Durability::durable);
}

TEST_P(InPlaceStates, I1_a_shorter_content_is_old_or_new_after_recovery) {
  run(pattern(9000, 1), pattern(5000, 2), Durability::durable);
}

TEST_P(InPlaceStates, I1_holds_at_every_level) {
  run(pattern(5000, 1), pattern(5000, 2), Durability::process);
  run(pattern(5000, 1), pattern(6000, 2), Durability::ordered);
}

// What a replacement, or a recovery, has removed never comes back over what was written since.
TEST_P(InPlaceStates, a_sidecar_that_was_removed_undoes_no_later_write) {
  const std::string first = pattern(5000, 2);
  const std::string later = pattern(5000, 3);
  InMemoryFileSystem memory = linked_file(pattern(5000, 1));
  const CrashTestReport report = crash::crash_test_on(
      memory,
      [&](FileSystem& fs, CrashLog& log) {
        ASSERT_TRUE(replace_file(fs, "d/a", std::as_bytes(std::span(first)), in_place()));
        write_later(fs, later, log);
      },
      [&](FileSystem& fs, const CrashPoint& at) { return judge_later(fs, later, at); },
      options_of(GetParam()));
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive) << report.summary();
}

TEST_P(InPlaceStates, nor_does_one_that_a_recovery_removed) {
  const std::string later = pattern(5000, 3);
  InMemoryFileSystem memory = linked_file(pattern(5000, 1));
  {
    // Its own folder cannot be written when the sidecar shall go.
    FaultFileSystem stuck(
        memory, Fault{.at = 0, .call = Call::unlink, .error = Errno{EIO}, .persistent = true});
    const std::string first = pattern(5000, 2);
    ASSERT_FALSE(replace_file(stuck, "d/a", std::as_bytes(std::span(first)), in_place()));
  }
  const CrashTestReport report = crash::crash_test_on(
      memory,
      [&](FileSystem& fs, CrashLog& log) {
        const auto recovered = recover_in_place(fs, folder);
        ASSERT_TRUE(recovered && recovered->finished.size() == 1);
        write_later(fs, later, log);
      },
      [&](FileSystem& fs, const CrashPoint& at) { return judge_later(fs, later, at); },
      options_of(GetParam()));
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive) << report.summary();
}

// What was told to be untouched is so after a power cut, too.
TEST_P(InPlaceStates, a_growth_without_space_leaves_the_old_content_for_good) {
  const std::string old = pattern(5000, 1);
  const std::string fresh = pattern(13'000, 2);
  InMemoryFileSystem memory = linked_file(old);
  const CrashTestReport report = crash::crash_test_on(
      memory,
      [&](FileSystem& fs, CrashLog& log) {
        FaultFileSystem cut(fs, Fault{.at = 0,
                                      .call = Call::write_at,
                                      .effect = Fault::Effect::short_write,
                                      .bytes = 3000});
        FaultFileSystem full(cut, Fault{.at = 1, .call = Call::write_at, .error = Errno{ENOSPC}});
        const auto result = replace_file(full, "d/a", std::as_bytes(std::span(fresh)), in_place());
        ASSERT_FALSE(result);
        ASSERT_EQ(result.error().outcome(), Outcome::not_applied);
        log.acknowledge("untouched");
      },
      [&](FileSystem& fs, const CrashPoint& at) -> std::string {
        std::string wrong = judge(fs, old, fresh, false);
        if (!wrong.empty() || !at.acknowledged("untouched")) return wrong;
        return read_file(fs, "d/a") == old ? "" : "it is not the old content";
      },
      options_of(GetParam()));
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive) << report.summary();
}

// The states of the first crash that recovery has work in: interrupted at its beginning, in the
// middle of the target, and with the target whole.
TEST_P(InPlaceStates, I2_a_crash_during_the_recovery_is_recovered_from) {
  const std::string old = pattern(5000, 1);
  const std::string fresh = pattern(9000, 2);
  std::uint64_t inner_states = 0;
  for (const std::size_t target_writes : {0U, 1U, 2U}) {
    InMemoryFileSystem memory = linked_file(old);
    std::size_t writes = 0;
    std::vector<TreeEntry> left;
    // Stop the replacement after so many writes into the target, by looking from outside.
    const CrashTestReport outer = crash::crash_test_on(
        memory,
        [&](FileSystem& fs, CrashLog&) {
          ASSERT_TRUE(replace_file(fs, "d/a", std::as_bytes(std::span(fresh)), in_place()));
        },
        [&](FileSystem& fs, const CrashPoint&) -> std::string {
          auto* state = dynamic_cast<InMemoryFileSystem*>(&fs);
          if (state == nullptr || !left.empty()) return "";
          bool sidecar = false;
          for (const std::string& name : names_in(fs, folder)) {
            sidecar = sidecar || name.starts_with(".untorn-sidecar-");
          }
          if (sidecar && writes++ == target_writes) left = state->tree();
          return "";
        },
        options_of(CrashModel::kill));
    ASSERT_TRUE(outer.exhaustive);
    ASSERT_FALSE(left.empty());
    InMemoryFileSystem state(left);
    const CrashTestReport inner = crash::crash_test_on(
        state,
        [&](FileSystem& fs, CrashLog& log) {
          const auto recovered = recover_in_place(fs, folder);
          ASSERT_TRUE(recovered) << recovered.error();
          if (!recovered->finished.empty()) log.acknowledge("finished");
        },
        [&](FileSystem& fs, const CrashPoint& at) {
          return judge(fs, old, fresh, at.acknowledged("finished"));
        },
        options_of(GetParam()));
    EXPECT_TRUE(inner.ok()) << inner.summary();
    EXPECT_TRUE(inner.exhaustive) << inner.summary();
    inner_states += inner.states_distinct;
  }
  EXPECT_GT(inner_states, 10U);
}

INSTANTIATE_TEST_SUITE_P(, InPlaceStates,
                         ::testing::Values(CrashModel::kill, CrashModel::portable, CrashModel::ext4,
                                           CrashModel::xfs, CrashModel::btrfs),
                         [](const auto& instance) {
                           switch (instance.param) {
                             case CrashModel::kill:
                               return "kill";
                             case CrashModel::portable:
                               return "portable";
                             case CrashModel::ext4:
                               return "ext4";
                             case CrashModel::xfs:
                               return "xfs";
                             case CrashModel::btrfs:
                               return "btrfs";
                             case CrashModel::posix:
                               break;
                           }
                           return "posix";
                         });

}  // namespace
}  // namespace untorn
