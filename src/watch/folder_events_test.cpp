// SPDX-License-Identifier: Apache-2.0
//
// The kernel's announcements, with real files.
#include "watch/folder_events.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/files.h"

namespace untorn::watch {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

using Kind = FolderEventKind;
using Events = std::vector<std::pair<Kind, std::string>>;

class FolderEventsTest : public ::testing::Test {
 protected:
  FileSystem& fs_ = posix_file_system();
  testing::ScratchDirectory scratch_;
  FolderEvents events_{fs_};

  void SetUp() override {
    if (events_.descriptor() < 0) GTEST_SKIP() << events_.coverage().reason;
  }

  // All that is there now, paths below the scratch folder.
  Events read() {
    Events found;
    pollfd waiting = {.fd = events_.descriptor(), .events = POLLIN, .revents = 0};
    while (poll(&waiting, 1, 0) > 0) {
      events_.read([&](const FolderEvent& event) {
        const std::string path =
            event.path.empty() ? "" : event.path.substr(scratch_.path().size() + 1);
        found.emplace_back(event.kind, path);
      });
    }
    return found;
  }

  void write_in_place(const std::string& name, const std::string& content) {
    std::ofstream(scratch_ / name) << content;
  }
};

TEST_F(FolderEventsTest, a_write_in_place_is_changed_and_closed) {
  write_in_place("a", "1");
  events_.add(scratch_.path());
  write_in_place("a", "2");
  const Events found = read();
  EXPECT_THAT(found, Contains(Pair(Kind::changed, "a")));
  EXPECT_EQ(found.back(), std::pair(Kind::closed, std::string("a")));
}

TEST_F(FolderEventsTest, a_truncation_alone_is_a_change) {
  write_in_place("a", "1");
  events_.add(scratch_.path());
  ASSERT_EQ(truncate((scratch_ / "a").c_str(), 0), 0);
  EXPECT_THAT(read(), ElementsAre(Pair(Kind::changed, "a")));
}

TEST_F(FolderEventsTest, a_replacement_is_moved_here_and_no_change_of_the_name) {
  write_in_place("a", "1");
  events_.add(scratch_.path());
  write_in_place("b", "2");
  std::filesystem::rename(scratch_ / "b", scratch_ / "a");
  const Events found = read();
  EXPECT_THAT(found, Contains(Pair(Kind::moved_here, "a")));
  EXPECT_THAT(found, Not(Contains(Pair(Kind::changed, "a"))));
}

TEST_F(FolderEventsTest, folders_that_appear_are_watched_to_their_depth) {
  events_.add(scratch_.path());
  std::filesystem::create_directories(scratch_ / "x/y/z");
  (void)read();
  write_in_place("x/y/z/a", "1");
  EXPECT_THAT(read(), Contains(Pair(Kind::changed, "x/y/z/a")));
  EXPECT_EQ(events_.coverage().watched_folders, 4U);
}

TEST_F(FolderEventsTest, a_folder_that_is_moved_is_known_by_its_new_name) {
  std::filesystem::create_directories(scratch_ / "x/y");
  events_.add(scratch_.path());
  std::filesystem::rename(scratch_ / "x", scratch_ / "w");
  (void)read();
  write_in_place("w/y/a", "1");
  EXPECT_THAT(read(), Contains(Pair(Kind::changed, "w/y/a")));
  EXPECT_EQ(events_.coverage().watched_folders, 3U);
}

TEST_F(FolderEventsTest, a_folder_that_is_gone_is_not_counted) {
  std::filesystem::create_directories(scratch_ / "x/y");
  events_.add(scratch_.path());
  std::filesystem::remove_all(scratch_ / "x");
  EXPECT_THAT(read(), Contains(Pair(Kind::gone, "x")));
  EXPECT_EQ(events_.coverage().watched_folders, 1U);
}

TEST_F(FolderEventsTest, a_folder_that_is_moved_out_is_not_watched_any_more) {
  const testing::ScratchDirectory elsewhere;
  std::filesystem::create_directories(scratch_ / "x");
  events_.add(scratch_.path());
  std::filesystem::rename(scratch_ / "x", elsewhere / "x");
  (void)read();
  std::ofstream(elsewhere / "x/a") << "1";
  EXPECT_THAT(read(), IsEmpty());
}

TEST_F(FolderEventsTest, a_root_whose_name_another_folder_takes_is_watched_when_added_again) {
  std::filesystem::create_directories(scratch_ / "root");
  events_.add(scratch_ / "root");
  std::filesystem::rename(scratch_ / "root", scratch_ / "old");
  std::filesystem::create_directories(scratch_ / "root");
  events_.add(scratch_ / "root");
  write_in_place("old/a", "1");
  EXPECT_THAT(read(), IsEmpty());
  write_in_place("root/b", "1");
  EXPECT_THAT(read(), Contains(Pair(Kind::changed, "root/b")));
}

TEST_F(FolderEventsTest, links_are_not_followed) {
  const testing::ScratchDirectory elsewhere;
  std::filesystem::create_directory_symlink(elsewhere.path(), scratch_ / "link");
  events_.add(scratch_.path());
  std::ofstream(elsewhere / "a") << "1";
  EXPECT_THAT(read(), IsEmpty());
}

TEST_F(FolderEventsTest, counting_is_not_announced_and_its_tree_is_known) {
  std::filesystem::create_directories(scratch_ / "project/.untorn/counters");
  events_.add(scratch_.path());
  EXPECT_THAT(events_.counter_trees(), ElementsAre(scratch_ / "project"));
  write_in_place("project/.untorn/counters/1-2-3", "x");
  EXPECT_THAT(read(), IsEmpty());
  std::filesystem::create_directories(scratch_ / "later/.untorn/counters");
  (void)read();
  EXPECT_THAT(events_.counter_trees(), ElementsAre(scratch_ / "later", scratch_ / "project"));
}

TEST_F(FolderEventsTest, names_are_bytes) {
  events_.add(scratch_.path());
  write_in_place("a\n\xff b", "1");
  EXPECT_THAT(read(), Contains(Pair(Kind::appeared, "a\n\xff b")));
}

TEST_F(FolderEventsTest, announcements_that_the_kernel_drops_are_told) {
  std::size_t limit = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit;
  constexpr std::size_t patience = 200'000;
  if (limit == 0 || limit > patience) GTEST_SKIP() << "the queue holds " << limit;
  events_.add(scratch_.path());
  // Two files in turn, since equal announcements in a row are merged.
  const std::array files = {::open((scratch_ / "a").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600),
                            ::open((scratch_ / "b").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  for (std::size_t count = 0; count <= limit; ++count) {
    ASSERT_EQ(pwrite(files[count % 2], "x", 1, 0), 1);
  }
  for (const int file : files) (void)close(file);
  EXPECT_THAT(read(), Contains(Pair(Kind::overflow, "")));
  EXPECT_EQ(events_.coverage().overflows, 1U);
}

TEST_F(FolderEventsTest, adding_again_finds_nothing_new) {
  std::filesystem::create_directories(scratch_ / "x/y");
  events_.add(scratch_.path());
  events_.add(scratch_.path());
  EXPECT_EQ(events_.coverage().watched_folders, 3U);
  EXPECT_EQ(events_.coverage().unwatched_folders, 0U);
  EXPECT_EQ(events_.coverage().reason, "");
}

}  // namespace
}  // namespace untorn::watch
