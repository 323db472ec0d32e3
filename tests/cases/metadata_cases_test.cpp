// SPDX-License-Identifier: Apache-2.0
//
// D. Metadata.
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <fstream>
#include <thread>

#include "tests/cases/cases.h"

namespace untorn {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the words of all these tests

OwnedHandle open_to_change(FileSystem& fs, const std::string& path) {
  return {fs, fs.open(Handle::working_directory, path, {.access = Access::read_write}).value()};
}

// "Umask:\t0027" in /proc/self/status.
mode_t umask_now() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != "Umask:") continue;
    status >> word;
    mode_t value = 0;
    std::from_chars(word.data(), word.data() + word.size(), value, 8);
    return value;
  }
  return 0;
}

TEST(HardCases, case_29_a_new_file_gets_0666_less_the_umask_and_an_old_one_keeps_its_mode) {
  InMemoryFileSystem fs({file("d/a", "old", 0640)}, {.umask = 027});
  ASSERT_TRUE(replace(fs, "d/new", "new"));
  EXPECT_EQ(status_of(fs, "d/new").mode, 0640U);
  ASSERT_TRUE(replace(fs, "d/a", "new"));
  EXPECT_EQ(status_of(fs, "d/a").mode, 0640U);
  InMemoryFileSystem open_handed({file("d/a", "old", 0600)}, {.umask = 0});
  ASSERT_TRUE(replace(open_handed, "d/new", "new"));
  EXPECT_EQ(status_of(open_handed, "d/new").mode, 0666U);
  ASSERT_TRUE(replace(open_handed, "d/a", "new"));
  EXPECT_EQ(status_of(open_handed, "d/a").mode, 0600U);
}

TEST(HardCases, case_29_a_new_file_in_a_set_group_id_directory_gets_its_group) {
  UNTORN_NEED(geteuid() == 0, "root", "giving a directory away needs root");
  const ScratchDirectory scratch;
  constexpr gid_t group = 65534;
  ASSERT_EQ(chown(scratch.path().c_str(), 0, group), 0);
  ASSERT_EQ(chmod(scratch.path().c_str(), 02770), 0);
  ASSERT_TRUE(replace_file(scratch / "new", "new"));
  EXPECT_EQ(status_of(posix_file_system(), scratch / "new").group, group);
  write_file(posix_file_system(), scratch / "other", "old");
  ASSERT_EQ(chown((scratch / "other").c_str(), 0, 0), 0);
  ASSERT_TRUE(replace_file(scratch / "other", "new"));
  EXPECT_EQ(status_of(posix_file_system(), scratch / "other").group, 0U) << "an old one keeps its";
}

// A default ACL that gives the group nothing and a named user everything, as the kernel stores it.
TEST(HardCases, case_29_a_new_file_gets_the_default_acl_of_its_directory) {
  const ScratchDirectory scratch;
  std::string acl("\x02\x00\x00\x00", 4);
  const auto entry = [&acl](char tag, char bits, unsigned id) {
    acl += std::string({tag, '\0', bits, '\0'});
    for (int shift = 0; shift < 32; shift += 8) acl += static_cast<char>((id >> shift) & 0xFFU);
  };
  constexpr unsigned nobody = 0xFFFFFFFFU;
  entry('\x01', 7, nobody);  // owner
  entry('\x02', 7, 12345);   // a user
  entry('\x04', 0, nobody);  // group
  entry('\x10', 7, nobody);  // mask
  entry('\x20', 0, nobody);  // others
  UNTORN_NEED(
      setxattr(scratch.path().c_str(), "system.posix_acl_default", acl.data(), acl.size(), 0) == 0,
      "lab", "no ACLs here");
  ASSERT_TRUE(replace_file(scratch / "new", "new"));
  const std::string path = scratch / "new";
  EXPECT_GT(getxattr(path.c_str(), "system.posix_acl_access", nullptr, 0), 0);
  EXPECT_EQ(status_of(posix_file_system(), path).mode, 0660U);
}

TEST(HardCases, case_30_the_umask_of_the_process_is_never_touched) {
  const ScratchDirectory scratch;
  const mode_t before = umask(027);
  std::atomic<bool> done = false;
  std::atomic<unsigned> changed = 0;
  std::thread watcher([&] {
    while (!done) {
      if (umask_now() != 027) ++changed;
    }
  });
  for (unsigned n = 0; n < 200; ++n) {
    EXPECT_TRUE(replace_file(scratch / ("f" + std::to_string(n)), "x",
                             {.durability = Durability::process}));
  }
  done = true;
  watcher.join();
  const mode_t after = umask(before);
  EXPECT_EQ(after, static_cast<mode_t>(027));
  EXPECT_EQ(changed, 0U);
  EXPECT_EQ(status_of(posix_file_system(), scratch / "f0").mode, 0640U);
}

