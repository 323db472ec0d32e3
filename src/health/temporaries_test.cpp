// SPDX-License-Identifier: Apache-2.0
#include "health/temporaries.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/test_directory.h"
#include "untorn/replace.h"
#include "write/temporary.h"

namespace untorn::health {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
const std::string left_name = ".untorn-tmp-0123456789abcdef0123456789abcdef";
const std::string aside_name = ".untorn-set-aside-0123456789abcdef0123456789abcdef";

// The in-memory file system counts its times in microseconds from a fixed beginning.
class Temporaries : public testing::Test {
 protected:
  explicit Temporaries(MemoryOptions options = {})
      : fs({{.path = left_name, .content = Bytes("half")},
            {.path = "state", .content = Bytes("old")}},
           std::move(options)) {
    now_ns = fs.status_at(Handle::working_directory, left_name)->changed_ns + 3600 * second_ns;
    clock.now_ns = [this] { return now_ns; };
    clock.started_ns = [this] { return started_ns; };
    clock.pause = [this](std::chrono::milliseconds) {
      ++pauses;
      if (during_pause) during_pause();
    };
  }

  std::optional<Problem> judge(bool repair, FileSystem& on, const std::string& name = left_name) {
    const FileSystemKind kind = on.kind(Handle::working_directory);
    const std::string path = "shown/" + name;
    return judge_temporary(on, {Handle::working_directory, path, name}, repair_policy(repair, kind),
                           clock);
  }
  std::optional<Problem> judge(bool repair) { return judge(repair, fs); }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const TreeEntry& entry : fs.tree()) result.push_back(entry.path);
    return result;
  }

  InMemoryFileSystem fs;
  std::int64_t now_ns = 0;
  std::int64_t started_ns = 0;
  int pauses = 0;
  std::function<void()> during_pause;
  Clock clock;
};

TEST(TemporaryNames, only_the_exact_shape_is_ours) {
  EXPECT_TRUE(is_temporary_name(left_name));
  EXPECT_TRUE(is_set_aside_name(aside_name));
  EXPECT_FALSE(is_temporary_name(aside_name));
  EXPECT_FALSE(is_set_aside_name(left_name));
  for (const std::string& name :
       {left_name + "0", left_name.substr(0, left_name.size() - 1), std::string(".untorn-tmp-"),
        std::string(), "x" + left_name, std::string(".untorn-tmp-0123456789ABCDEF0123456789abcdef"),
        std::string(".untorn-tmp-0123456789abcdef0123456789abcdeg")}) {
    EXPECT_FALSE(is_temporary_name(name)) << name;
  }
}

TEST_F(Temporaries, what_a_killed_writer_left_is_a_warning_and_stays_without_repair) {
  const auto problem = judge(false);
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->kind, Kind::stale_temporary);
  EXPECT_EQ(problem->severity, Severity::warning);
  EXPECT_EQ(problem->path, "shown/" + left_name);
  EXPECT_FALSE(problem->repaired);
  ASSERT_TRUE(problem->temporary.has_value());
  EXPECT_EQ(problem->temporary->owner, Owner::dead);
  EXPECT_EQ(problem->temporary->size_bytes, 4U);
  EXPECT_EQ(problem->temporary->age_s, 3600);
  EXPECT_EQ(names(), (std::vector<std::string>{left_name, "state"}));
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST_F(Temporaries, looking_changes_nothing_but_the_lock_for_an_instant) {
  FaultFileSystem watched(fs);
  (void)judge(false, watched);
  for (const CallSite& site : watched.sites()) {
    EXPECT_TRUE(site.call == Call::status_at || site.call == Call::open ||
                site.call == Call::status || site.call == Call::lock || site.call == Call::close)
        << to_string(site);
  }
}

TEST_F(Temporaries, a_repair_removes_it) {
  const auto problem = judge(true);
  ASSERT_TRUE(problem.has_value());
  EXPECT_TRUE(problem->repaired) << problem->repair;
  EXPECT_EQ(names(), std::vector<std::string>{"state"});
  EXPECT_FALSE(judge(true).has_value());
}

TEST_F(Temporaries, that_of_a_living_writer_is_a_note_and_never_removed) {
  auto writer = FileReplacer::open(fs, "state");
  ASSERT_TRUE(writer.has_value());
  ASSERT_TRUE(writer->write("new").has_value());
  std::string name;
  for (const std::string& each : names()) {
    if (is_temporary_name(each) && each != left_name) name = each;
  }
  for (const bool repair : {false, true}) {
    const auto problem = judge(repair, fs, name);
    ASSERT_TRUE(problem.has_value());
    EXPECT_EQ(problem->severity, Severity::info);
    EXPECT_EQ(problem->temporary->owner, Owner::alive);
    EXPECT_FALSE(problem->repaired);
  }
  EXPECT_TRUE(std::move(*writer).commit().has_value());
  EXPECT_EQ(test::read_path(fs, "state"), "new");
  EXPECT_FALSE(judge(true, fs, name).has_value());
}

