// SPDX-License-Identifier: Apache-2.0
//
// Overwriting in place on the kernel: a single-file bind mount, two names, other file systems, and
// writers that are killed.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/private_world.h"
#include "tests/support/require.h"
#include "tests/support/versions.h"
#include "untorn/in_place.h"
#include "untorn/replace.h"

namespace untorn {
namespace {

using testing::in_private_world;
using testing::names_in;
using testing::number_of;
using testing::read_file;
using testing::ScratchDirectory;
using testing::status_of;
using testing::version;
using testing::write_file;
using Names = std::vector<std::string>;

ReplaceOptions with_sidecar(const std::string& folder) {
  ReplaceOptions options;
  options.sidecar = folder;
  options.hard_links = HardLinkPolicy::in_place;
  return options;
}

bool bind_mount(const std::string& from, const std::string& to) {
  return mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

bool make_folder(const std::string& path) {
  return mkdir(path.c_str(), 0700) == 0;
}

TEST(InPlaceMounts, a_single_file_bind_mount_is_overwritten_on_both_of_its_sides) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    FileSystem& fs = posix_file_system();
    write_file(fs, scratch / "outside", version(1));
    write_file(fs, scratch / "mounted", "below");
    DEMAND(chmod((scratch / "outside").c_str(), 0640) == 0);
    DEMAND(make_folder(scratch / "sidecars"));
    DEMAND(bind_mount(scratch / "outside", scratch / "mounted"));
    const Status before = status_of(fs, scratch / "mounted");
    DEMAND(before.mount_root);
    const auto receipt =
        replace_file(scratch / "mounted", version(2), with_sidecar(scratch / "sidecars"));
    DEMAND(receipt.has_value());
    DEMAND(receipt->protocol == Protocol::in_place && receipt->outcome == Outcome::applied);
    DEMAND(read_file(fs, scratch / "mounted") == version(2));
    DEMAND(read_file(fs, scratch / "outside") == version(2));
    const Status after = status_of(fs, scratch / "mounted");
    DEMAND(after.inode == before.inode && after.mode == 0640);
    DEMAND((names_in(fs, scratch / "sidecars") == Names{".untorn-in-place-lock"}));
    DEMAND((names_in(fs, scratch.path()) == Names{"mounted", "outside", "sidecars"}));
    return "";
  });
  EXPECT_EQ(problem, "");
}

TEST(InPlaceMounts, a_killed_writer_of_a_bind_mount_is_finished_through_the_mount) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    FileSystem& fs = posix_file_system();
    const std::string folder = scratch / "sidecars";
    write_file(fs, scratch / "outside", version(0));
    write_file(fs, scratch / "mounted", "below");
    DEMAND(make_folder(folder));
    DEMAND(bind_mount(scratch / "outside", scratch / "mounted"));
    std::mt19937 random(20240607);
    std::uniform_int_distribution<int> delay_us(0, 4000);
    unsigned finished = 0;
    unsigned newest = 0;
    // On a machine that is busy or slow: more rounds, of more time each.
    const auto has_met_enough = [&] { return newest > 20 && finished > 0; };
    for (unsigned round = 0; round < 150 || (round < 3000 && !has_met_enough()); ++round) {
      const pid_t child = fork();
      DEMAND(child >= 0);
      if (child == 0) {
        for (unsigned number = newest + 1;; ++number) {
          if (!replace_file(scratch / "mounted", version(number), with_sidecar(folder))) _exit(1);
        }
      }
      std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)) * (1 + round / 150));
      DEMAND(kill(child, SIGKILL) == 0);
      int status = 0;
      DEMAND(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
      const auto recovered = recover_in_place(folder);
      DEMAND(recovered.has_value() && recovered->kept.empty() && recovered->damaged.empty());
      finished += recovered->finished.empty() ? 0U : 1U;
      const auto content = read_file(fs, scratch / "outside");
      const auto number = content ? number_of(*content) : std::nullopt;
      if (!number) return "torn after kill " + std::to_string(round);
      DEMAND(*number >= newest);
      newest = *number;
    }
    DEMAND(has_met_enough());  // else no kill met an overwriting half done
    return "";
  });
  EXPECT_EQ(problem, "");
}

