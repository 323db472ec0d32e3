// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/setups.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace untorn::lab {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;
constexpr std::size_t ext4_bytes = 128 * mebibyte;
constexpr std::size_t xfs_bytes = 320 * mebibyte;
constexpr std::size_t btrfs_bytes = 192 * mebibyte;

LabFileSystem ext4(std::string name, std::string features, std::string options) {
  LabFileSystem setup{
      .name = std::move(name), .type = "ext4", .make = {"mkfs.ext4", "-q", "-F", "-b", "4096"}};
  if (!features.empty()) setup.make.insert(setup.make.end(), {"-O", std::move(features)});
  setup.options = std::move(options);
  setup.repair = {"e2fsck", "-fy"};
  setup.disk_bytes = ext4_bytes;
  return setup;
}

LabFileSystem xfs(std::string name) {
  return {.name = std::move(name),
          .type = "xfs",
          .make = {"mkfs.xfs", "-q", "-f"},
          .options = "",
          .repair = {"xfs_repair", "-L"},
          .disk_bytes = xfs_bytes};
}

LabFileSystem btrfs() {
  return {.name = "btrfs",
          .type = "btrfs",
          .make = {"mkfs.btrfs", "-q", "-f"},
          .options = "",
          .repair = {"btrfs", "rescue", "super-recover", "-y"},
          .disk_bytes = btrfs_bytes};
}

std::vector<LabFileSystem> make_setups() {
  std::vector<LabFileSystem> made = {
      ext4("ext4", "", ""),
      ext4("ext4-noauto_da_alloc", "", "noauto_da_alloc"),
      ext4("ext4-writeback", "", "data=writeback"),
      ext4("ext4-journal", "", "data=journal"),
      ext4("ext4-no-journal", "^has_journal", ""),
      ext4("ext4-fast_commit", "fast_commit", ""),
      ext4("ext4-inline_data", "inline_data", ""),
      ext4("ext4-bigalloc", "bigalloc", ""),
      xfs("xfs"),
      btrfs(),
      ext4("overlay-ext4", "", ""),
      xfs("overlay-xfs"),
  };
  for (LabFileSystem& setup : made) {
    setup.overlay = setup.name.starts_with("overlay-");
    setup.repair_always = setup.name == "ext4-no-journal";
    setup.fast_commit = setup.name == "ext4-fast_commit";
    setup.ranges = !setup.overlay && !setup.repair_always && setup.type != "btrfs";
  }
  return made;
}

std::string failed(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

// The status that waitpid() gives, or -1. What the command says is not wanted.
int run(std::vector<std::string> command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0) return -1;
  (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  (void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = -1;
  const int spawned =
      posix_spawnp(&child, arguments.front(), &actions, nullptr, arguments.data(), environ);
  (void)posix_spawn_file_actions_destroy(&actions);
  int status = -1;
  if (spawned != 0 || waitpid(child, &status, 0) != child) return -1;
  return status;
}

bool in_path(const std::string& tool) {
  for (const char* folder : {"/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/", "/usr/local/sbin/"}) {
    if (access((folder + tool).c_str(), X_OK) == 0) return true;
  }
  return false;
}

bool kernel_knows(const std::string& type) {
  std::ifstream file("/proc/filesystems");
  const std::vector<std::string> words{std::istream_iterator<std::string>(file), {}};
  return std::ranges::find(words, type) != words.end();
}

}  // namespace

const std::vector<LabFileSystem>& setups() {
  static const std::vector<LabFileSystem> made = make_setups();
  return made;
}

const LabFileSystem& setup_named(const std::string& name) {
  const auto found = std::ranges::find(setups(), name, &LabFileSystem::name);
  if (found == setups().end()) {
    (void)std::fprintf(stderr, "the lab has no file system '%s'\n", name.c_str());
    std::abort();
  }
  return *found;
}

std::string why_not(const LabFileSystem& setup) {
  if (!in_path(setup.make.front())) return setup.make.front() + " is not installed";
  if (!setup.repair.empty() && !in_path(setup.repair.front())) {
    return setup.repair.front() + " is not installed";
  }
  if (!kernel_knows(setup.type)) return "this kernel has no " + setup.type;
  if (setup.overlay && !kernel_knows("overlay")) return "this kernel has no overlay";
  return "";
}

Mounting::Mounting(const LabFileSystem& setup, std::string device, const std::string& folder)
    : setup_(setup),
      device_(std::move(device)),
      disk_root_(folder + "/disk"),
      overlay_root_(folder + "/overlay") {
  (void)mkdir(disk_root_.c_str(), 0755);
  (void)mkdir(overlay_root_.c_str(), 0755);
}

Mounting::~Mounting() {
  (void)unmount();
}

const std::string& Mounting::root() const noexcept {
  return setup_.overlay ? overlay_root_ : disk_root_;
}

std::string Mounting::make() {
  std::vector<std::string> command = setup_.make;
  command.push_back(device_);
  if (run(command) != 0) return setup_.make.front() + " failed";
  if (!setup_.overlay) return "";
  if (::mount(device_.c_str(), disk_root_.c_str(), setup_.type.c_str(), 0, nullptr) != 0) {
    return failed("mount for the layers of the overlay");
  }
  for (const char* name : {"/lower", "/upper", "/work"}) {
    if (mkdir((disk_root_ + name).c_str(), 0755) != 0) return failed("mkdir");
  }
  return umount2(disk_root_.c_str(), 0) == 0 ? "" : failed("umount");
}

std::string Mounting::mount() {
  if (::mount(device_.c_str(), disk_root_.c_str(), setup_.type.c_str(), MS_NOATIME,
              setup_.options.c_str()) != 0) {
    return failed("mount");
  }
  disk_mounted_ = true;
  return setup_.overlay ? mount_overlay() : "";
}

std::string Mounting::mount_overlay() {
  const std::string options = "lowerdir=" + disk_root_ + "/lower,upperdir=" + disk_root_ +
                              "/upper,workdir=" + disk_root_ + "/work";
  if (::mount("overlay", overlay_root_.c_str(), "overlay", MS_NOATIME, options.c_str()) != 0) {
    const std::string problem = failed("mount of the overlay");
    (void)unmount();
    return problem;
  }
  overlay_mounted_ = true;
  return "";
}

std::string Mounting::unmount() {
  if (overlay_mounted_ && umount2(overlay_root_.c_str(), 0) != 0) {
    return failed("umount of the overlay");
  }
  overlay_mounted_ = false;
  if (disk_mounted_ && umount2(disk_root_.c_str(), 0) != 0) return failed("umount");
  disk_mounted_ = false;
  return "";
}

std::string Mounting::repair() const {
  if (setup_.repair.empty()) return "no repair tool";
  std::vector<std::string> command = setup_.repair;
  command.push_back(device_);
  const int status = run(command);
  // e2fsck: 1 and 2 mean that it has repaired something.
  constexpr int repaired_max = 3;
  if (WIFEXITED(status) && WEXITSTATUS(status) <= repaired_max) return "";
  return setup_.repair.front() + " failed";
}

}  // namespace untorn::lab