TEST(HardCases, case_31_owner_then_attributes_then_mode) {
  InMemoryFileSystem below({file("d/a", "old")});
  {
    const OwnedHandle old = open_to_change(below, "d/a");
    ASSERT_TRUE(below.set_owner(old.get(), 7, 8));
    ASSERT_TRUE(below.set_attribute(old.get(), "user.origin", "here"));
    ASSERT_TRUE(below.set_mode(old.get(), 06755));
  }
  FaultFileSystem fs(below);
  const auto receipt = replace(fs, "d/a", "new");
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(receipt->metadata_lost.empty());
  const Calls calls(fs);
  EXPECT_LT(calls.first(Call::set_owner), calls.first(Call::set_attribute));
  EXPECT_LT(calls.first(Call::set_attribute), calls.first(Call::set_mode));
  EXPECT_LT(calls.first(Call::set_mode), calls.first(Call::sync));
  EXPECT_EQ(status_of(below, "d/a").mode, 06755U);
  EXPECT_EQ(status_of(below, "d/a").user, 7U);
}

TEST(HardCases, case_31_on_the_kernel_set_user_id_survives_a_change_of_owner) {
  UNTORN_NEED(geteuid() == 0, "root", "giving a file away needs root");
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  write_file(fs, scratch / "a", "old");
  ASSERT_EQ(chown((scratch / "a").c_str(), 65534, 65534), 0);
  ASSERT_EQ(chmod((scratch / "a").c_str(), 06755), 0);
  const auto receipt = replace_file(scratch / "a", "new");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_TRUE(receipt->metadata_lost.empty());
  const Status after = status_of(fs, scratch / "a");
  EXPECT_EQ(after.mode, 06755U);
  EXPECT_EQ(after.user, 65534U);
}

TEST(HardCases, case_32_an_owner_that_cannot_be_kept_is_told_or_refused) {
  for (const int os_errno : {EPERM, EINVAL, ENOSYS}) {
    for (const bool required : {false, true}) {
      InMemoryFileSystem below({file("d/a", "old")});
      {
        const OwnedHandle old = open_to_change(below, "d/a");
        ASSERT_TRUE(below.set_owner(old.get(), 7, 8));
      }
      FaultFileSystem fs(
          below, {.at = 0, .call = Call::set_owner, .error = Errno{os_errno}, .persistent = true});
      const auto receipt = replace(fs, "d/a", "new", {.require_metadata = required});
      EXPECT_EQ(receipt.has_value(), !required) << os_errno;
      if (required) {
        EXPECT_EQ(receipt.error().code(), Code::permission_denied);
        EXPECT_EQ(read_file(below, "d/a"), "old");
      } else {
        EXPECT_FALSE(receipt->metadata_lost.empty());
        EXPECT_EQ(read_file(below, "d/a"), "new");
      }
    }
  }
}

TEST(HardCases, case_33_acl_attributes_and_capabilities_are_kept) {
  InMemoryFileSystem fs({file("d/a", "old")});
  const std::vector<std::pair<std::string, std::string>> attributes = {
      {"user.origin", "here"},
      {"security.capability", "capability"},
      {"system.posix_acl_access", "acl"}};
  {
    const OwnedHandle old = open_to_change(fs, "d/a");
    for (const auto& [name, value] : attributes) {
      ASSERT_TRUE(fs.set_attribute(old.get(), name, value));
    }
  }
  const auto receipt = replace(fs, "d/a", "new");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_TRUE(receipt->metadata_lost.empty());
  const OwnedHandle replaced = open_to_change(fs, "d/a");
  for (const auto& [name, value] : attributes) {
    const auto kept = fs.get_attribute(replaced.get(), name);
    ASSERT_TRUE(kept) << name;
    EXPECT_EQ(*kept, value) << name;
  }
}

TEST(HardCases, case_33_an_attribute_that_cannot_be_set_is_named) {
  InMemoryFileSystem below({file("d/a", "old")});
  {
    const OwnedHandle old = open_to_change(below, "d/a");
    ASSERT_TRUE(below.set_attribute(old.get(), "user.origin", "here"));
  }
  FaultFileSystem fs(below, {.at = 0, .call = Call::set_attribute, .error = Errno{EPERM}});
  const auto receipt = replace(fs, "d/a", "new");
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->metadata_lost, std::vector<std::string>{"xattr user.origin"});
}

TEST(HardCases, case_33_on_the_kernel_an_extended_attribute_survives) {
  const ScratchDirectory scratch;
  write_file(posix_file_system(), scratch / "a", "old");
  const std::string path = scratch / "a";
  UNTORN_NEED(setxattr(path.c_str(), "user.origin", "here", 4, 0) == 0, "lab",
              "no extended attributes of users here");
  ASSERT_TRUE(replace_file(path, "new"));
  std::string value(16, '\0');
  const ssize_t size = getxattr(path.c_str(), "user.origin", value.data(), value.size());
  ASSERT_EQ(size, 4);
  EXPECT_EQ(value.substr(0, 4), "here");
}

TEST(HardCases, case_34_the_security_label_of_an_existing_file_is_kept) {
  InMemoryFileSystem fs({file("d/a", "old")});
  const std::string label = "system_u:object_r:etc_t:s0";
  {
    const OwnedHandle old = open_to_change(fs, "d/a");
    ASSERT_TRUE(fs.set_attribute(old.get(), "security.selinux", label));
  }
  ASSERT_TRUE(replace(fs, "d/a", "new"));
  const OwnedHandle replaced = open_to_change(fs, "d/a");
  EXPECT_EQ(fs.get_attribute(replaced.get(), "security.selinux").value(), label);
}

}  // namespace
}  // namespace untorn
