// SPDX-License-Identifier: Apache-2.0
#include "filesystem/conformance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace untorn {
namespace {

using test::write_path;
using testing::ElementsAre;
using testing::IsEmpty;

using MetadataConformance = FileSystemConformance;

// ------------------------------------------------------------------ metadata

TEST_P(MetadataConformance, mode_and_owner_are_kept) {
  write_path(fs(), "a", "text");
  const auto file = open("a", for_reading);
  ASSERT_TRUE(file);
  ASSERT_EQ(errno_of(fs().set_mode(file->get(), 0640)), 0);
  EXPECT_EQ(status("a").mode, 0640U);
  const Status before = status("a");
  EXPECT_EQ(errno_of(fs().set_owner(file->get(), before.user, before.group)), 0);
  EXPECT_EQ(status("a").user, before.user);
  EXPECT_EQ(status("a").group, before.group);
}

TEST_P(MetadataConformance, a_change_of_owner_takes_set_user_id_away) {
  write_path(fs(), "a", "text");
  const auto file = open("a", for_reading);
  ASSERT_TRUE(file);
  ASSERT_EQ(errno_of(fs().set_mode(file->get(), 06755)), 0);
  ASSERT_EQ(status("a").mode, 06755U);
  const Status before = status("a");
  ASSERT_EQ(errno_of(fs().set_owner(file->get(), before.user, before.group)), 0);
  EXPECT_EQ(status("a").mode, 0755U);
}

TEST_P(MetadataConformance, attributes_are_kept_by_name) {
  write_path(fs(), "a", "text");
  const auto file = open("a", {.access = Access::read_write});
  ASSERT_TRUE(file);
  const int set = errno_of(fs().set_attribute(file->get(), "user.b", "value"));
  if (set == EOPNOTSUPP) GTEST_SKIP() << "no extended attributes in the folder for temporaries";
  ASSERT_EQ(set, 0);
  const std::string large(1000, 'v');
  ASSERT_EQ(errno_of(fs().set_attribute(file->get(), "user.a", large)), 0);
  ASSERT_EQ(errno_of(fs().set_attribute(file->get(), "user.empty", "")), 0);
  EXPECT_EQ(fs().get_attribute(file->get(), "user.b").value(), "value");
  EXPECT_EQ(fs().get_attribute(file->get(), "user.a").value(), large);
  EXPECT_EQ(fs().get_attribute(file->get(), "user.empty").value(), "");
  EXPECT_THAT(fs().list_attributes(file->get()).value(),
              ElementsAre("user.a", "user.b", "user.empty"));
  ASSERT_EQ(errno_of(fs().set_attribute(file->get(), "user.b", "other")), 0);
  EXPECT_EQ(fs().get_attribute(file->get(), "user.b").value(), "other");
  ASSERT_EQ(errno_of(fs().remove_attribute(file->get(), "user.b")), 0);
  EXPECT_EQ(errno_of(fs().get_attribute(file->get(), "user.b")), ENODATA);
  EXPECT_EQ(errno_of(fs().remove_attribute(file->get(), "user.b")), ENODATA);
  EXPECT_EQ(errno_of(fs().set_attribute(file->get(), "nonsense", "x")), EOPNOTSUPP);
  EXPECT_EQ(errno_of(fs().set_attribute(file->get(), "user.", "x")), EINVAL);
  EXPECT_EQ(errno_of(fs().set_attribute(file->get(), "user." + std::string(300, 'n'), "x")),
            ERANGE);
  EXPECT_EQ(errno_of(fs().set_attribute(file->get(), "user.c", std::string(70000, 'v'))), E2BIG);
}

TEST_P(MetadataConformance, attributes_of_a_name_are_listed_without_opening_it) {
  make_directory("d");
  write_path(fs(), "d/a", "text");
  ASSERT_EQ(errno_of(fs().make_symlink("a", here, "d/l")), 0);
  const auto directory = open("d", directory_only);
  ASSERT_TRUE(directory);
  EXPECT_THAT(fs().list_attributes_at(directory->get(), "a").value(), IsEmpty());
  {
    const auto file = open("d/a", {.access = Access::read_write});
    ASSERT_TRUE(file);
    const auto set = fs().set_attribute(file->get(), "user.b", "value");
    if (errno_of(set) == EOPNOTSUPP) GTEST_SKIP() << "no user attributes here";
    ASSERT_EQ(errno_of(set), 0);
    ASSERT_EQ(errno_of(fs().set_attribute(file->get(), "user.a", "")), 0);
    ASSERT_EQ(errno_of(fs().set_mode(file->get(), 0)), 0);
  }
  EXPECT_THAT(fs().list_attributes_at(directory->get(), "a").value(),
              ElementsAre("user.a", "user.b"));
  EXPECT_THAT(fs().list_attributes_at(here, "d/a").value(), ElementsAre("user.a", "user.b"));
  // The link's own, not those of what it points to.
  EXPECT_THAT(fs().list_attributes_at(directory->get(), "l").value(), IsEmpty());
  EXPECT_EQ(errno_of(fs().list_attributes_at(directory->get(), "missing")), ENOENT);
  EXPECT_EQ(errno_of(fs().list_attributes_at(here, "missing")), ENOENT);
  EXPECT_EQ(errno_of(fs().list_attributes_at(here, "d/a/x")), ENOTDIR);
  EXPECT_EQ(errno_of(fs().list_attributes_at(directory->get(), "")), EINVAL);
  EXPECT_EQ(errno_of(fs().list_attributes_at(directory->get(), "x/y")), EINVAL);
}

TEST_P(MetadataConformance, one_mount_has_one_number_and_one_kind) {
  make_directory("d");
  write_path(fs(), "d/a", "text");
  const auto directory = open("d", directory_only);
  ASSERT_TRUE(directory);
  const Status of_directory = fs().status(directory->get()).value();
  const Status of_file = fs().status_at(directory->get(), "a").value();
  EXPECT_EQ(of_file.mount, of_directory.mount);
  EXPECT_EQ(fs().status(here).value().mount, of_directory.mount);
  const FileSystemKind kind = fs().kind(directory->get());
  for (int repeat = 0; repeat < 2; ++repeat) {
    const FileSystemKind remembered = fs().remembered_kind(directory->get(), of_directory);
    EXPECT_EQ(remembered.name, kind.name);
    EXPECT_EQ(remembered.range_sync, kind.range_sync);
    EXPECT_EQ(remembered.volatile_storage, kind.volatile_storage);
  }
}

TEST_P(MetadataConformance, change_times_move_with_every_change) {
  write_path(fs(), "a", "text");
  write_path(fs(), "b", "text");
  const std::int64_t before = status("a").changed_ns;
  // Clocks of file systems tick in milliseconds; look until the tick has passed.
  const auto file = open("a", {.access = Access::read_write});
  ASSERT_TRUE(file);
  for (int i = 0; i < 100'000 && status("a").changed_ns == before; ++i)
    ASSERT_EQ(errno_of(fs().set_mode(file->get(), 0600)), 0);
  EXPECT_GT(status("a").changed_ns, before);
  EXPECT_NE(status("a").inode, status("b").inode);
  EXPECT_EQ(status("a").device, status("b").device);
}

TEST_P(MetadataConformance, may_write_looks_at_the_target) {
  write_path(fs(), "a", "text");
  ASSERT_EQ(errno_of(fs().make_symlink("a", here, "link")), 0);
  ASSERT_EQ(errno_of(fs().make_symlink("missing", here, "dangling")), 0);
  EXPECT_EQ(errno_of(fs().may_write(here, "link")), 0);
  EXPECT_EQ(errno_of(fs().may_write(here, "dangling")), ENOENT);
  EXPECT_EQ(errno_of(fs().may_write(here, "missing")), ENOENT);
}

TEST_P(MetadataConformance, set_group_id_directories_hand_their_group_down) {
  make_directory("d");
  const auto directory = open("d", directory_only);
  ASSERT_TRUE(directory);
  ASSERT_EQ(errno_of(fs().set_mode(directory->get(), 02755)), 0);
  make_directory("d/e");
  write_path(fs(), "d/file", "");
  EXPECT_EQ(status("d/e").mode, 02755U);
  EXPECT_EQ(status("d/file").mode, 0644U);
  EXPECT_EQ(status("d/file").group, status("d").group);
}

// ------------------------------------------------------------------ locks

TEST_P(MetadataConformance, locks_belong_to_the_open_file) {
  write_path(fs(), "a", "text");
  auto first = open("a", for_reading);
  const auto second = open("a", for_reading);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(errno_of(fs().lock(first->get(), LockMode::exclusive)), 0);
  EXPECT_EQ(errno_of(fs().lock(first->get(), LockMode::exclusive)), 0);
  EXPECT_EQ(errno_of(fs().lock(second->get(), LockMode::exclusive)), EWOULDBLOCK);
  EXPECT_EQ(errno_of(fs().lock(second->get(), LockMode::shared)), EWOULDBLOCK);
  EXPECT_EQ(errno_of(fs().lock(first->get(), LockMode::shared)), 0);
  EXPECT_EQ(errno_of(fs().lock(second->get(), LockMode::shared)), 0);
  EXPECT_EQ(errno_of(fs().lock(first->get(), LockMode::exclusive)), EWOULDBLOCK);
  EXPECT_EQ(errno_of(fs().unlock(first->get())), 0);
  EXPECT_EQ(errno_of(fs().lock(second->get(), LockMode::exclusive)), 0)
      << "a refused upgrade has given the shared lock up";
  EXPECT_EQ(errno_of(fs().unlock(second->get())), 0);
  ASSERT_EQ(errno_of(fs().lock(first->get(), LockMode::exclusive)), 0);
  first->reset();
  EXPECT_EQ(errno_of(fs().lock(second->get(), LockMode::exclusive)), 0) << "ends with the handle";
}

TEST_P(MetadataConformance, locks_follow_the_file_and_not_the_name) {
  write_path(fs(), "a", "text");
  const auto locked = open("a", for_reading);
  ASSERT_TRUE(locked);
  ASSERT_EQ(errno_of(fs().lock(locked->get(), LockMode::exclusive)), 0);
  ASSERT_EQ(rename_errno("a", "b"), 0);
  write_path(fs(), "a", "another");
  const auto moved = open("b", for_reading);
  const auto fresh = open("a", for_reading);
  ASSERT_TRUE(moved && fresh);
  EXPECT_EQ(errno_of(fs().lock(moved->get(), LockMode::exclusive)), EWOULDBLOCK);
  EXPECT_EQ(errno_of(fs().lock(fresh->get(), LockMode::exclusive)), 0);
}

TEST_P(MetadataConformance, random_bits_do_not_repeat) {
  const auto first = fs().random_bits();
  const auto second = fs().random_bits();
  EXPECT_NE(first, second);
  EXPECT_NE(first.first, first.second);
}

UNTORN_EVERY_FILE_SYSTEM(MetadataConformance);

}  // namespace
}  // namespace untorn
