// SPDX-License-Identifier: Apache-2.0
//
// The allow-list against real disks: loop devices, formatted and mounted in a world of each test's
// own. What the constant one_commit_is_default says does not matter here.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "filesystem/posix_range_sync.h"
#include "filesystem/test_directory.h"
#include "tests/crash/blockdev/loop_device.h"
#include "tests/support/private_world.h"
#include "tests/support/require.h"

namespace untorn {
namespace {

using lab::LoopDevice;
using Words = std::vector<std::string>;

std::string failed(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

bool run(Words words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0) return false;
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
    (void)posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
  pid_t child = -1;
  const int spawned =
      posix_spawnp(&child, arguments.front(), &actions, nullptr, arguments.data(), environ);
  (void)posix_spawn_file_actions_destroy(&actions);
  int status = -1;
  return spawned == 0 && waitpid(child, &status, 0) == child && status == 0;
}

bool has_tool(const std::string& name) {
  for (const char* const folder : {"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"}) {
    if (access((folder + name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

bool kernel_knows(const std::string& type) {
  std::ifstream file("/proc/filesystems");
  for (std::string word; file >> word;) {
    if (word == type) return true;
  }
  return false;
}

struct Disk {
  Words make = {"mkfs.ext4", "-q", "-F"};  // the device is added
  std::string type = "ext4";
  std::string options = {};
  Words make_second = {};          // formats a second device; "" for none
  std::string second_option = {};  // of make and mount, with the path of the second device after it
  // What is done with the mounted disk, as far as it is not looked at from its root.
  std::function<std::string(const std::string& root)> look = {};
};

std::string in_words(const RangeSyncAnswer& answer) {
  if (answer.range_sync != RangeSync::before_names) return answer.why_classic;
  if (!answer.why_classic.empty()) return "covered, and yet: " + answer.why_classic;
  return answer.fast_commit ? "covered, with fast commits" : "covered";
}

// What the probe says of a file or directory.
std::string look_at(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("open " + path);
  const FileSystemKind kind = posix_file_system().kind(Handle{fd});
  const RangeSyncAnswer answer = probe_range_sync(fd, kind.name);
  (void)close(fd);
  const bool taken = kind.range_sync == RangeSync::before_names;
  const bool covered = answer.range_sync == RangeSync::before_names;
  if (taken != (covered && one_commit_is_default)) return "kind() says otherwise";
  if (kind.name != "ext4" && kind.name != "xfs")
    return kind.name + (covered || !answer.why_classic.empty() ? " is looked at" : " is not");
  if (kind.why_classic.empty() != taken) return "kind() does not say why";
  return in_words(answer);
}

std::expected<std::unique_ptr<LoopDevice>, std::string> make_device(const std::string& folder,
                                                                    const std::string& name,
                                                                    off_t bytes) {
  const std::string image = folder + '/' + name + ".image";
  const int file = open(image.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, bytes) != 0) return std::unexpected(failed(image));
  auto device = LoopDevice::attach(file, folder + '/' + name);
  (void)close(file);
  return device;
}

std::string look_at_disk(const Disk& disk, const std::string& folder) {
  constexpr off_t first_bytes = off_t{320} << 20U;
  constexpr off_t second_bytes = off_t{100} << 20U;
  const auto device = make_device(folder, "disk", first_bytes);
  if (!device) return device.error();
  const auto second = make_device(folder, "second", second_bytes);
  if (!second) return second.error();
  Words make = disk.make;
  std::string options = disk.options;
  if (!disk.make_second.empty()) {
    Words make_second = disk.make_second;
    make_second.push_back((*second)->path());
    if (make_second.front() != "none" && !run(make_second)) return "the second is not formatted";
    make.push_back(disk.second_option + (*second)->path());
    if (disk.type == "xfs") options = make.back();
  }
  make.push_back((*device)->path());
  if (!run(make)) return make.front() + " failed";
  const std::string root = folder + "/root";
  (void)mkdir(root.c_str(), 0755);
  if (mount((*device)->path().c_str(), root.c_str(), disk.type.c_str(), 0, options.c_str()) != 0)
    return failed("mount");
  std::string said = disk.look ? disk.look(root) : look_at(root);
  if (umount2(root.c_str(), MNT_DETACH) != 0) return failed("umount");
  return said;
}

class allow_list : public ::testing::Test {
 protected:
  void SetUp() override {
    UNTORN_NEED(geteuid() == 0, "root", "mounting a disk needs root");
    const std::string why = testing::why_no_private_world();
    UNTORN_NEED(why.empty(), "root", why);
    UNTORN_NEED(access("/dev/loop-control", R_OK | W_OK) == 0, "root", "there are no loop devices");
    struct utsname system = {};
    ASSERT_EQ(uname(&system), 0);
    const std::string no_lab = why_not_this_kernel(system.release, "ext4");
    if (!no_lab.empty()) GTEST_SKIP() << no_lab;
  }

  // What the probe says of such a disk, or what went wrong.
  static std::string said_of(const Disk& disk) {
    const test::TestDirectory folder;
    return testing::in_private_world([&] { return look_at_disk(disk, folder.path().string()); });
  }
};

constexpr std::string_view covered = "covered";

Disk ext4_with(const std::string& features, const std::string& options = "") {
  Disk disk{.options = options};
  if (!features.empty()) disk.make.insert(disk.make.end(), {"-O", features});
  return disk;
}

TEST_F(allow_list, ext4_is_covered_in_every_data_mode) {
  EXPECT_EQ(said_of({}), covered);
  EXPECT_EQ(said_of(ext4_with("", "data=journal")), covered);
  EXPECT_EQ(said_of(ext4_with("", "data=writeback,noauto_da_alloc")), covered);
  EXPECT_EQ(said_of(ext4_with("", "sync,nodelalloc,commit=99")), covered);
  EXPECT_EQ(said_of(ext4_with("^64bit,^metadata_csum,^flex_bg")), covered);
  EXPECT_EQ(said_of(ext4_with("inline_data")), covered);
  EXPECT_EQ(said_of(ext4_with("bigalloc")), covered);
}

TEST_F(allow_list, ext4_without_a_journal_of_its_own_is_not) {
  EXPECT_EQ(said_of(ext4_with("^has_journal")), "it has no journal");
  EXPECT_EQ(said_of(ext4_with("", "ro,noload")), "it has no journal");
  const Disk external{.make = {"mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-J"},
                      .make_second = {"mke2fs", "-q", "-F", "-b", "4096", "-O", "journal_dev"},
                      .second_option = "device="};
  EXPECT_EQ(said_of(external), "its journal is on a device of its own");
}

TEST_F(allow_list, ext4_without_barriers_or_with_unknown_options_is_not) {
  EXPECT_EQ(said_of(ext4_with("", "barrier=0")), "it is mounted without barriers");
  EXPECT_EQ(said_of(ext4_with("", "nobarrier")), "it is mounted without barriers");
  EXPECT_EQ(said_of(ext4_with("", "data=writeback,journal_async_commit")),
            "no lab run has covered the option journal_async_commit");
}

// Until one is made, Linux before 6.18 does not tell that the journal makes fast commits.
std::string make_commits(const std::string& root) {
  FileSystem& fs = posix_file_system();
  for (const char* const name : {"/a", "/b", "/c"}) {
    test::write_path(fs, root + name, "text");
    const OwnedHandle file(fs, fs.open(Handle::working_directory, root + name, {}).value());
    if (!fs.sync(file.get())) return "fsync failed";
  }
  return "";
}

TEST_F(allow_list, fast_commits_are_told) {
  Disk disk = ext4_with("fast_commit");
  disk.look = [](const std::string& root) {
    std::string problem = make_commits(root);
    return problem.empty() ? look_at(root) : problem;
  };
  EXPECT_EQ(said_of(disk), "covered, with fast commits");
  disk.make = {"mkfs.ext4", "-q", "-F"};
  EXPECT_EQ(said_of(disk), covered);
  const std::string fresh = said_of(ext4_with("fast_commit"));
  EXPECT_TRUE(fresh == covered || fresh == "covered, with fast commits") << fresh;
}

TEST_F(allow_list, features_that_change_how_bytes_are_kept_are_not) {
  struct utsname system = {};
  ASSERT_EQ(uname(&system), 0);
  if (std::string_view(system.release).starts_with("6.1."))
    GTEST_SKIP() << "this kernel does not tell features";
  EXPECT_EQ(said_of(ext4_with("encrypt")), "no lab run has covered the feature encrypt");
  EXPECT_EQ(said_of(ext4_with("ea_inode")), "no lab run has covered the feature ea_inode");
}

TEST_F(allow_list, ext2_and_ext3_are_not) {
  Disk disk{.make = {"mke2fs", "-q", "-F", "-t", "ext3"}, .type = "ext3"};
  if (kernel_knows("ext3")) {
    EXPECT_EQ(said_of(disk), "it is mounted as ext3");
  }
  disk = {.make = {"mke2fs", "-q", "-F", "-t", "ext2"}, .type = "ext2"};
  if (kernel_knows("ext2")) {
    EXPECT_EQ(said_of(disk), "it is mounted as ext2");
  }
  disk.type = "ext4";
  EXPECT_EQ(said_of(disk), "it has no journal");
}

TEST_F(allow_list, xfs_is_covered_with_its_log_inside) {
  UNTORN_NEED(has_tool("mkfs.xfs") && kernel_knows("xfs"), "lab", "there is no xfs");
  const Disk plain{.make = {"mkfs.xfs", "-q", "-f"}, .type = "xfs"};
  EXPECT_EQ(said_of(plain), covered);
  const Disk external{.make = {"mkfs.xfs", "-q", "-f", "-l"},
                      .type = "xfs",
                      .make_second = {"none"},
                      .second_option = "logdev="};
  EXPECT_EQ(said_of(external), "its log is on a device of its own");
}

TEST_F(allow_list, other_file_systems_are_not_looked_at) {
  if (has_tool("mkfs.btrfs") && kernel_knows("btrfs")) {
    EXPECT_EQ(said_of({.make = {"mkfs.btrfs", "-q", "-f"}, .type = "btrfs"}), "btrfs is not");
  }
  const auto look_at_tmpfs = [](const std::string& root) {
    if (mount("tmpfs", root.c_str(), "tmpfs", 0, "size=1m") != 0) return failed("mount");
    std::string said = look_at(root);
    return umount2(root.c_str(), 0) == 0 ? said : failed("umount");
  };
  EXPECT_EQ(said_of({.look = look_at_tmpfs}), "tmpfs is not");
}

std::string look_at_overlay(const std::string& root, const std::string& further) {
  for (const char* const name : {"/lower", "/upper", "/work", "/merged"})
    (void)mkdir((root + name).c_str(), 0755);
  const std::string merged = root + "/merged";
  const std::string options =
      "lowerdir=" + root + "/lower,upperdir=" + root + "/upper,workdir=" + root + "/work" + further;
  if (mount("overlay", merged.c_str(), "overlay", 0, options.c_str()) != 0) return failed("mount");
  std::string said = look_at(merged);
  return umount2(merged.c_str(), 0) == 0 ? said : failed("umount");
}

TEST_F(allow_list, an_overlay_on_a_covered_one_is_not) {
  UNTORN_NEED(kernel_knows("overlay"), "lab", "there is no overlay");
  for (const char* const further : {"", ",volatile"}) {
    const auto look = [&](const std::string& root) { return look_at_overlay(root, further); };
    EXPECT_EQ(said_of({.look = look}), "overlay is not");
    if (!has_tool("mkfs.xfs") || !kernel_knows("xfs")) continue;
    EXPECT_EQ(said_of({.make = {"mkfs.xfs", "-q", "-f"}, .type = "xfs", .look = look}),
              "overlay is not");
  }
}

TEST_F(allow_list, a_file_that_is_a_mount_has_the_answer_of_its_disk) {
  const auto look = [](const std::string& root) {
    const std::string source = root + "/source";
    const std::string target = root + "/../target";
    test::write_path(posix_file_system(), source, "text");
    test::write_path(posix_file_system(), target, "");
    if (mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0)
      return failed("bind");
    std::string said = look_at(target);
    return umount2(target.c_str(), 0) == 0 ? said : failed("umount");
  };
  EXPECT_EQ(said_of({.look = look}), covered);
}

TEST_F(allow_list, any_user_gets_the_same_answer) {
  const auto look = [](const std::string& root) {
    constexpr uid_t nobody = 65534;
    const int fd = open(root.c_str(), O_RDONLY | O_CLOEXEC);
    if (setegid(nobody) != 0 || seteuid(nobody) != 0) return failed("seteuid");
    std::string said = in_words(probe_range_sync(fd, "ext4"));
    if (seteuid(0) != 0) return failed("seteuid");
    (void)close(fd);
    return said;
  };
  EXPECT_EQ(said_of({.look = look}), covered);
  Disk disk = ext4_with("fast_commit");
  disk.look = [&look](const std::string& root) {
    std::string problem = make_commits(root);
    return problem.empty() ? look(root) : problem;
  };
  EXPECT_EQ(said_of(disk), "covered, with fast commits");
}

TEST_F(allow_list, the_working_directory_can_be_asked_for) {
  const auto look = [](const std::string& root) {
    if (chdir(root.c_str()) != 0) return failed("chdir");
    std::string said = in_words(probe_range_sync(AT_FDCWD, "ext4"));
    return chdir("/") == 0 ? said : failed("chdir");
  };
  EXPECT_EQ(said_of({.look = look}), covered);
}

TEST_F(allow_list, a_user_namespace_gets_the_same_answer) {
  const auto look = [](const std::string& root) {
    return testing::in_private_world([&root] {
      if (unshare(CLONE_NEWUSER) != 0) return failed("unshare");
      return look_at(root);
    });
  };
  EXPECT_EQ(said_of({.look = look}), covered);
}

// A handle that comes from another mount namespace belongs to a mount that ours does not list.
TEST_F(allow_list, a_mount_of_another_namespace_is_not_known) {
  const auto look = [](const std::string& root) {
    const int fd = open(root.c_str(), O_RDONLY | O_CLOEXEC);
    std::string said =
        testing::in_private_world([fd] { return in_words(probe_range_sync(fd, "ext4")); });
    (void)close(fd);
    return said;
  };
  EXPECT_EQ(said_of({.look = look}), "its mount is not in /proc/self/mountinfo");
}

// The probe with something mounted over a folder that it reads.
Disk with_hidden(const std::string& hidden, const std::string& type = "ext4") {
  Disk disk{.look = [hidden](const std::string& root) {
    const int fd = open(root.c_str(), O_RDONLY | O_CLOEXEC);
    const std::string name = posix_file_system().kind(Handle{fd}).name;
    if (mount("tmpfs", hidden.c_str(), "tmpfs", 0, "size=64k") != 0) return failed("mount");
    std::string said = in_words(probe_range_sync(fd, name));
    if (umount2(hidden.c_str(), 0) != 0) return failed("umount");
    (void)close(fd);
    // The number of the device is not known before.
    const std::size_t loop = said.find("loop");
    if (loop == std::string::npos) return said;
    return said.replace(loop, said.find_first_of("/:", loop) - loop, "DEVICE");
  }};
  if (type == "xfs") disk.make = {"mkfs.xfs", "-q", "-f"};
  disk.type = type;
  return disk;
}

TEST_F(allow_list, what_cannot_be_read_is_not_covered) {
  const std::string missing = ": No such file or directory";
  EXPECT_EQ(said_of(with_hidden("/proc")), "cannot read /proc/self/mountinfo" + missing);
  const std::string no_devices = said_of(with_hidden("/sys"));
  EXPECT_TRUE(no_devices.starts_with("cannot read /sys/dev/block/7:")) << no_devices;
  EXPECT_EQ(said_of(with_hidden("/sys/fs/ext4")),
            "cannot read /sys/fs/ext4/DEVICE/journal_task" + missing);
  EXPECT_EQ(said_of(with_hidden("/proc/fs/ext4")),
            "cannot read /proc/fs/ext4/DEVICE/options" + missing);
  EXPECT_EQ(said_of(with_hidden("/proc/fs")), "cannot read /proc/fs/jbd2" + missing);
  UNTORN_NEED(has_tool("mkfs.xfs") && kernel_knows("xfs"), "lab", "there is no xfs");
  EXPECT_EQ(said_of(with_hidden("/sys/fs/xfs", "xfs")), "cannot read /sys/fs/xfs/DEVICE" + missing);
}

TEST_F(allow_list, a_root_of_another_folder_hides_the_mount_table) {
  const auto look = [](const std::string& root) {
    return testing::in_private_world([&root] {
      if (chroot(root.c_str()) != 0 || chdir("/") != 0) return failed("chroot");
      return in_words(probe_range_sync(AT_FDCWD, "ext4"));
    });
  };
  EXPECT_EQ(said_of({.look = look}), "cannot read /proc/self/mountinfo: No such file or directory");
}

}  // namespace
}  // namespace untorn