TEST_F(Temporaries, another_doctor_is_not_taken_for_a_writer) {
  const auto other = fs.open(Handle::working_directory, left_name, {.access = Access::read});
  const OwnedHandle held(fs, *other);
  ASSERT_TRUE(fs.lock(*other, LockMode::shared).has_value());
  EXPECT_EQ(judge(false)->temporary->owner, Owner::dead);
  EXPECT_TRUE(judge(true)->repaired);
}

TEST_F(Temporaries, older_than_the_start_of_the_system_it_is_set_aside) {
  started_ns = now_ns - second_ns;
  EXPECT_NE(judge(false)->repair.find("sets it aside"), std::string::npos);
  const auto problem = judge(true);
  ASSERT_TRUE(problem.has_value());
  EXPECT_TRUE(problem->repaired) << problem->repair;
  EXPECT_EQ(names(), (std::vector<std::string>{aside_name, "state"}));
  EXPECT_EQ(test::read_path(fs, aside_name), "half");
}

TEST_F(Temporaries, with_a_time_in_the_future_it_is_set_aside) {
  now_ns = -second_ns;
  started_ns = -2 * second_ns;
  EXPECT_TRUE(judge(true)->repaired);
  EXPECT_EQ(names(), (std::vector<std::string>{aside_name, "state"}));
}

TEST_F(Temporaries, an_empty_one_is_removed_whatever_its_age) {
  started_ns = now_ns - second_ns;
  test::write_path(fs, left_name, "");
  EXPECT_TRUE(judge(true)->repaired);
  EXPECT_EQ(names(), std::vector<std::string>{"state"});
}

TEST_F(Temporaries, setting_aside_overwrites_nothing) {
  started_ns = now_ns - second_ns;
  test::write_path(fs, aside_name, "earlier");
  EXPECT_FALSE(judge(true)->repaired);
  EXPECT_EQ(test::read_path(fs, aside_name), "earlier");
  EXPECT_EQ(test::read_path(fs, left_name), "half");
}

TEST_F(Temporaries, one_with_a_second_name_is_left_alone) {
  ASSERT_TRUE(
      fs.link(Handle::working_directory, left_name, Handle::working_directory, "b").has_value());
  const auto problem = judge(true);
  EXPECT_FALSE(problem->repaired);
  EXPECT_EQ(problem->severity, Severity::warning);
  EXPECT_EQ(names(), (std::vector<std::string>{left_name, "b", "state"}));
}

TEST_F(Temporaries, links_and_folders_of_that_name_are_not_ours) {
  const std::string link = ".untorn-tmp-ffffffffffffffffffffffffffffffff";
  const std::string folder = ".untorn-tmp-eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";
  ASSERT_TRUE(fs.make_symlink("state", Handle::working_directory, link).has_value());
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, folder, 0755).has_value());
  EXPECT_FALSE(judge(true, fs, link).has_value());
  EXPECT_FALSE(judge(true, fs, folder).has_value());
  EXPECT_EQ(fs.tree().size(), 4U);
}

// T3: a writer that has made its temporary and not yet locked it.
TEST_F(Temporaries, a_young_one_is_looked_at_twice) {
  now_ns = fs.status_at(Handle::working_directory, left_name)->changed_ns;
  (void)judge(false);
  EXPECT_EQ(pauses, 1);
  now_ns += 10 * second_ns;
  (void)judge(false);
  EXPECT_EQ(pauses, 1);
}

TEST_F(Temporaries, a_writer_that_takes_its_lock_meanwhile_is_alive) {
  now_ns = fs.status_at(Handle::working_directory, left_name)->changed_ns;
  const auto writer = fs.open(Handle::working_directory, left_name, {.access = Access::write});
  const OwnedHandle held(fs, *writer);
  during_pause = [&] { ASSERT_TRUE(fs.lock(*writer, LockMode::exclusive).has_value()); };
  EXPECT_EQ(judge(true)->temporary->owner, Owner::alive);
  EXPECT_EQ(names(), (std::vector<std::string>{left_name, "state"}));
}

TEST_F(Temporaries, a_writer_that_met_our_lock_has_taken_its_own_away) {
  now_ns = fs.status_at(Handle::working_directory, left_name)->changed_ns;
  during_pause = [&] { ASSERT_TRUE(fs.unlink(Handle::working_directory, left_name).has_value()); };
  EXPECT_FALSE(judge(false).has_value());
}

