// SPDX-License-Identifier: Apache-2.0
//
// What mounts tell about a file. Each test makes its mounts in a world of its own.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "filesystem/test_directory.h"
#include "tests/support/private_world.h"
#include "tests/support/require.h"

namespace untorn {
namespace {

using testing::in_private_world;
using testing::why_no_private_world;

constexpr Handle here = Handle::working_directory;

std::string failed(const char* what) {
  return std::string(what) + ": " + std::strerror(errno);
}

// A tmpfs at `path`, so that nothing below reaches the disk.
std::string mount_tmpfs(const std::filesystem::path& path, const char* options) {
  return mount("tmpfs", path.c_str(), "tmpfs", 0, options) == 0 ? "" : failed("mount tmpfs");
}

// The kind of an overlay made with these further options, or what went wrong.
std::string kind_of_overlay(const std::filesystem::path& base, const std::string& options) {
  if (std::string problem = mount_tmpfs(base, "size=1m"); !problem.empty()) return problem;
  for (const char* name : {"lower", "upper", "work", "merged"})
    std::filesystem::create_directory(base / name);
  const std::string all = "lowerdir=" + (base / "lower").string() +
                          ",upperdir=" + (base / "upper").string() +
                          ",workdir=" + (base / "work").string() + options;
  const std::string merged = (base / "merged").string();
  if (mount("overlay", merged.c_str(), "overlay", 0, all.c_str()) != 0) return failed("mount");
  FileSystem& fs = posix_file_system();
  const auto opened = fs.open(here, merged, {.access = Access::directory});
  if (!opened) return "cannot open " + merged;
  const OwnedHandle directory(fs, *opened);
  const FileSystemKind kind = fs.kind(directory.get());
  return kind.name + (kind.volatile_storage ? " volatile" : " lasting");
}

TEST(posix_mounts, a_volatile_overlay_is_told_from_a_lasting_one) {
  const std::string why = why_no_private_world();
  UNTORN_NEED(why.empty(), "namespaces", why);
  const test::TestDirectory directory;
  EXPECT_EQ(in_private_world([&] { return kind_of_overlay(directory.path(), ""); }),
            "overlay lasting");
  EXPECT_EQ(in_private_world([&] { return kind_of_overlay(directory.path(), ",volatile"); }),
            "overlay volatile");
}

std::string look_at_a_bind_mount(const std::filesystem::path& directory) {
  FileSystem& fs = posix_file_system();
  const std::string target = (directory / "target").string();
  const std::string source = (directory / "source").string();
  test::write_path(fs, source, "text");
  test::write_path(fs, target, "");
  if (mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0) return failed("bind");
  const auto mounted = fs.status_at(here, target);
  if (!mounted || !mounted->mount_root) return "the mount is not seen";
  const auto beside = fs.status_at(here, source);
  if (!beside || beside->mount_root) return "a plain file looks like a mount";
  const std::string fresh = (directory / "new").string();
  test::write_path(fs, fresh, "new");
  const auto renamed = fs.rename(here, fresh, here, target, RenameMode::replace);
  return !renamed && number(renamed.error()) == EBUSY ? "" : "a rename over the mount succeeded";
}

TEST(posix_mounts, a_file_that_is_a_mount_of_its_own_is_seen) {
  const std::string why = why_no_private_world();
  UNTORN_NEED(why.empty(), "namespaces", why);
  const test::TestDirectory directory;
  EXPECT_EQ(in_private_world([&] { return look_at_a_bind_mount(directory.path()); }), "");
}

// Attributes by name in a root that has no /proc.
std::string list_without_proc(const std::filesystem::path& root) {
  FileSystem& fs = posix_file_system();
  test::write_path(fs, (root / "file").string(), "text");
  DEMAND(fs.make_symlink("file", here, (root / "link").string()));
  if (chroot(root.c_str()) != 0 || chdir("/") != 0) return failed("chroot");
  const auto opened = fs.open(here, "/", {.access = Access::directory});
  DEMAND(opened.has_value());
  const OwnedHandle directory(fs, *opened);
  std::vector<std::string> expected;
  {
    const OwnedHandle file(fs, fs.open(here, "file", {.access = Access::write}).value());
    if (fs.set_attribute(file.get(), "user.name", "value")) expected.emplace_back("user.name");
  }
  const auto names = fs.list_attributes_at(directory.get(), "file");
  DEMAND(names.has_value());
  DEMAND(std::ranges::count(*names, "user.name") == std::ranges::ssize(expected));
  const auto missing = fs.list_attributes_at(directory.get(), "missing");
  DEMAND(!missing && number(missing.error()) == ENOENT);
  // Without /proc a link cannot be looked at; what it points to is not taken instead.
  const auto link = fs.list_attributes_at(directory.get(), "link");
  DEMAND(!link && number(link.error()) == ELOOP);
  return "";
}

TEST(posix_mounts, attributes_by_name_are_listed_without_proc) {
  const std::string why = why_no_private_world();
  UNTORN_NEED(why.empty(), "namespaces", why);
  const test::TestDirectory directory;
  EXPECT_EQ(in_private_world([&] { return list_without_proc(directory.path()); }), "");
}

std::string fill_a_small_disk(const std::filesystem::path& directory) {
  if (std::string problem = mount_tmpfs(directory, "size=64k"); !problem.empty()) return problem;
  FileSystem& fs = posix_file_system();
  const auto opened =
      fs.open(here, (directory / "file").string(), {.access = Access::write, .create = true});
  if (!opened) return "cannot open the file";
  const OwnedHandle file(fs, *opened);
  const std::string text(100'000, 'x');
  const auto first = fs.write(file.get(), test::as_bytes(text));
  if (!first || *first != 65536) return "the first write is not short";
  const auto second = fs.write(file.get(), test::as_bytes(text));
  return !second && number(second.error()) == ENOSPC ? "" : "the second write did not fail";
}

TEST(posix_mounts, a_full_disk_gives_a_short_write_and_then_an_error) {
  const std::string why = why_no_private_world();
  UNTORN_NEED(why.empty(), "namespaces", why);
  const test::TestDirectory directory;
  EXPECT_EQ(in_private_world([&] { return fill_a_small_disk(directory.path()); }), "");
}

}  // namespace
}  // namespace untorn