TEST(InPlaceMounts, a_folder_on_another_file_system_is_refused_before_a_byte_is_written) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    FileSystem& fs = posix_file_system();
    write_file(fs, scratch / "a", "old");
    DEMAND(link((scratch / "a").c_str(), (scratch / "b").c_str()) == 0);
    DEMAND(make_folder(scratch / "other"));
    DEMAND(mount("tmpfs", (scratch / "other").c_str(), "tmpfs", 0, "size=1m") == 0);
    const auto receipt = replace_file(scratch / "a", "new", with_sidecar(scratch / "other"));
    DEMAND(!receipt && receipt.error().code() == Code::invalid_argument);
    DEMAND(receipt.error().outcome() == Outcome::not_applied);
    DEMAND(receipt.error().message().find("not on the same file system") != std::string::npos);
    DEMAND(read_file(fs, scratch / "b") == "old");
    DEMAND(names_in(fs, scratch / "other").empty());
    return "";
  });
  EXPECT_EQ(problem, "");
}

TEST(InPlaceMounts, on_an_overlay_several_names_are_refused_and_stay_one_file) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    FileSystem& fs = posix_file_system();
    DEMAND(mount("tmpfs", scratch.path().c_str(), "tmpfs", 0, "size=4m") == 0);
    for (const char* name : {"lower", "upper", "work", "merged"}) {
      DEMAND(make_folder(scratch / name));
    }
    write_file(fs, scratch / "lower/a", "old");
    write_file(fs, scratch / "lower/single", "old");
    DEMAND(link((scratch / "lower/a").c_str(), (scratch / "lower/b").c_str()) == 0);
    const std::string options = "lowerdir=" + scratch / "lower" + ",upperdir=" + scratch / "upper" +
                                ",workdir=" + scratch / "work";
    if (mount("overlay", (scratch / "merged").c_str(), "overlay", 0, options.c_str()) != 0) {
      return "no overlay here";
    }
    DEMAND(make_folder(scratch / "merged/s"));
    const auto refused =
        replace_file(scratch / "merged/a", "new", with_sidecar(scratch / "merged/s"));
    DEMAND(!refused && refused.error().code() == Code::unsupported);
    DEMAND(read_file(fs, scratch / "merged/b") == "old");
    DEMAND(status_of(fs, scratch / "merged/a").inode == status_of(fs, scratch / "merged/b").inode);
    // A mount of one file works: it is copied up before its identity is taken.
    write_file(fs, scratch / "mounted", "below");
    DEMAND(bind_mount(scratch / "merged/single", scratch / "mounted"));
    const auto receipt =
        replace_file(scratch / "mounted", "new content", with_sidecar(scratch / "merged/s"));
    DEMAND(receipt.has_value() && receipt->protocol == Protocol::in_place);
    DEMAND(read_file(fs, scratch / "merged/single") == "new content");
    return "";
  });
  UNTORN_NEED(problem != "no overlay here", "namespaces", problem);
  EXPECT_EQ(problem, "");
}

TEST(InPlaceMounts, another_subvolume_of_btrfs_is_another_file_system) {
  UNTORN_NEED(geteuid() == 0, "root", "a loop mount needs root");
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    FileSystem& fs = posix_file_system();
    const std::string image = scratch / "image";
    const std::string disk = scratch / "disk";
    write_file(fs, image, "");
    DEMAND(truncate(image.c_str(), 120 << 20) == 0);
    DEMAND(make_folder(disk));
    const auto run = [](const std::string& command) {
      return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
    };
    if (!run("mkfs.btrfs -q " + image) || !run("mount -o loop " + image + " " + disk) ||
        !run("btrfs subvolume create " + disk + "/other")) {
      (void)umount(disk.c_str());
      return "no btrfs here";
    }
    const auto try_both = [&]() -> std::string {
      write_file(fs, disk + "/a", "old");
      DEMAND(link((disk + "/a").c_str(), (disk + "/b").c_str()) == 0);
      DEMAND(make_folder(disk + "/s"));
      const auto refused = replace_file(disk + "/a", "new", with_sidecar(disk + "/other"));
      DEMAND(!refused && refused.error().code() == Code::invalid_argument);
      DEMAND(read_file(fs, disk + "/b") == "old");
      const auto receipt = replace_file(disk + "/a", "new", with_sidecar(disk + "/s"));
      DEMAND(receipt.has_value() && receipt->syncs == 4);
      DEMAND(read_file(fs, disk + "/b") == "new");
      return "";
    };
    std::string wrong = try_both();
    DEMAND(umount(disk.c_str()) == 0);
    return wrong;
  });
  UNTORN_NEED(problem != "no btrfs here", "lab", problem);
  EXPECT_EQ(problem, "");
}