// T6.
TEST_F(Temporaries, where_the_lock_cannot_be_asked_it_is_left_alone) {
  for (const Call call : {Call::lock, Call::open}) {
    for (const int os_errno : {ENOLCK, EOPNOTSUPP, EACCES, EIO}) {
      FaultFileSystem failing(fs, {.at = 0, .call = call, .error = Errno{os_errno}});
      const auto problem = judge(true, failing);
      ASSERT_TRUE(failing.fired());
      ASSERT_TRUE(problem.has_value());
      EXPECT_EQ(problem->temporary->owner, Owner::unknown);
      EXPECT_EQ(problem->severity, Severity::info);
      EXPECT_FALSE(problem->repaired);
    }
  }
  EXPECT_EQ(names(), (std::vector<std::string>{left_name, "state"}));
}

class NetworkTemporaries : public Temporaries {
 protected:
  NetworkTemporaries() : Temporaries({.kind = {"nfs", false, true, true}}) {}
};

TEST_F(NetworkTemporaries, on_a_network_it_is_left_alone_and_a_warning_only_after_a_day) {
  EXPECT_EQ(judge(true)->severity, Severity::info);
  now_ns += std::int64_t{24} * 3600 * second_ns;
  const auto problem = judge(true);
  EXPECT_EQ(problem->severity, Severity::warning);
  EXPECT_EQ(problem->temporary->owner, Owner::unknown);
  EXPECT_FALSE(problem->repaired);
  EXPECT_EQ(names(), (std::vector<std::string>{left_name, "state"}));
}

// Whatever call fails, the repair says the truth and takes nothing but the temporary.
TEST_F(Temporaries, a_repair_that_fails_says_so_and_the_others_stay) {
  const auto run = [this](FileSystem& on) { return judge(true, on); };
  FaultFileSystem counting(fs);
  (void)run(counting);
  const std::size_t calls = counting.sites().size();
  for (std::size_t at = 0; at < calls; ++at) {
    InMemoryFileSystem fresh({{.path = left_name, .content = Bytes("half")},
                              {.path = "state", .content = Bytes("old")}});
    FaultFileSystem failing(fresh, {.at = at, .error = Errno{EPERM}});
    const auto problem = run(failing);
    ASSERT_TRUE(failing.fired()) << at;
    const bool there = fresh.status_at(Handle::working_directory, left_name).has_value();
    EXPECT_FALSE(problem && problem->repaired && there) << at;
    EXPECT_EQ(test::read_path(fresh, "state"), "old") << at;
    EXPECT_EQ(fresh.open_handles(), 0U) << at;
  }
}

// T4.
TEST_F(Temporaries, a_name_that_leads_elsewhere_meanwhile_is_not_removed) {
  clock.started_ns = [this] {  // asked while the lock is held, before anything is removed
    EXPECT_TRUE(fs.rename(Handle::working_directory, "state", Handle::working_directory, left_name,
                          RenameMode::replace)
                    .has_value());
    return std::int64_t{0};
  };
  (void)judge(true);
  EXPECT_EQ(names(), std::vector<std::string>{left_name});
  EXPECT_EQ(test::read_path(fs, left_name), "old");
}

// The real thing: writers and repairing doctors at the same time, and no write is lost.
TEST(TemporariesRace, repairing_doctors_never_harm_writers) {
  const test::TestDirectory directory(test::fast_folder());
  FileSystem& fs = posix_file_system();
  std::atomic<bool> done = false;
  std::thread doctor([&] {
    const auto opened = fs.open(Handle::working_directory, directory.path().string(),
                                {.access = Access::directory});
    const OwnedHandle folder(fs, *opened);
    const FileSystemKind kind = fs.kind(folder.get());
    Clock clock = system_clock();
    clock.pause = [](std::chrono::milliseconds) { std::this_thread::yield(); };  // harder
    while (!done) {
      const auto entries = fs.list(folder.get());
      for (const Entry& entry : *entries) {
        if (!is_temporary_name(entry.name)) continue;
        (void)judge_temporary(fs, {folder.get(), entry.name, entry.name}, repair_policy(true, kind),
                              clock);
      }
    }
  });
  int failures = 0;
  for (int round = 0; round < 2000; ++round) {
    const std::string content = std::to_string(round);
    const std::string path = (directory.path() / "state").string();
    const auto receipt = replace_file(path, content, {.durability = Durability::process});
    // Eight temporaries in a row taken away: an error that says so, never a lost write.
    if (!receipt) {
      ++failures;
      EXPECT_EQ(receipt.error().code(), Code::busy) << receipt.error().message();
      continue;
    }
    EXPECT_EQ(test::read_path(fs, path), content);
  }
  done = true;
  doctor.join();
  EXPECT_LT(failures, 2000);
  const auto opened =
      fs.open(Handle::working_directory, directory.path().string(), {.access = Access::directory});
  const OwnedHandle folder(fs, *opened);
  EXPECT_EQ(fs.list(folder.get())->size(), 1U);
}

}  // namespace
}  // namespace untorn::health