TEST(InPlaceMounts, I4_a_writer_waits_for_the_lock_as_long_as_it_was_told) {
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  write_file(fs, scratch / "a", "old");
  ASSERT_EQ(link((scratch / "a").c_str(), (scratch / "b").c_str()), 0);
  const OwnedHandle lock(fs, fs.open(Handle::working_directory, scratch / ".untorn-in-place-lock",
                                     {.access = Access::read_write, .create = true, .mode = 0600})
                                 .value());
  ASSERT_TRUE(fs.lock(lock.get(), LockMode::exclusive));
  ReplaceOptions options = with_sidecar(scratch.path());
  options.lock_wait = std::chrono::milliseconds(10);
  const auto receipt = replace_file(scratch / "a", "new", options);
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code(), Code::busy);
  EXPECT_EQ(receipt.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(read_file(fs, scratch / "b"), "old");
  EXPECT_EQ(names_in(fs, scratch.path()), (Names{".untorn-in-place-lock", "a", "b"}));
}

TEST(InPlaceMounts, a_folder_that_is_not_there_is_an_error) {
  const ScratchDirectory scratch;
  const auto recovered = recover_in_place(scratch / "nowhere");
  ASSERT_FALSE(recovered);
  EXPECT_EQ(recovered.error().code(), Code::not_found);
}

// Several processes and threads, each with its own files, one folder.
TEST(InPlaceMounts, I4_writers_with_one_folder_take_turns_and_every_content_is_whole) {
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  ASSERT_TRUE(make_folder(scratch / "s"));
  constexpr unsigned writers = 4;
  for (const char* name : {"a", "c"}) {
    write_file(fs, scratch / name, version(0));
    ASSERT_EQ(link((scratch / name).c_str(), (scratch / (std::string(name) + "2")).c_str()), 0);
  }
  std::vector<pid_t> children;
  for (unsigned n = 0; n < writers; ++n) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (unsigned round = 1; round <= 20; ++round) {
        const std::string path = scratch / (n % 2 == 0 ? "a" : "c");
        if (!replace_file(path, version(n * 100 + round), with_sidecar(scratch / "s"))) _exit(1);
      }
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  for (const char* name : {"a2", "c2"}) {
    EXPECT_TRUE(number_of(read_file(fs, scratch / name).value_or("")).has_value()) << name;
  }
  EXPECT_EQ(names_in(fs, scratch / "s"), Names{".untorn-in-place-lock"});
}

TEST(InPlaceMounts, a_relative_path_is_recovered_from_another_working_directory) {
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  const std::string folder = scratch / "sidecars";
  write_file(fs, scratch / "a", version(1));
  ASSERT_EQ(link((scratch / "a").c_str(), (scratch / "b").c_str()), 0);
  ASSERT_TRUE(make_folder(folder));
  // Killed at random instants until one leaves a sidecar.
  std::string left;
  for (unsigned round = 0; round < 500 && left.empty(); ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      if (chdir(scratch.path().c_str()) != 0) _exit(1);
      for (unsigned number = 2;; ++number) {
        if (!replace_file("a", version(number), with_sidecar(folder))) _exit(1);
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(500 + round * 37));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    for (const std::string& name : names_in(fs, folder)) {
      if (name.starts_with(".untorn-sidecar-")) left = name;
    }
  }
  ASSERT_FALSE(left.empty()) << "no kill met an overwriting half done: the test proves nothing";
  const auto recovered = recover_in_place(folder);
  ASSERT_TRUE(recovered) << recovered.error();
  ASSERT_EQ(recovered->finished, Names{scratch / "a"});
  EXPECT_TRUE(number_of(read_file(fs, scratch / "b").value_or("")).has_value());
}

TEST(InPlaceMounts, while_another_process_writes_recovery_is_busy_and_takes_nothing_away) {
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  const std::string folder = scratch / "sidecars";
  write_file(fs, scratch / "a", "old");
  ASSERT_EQ(link((scratch / "a").c_str(), (scratch / "b").c_str()), 0);
  ASSERT_TRUE(make_folder(folder));
  auto writer = FileReplacer::open(scratch / "a", with_sidecar(folder));
  ASSERT_TRUE(writer) << writer.error();
  ASSERT_TRUE(writer->write("new"));
  const auto meanwhile = recover_in_place(folder);
  ASSERT_TRUE(meanwhile) << meanwhile.error();
  EXPECT_TRUE(meanwhile->discarded.empty());
  const OwnedHandle lock(fs, fs.open(Handle::working_directory, folder + "/.untorn-in-place-lock",
                                     {.access = Access::read_write, .create = true, .mode = 0600})
                                 .value());
  ASSERT_TRUE(fs.lock(lock.get(), LockMode::exclusive));
  const auto busy = recover_in_place(folder);
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code(), Code::busy);
  ASSERT_TRUE(fs.unlock(lock.get()));
  const auto receipt = std::move(*writer).commit();
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(read_file(fs, scratch / "b"), "new");
}

}  // namespace
}  // namespace untorn
