// SPDX-License-Identifier: Apache-2.0
//
// The rules of the allow-list that need no mount.
#include <gtest/gtest.h>

#include <string>

#include "filesystem/kept_folder.h"
#include "filesystem/posix_kind.h"
#include "filesystem/posix_range_sync.h"

namespace untorn {
namespace {

TEST(range_sync_rules, kernels_are_told_by_two_numbers) {
  for (const char* const release : {"6.18.44-fc-v669", "6.18.0", "6.18", "6.1.0-37-amd64"}) {
    EXPECT_EQ(why_not_this_kernel(release, "ext4"), "") << release;
    EXPECT_EQ(why_not_this_kernel(release, "xfs"), "") << release;
    EXPECT_NE(why_not_this_kernel(release, "btrfs"), "") << release;
  }
  EXPECT_EQ(why_not_this_kernel("6.17.3", "ext4"), "no lab run has covered Linux 6.17");
  EXPECT_EQ(why_not_this_kernel("6.180.1", "xfs"), "no lab run has covered Linux 6.180");
  EXPECT_EQ(why_not_this_kernel("16.18", "ext4"), "no lab run has covered Linux 16.18");
  for (const char* const release : {"", "6", "6.", "6-18", "x.18", "-6.18"}) {
    EXPECT_EQ(why_not_this_kernel(release, "ext4"),
              std::string("the kernel's release '") + release + "' has no version");
  }
}

TEST(range_sync_rules, ext4_needs_barriers_and_options_that_are_known) {
  EXPECT_EQ(why_not_these_ext4_options("rw\nbarrier\ndelalloc\ndata=ordered\n"), "");
  EXPECT_EQ(why_not_these_ext4_options("rw\nbarrier\ndax=never\ndata=journal"), "");
  EXPECT_EQ(why_not_these_ext4_options("rw\nnobarrier\ndata=ordered\n"),
            "it is mounted without barriers");
  EXPECT_EQ(why_not_these_ext4_options(""), "it is mounted without barriers");
  for (const std::string option :
       {"journal_async_commit", "norecovery", "dax", "dax=always", "dax=inode", "data=other"}) {
    EXPECT_EQ(why_not_these_ext4_options("rw\nbarrier\n" + option + "\ncommit=5\n"),
              "no lab run has covered the option " + option);
  }
}

TEST(range_sync_rules, ext4_needs_features_that_are_known) {
  EXPECT_EQ(why_not_these_ext4_features(0x2c6, 0x46b), "");
  EXPECT_EQ(why_not_these_ext4_features(0x82c6, 0x66b), "");  // inline_data, bigalloc
  EXPECT_EQ(why_not_these_ext4_features(0x102c6, 0), "no lab run has covered the feature encrypt");
  EXPECT_EQ(why_not_these_ext4_features(0x2c6, 0x8000),
            "no lab run has covered the feature verity");
  EXPECT_EQ(why_not_these_ext4_features(0x80000000U, 0),
            "no lab run has covered one of its features");
  EXPECT_EQ(why_not_these_ext4_features(0, 0x80000000U),
            "no lab run has covered one of its features");
}

TEST(range_sync_rules, xfs_needs_one_device_and_barriers) {
  EXPECT_EQ(why_not_these_xfs_options("rw,inode64,logbufs=8,logbsize=32k,noquota"), "");
  EXPECT_EQ(why_not_these_xfs_options("rw,logdev=/dev/sdb"), "its log is on a device of its own");
  EXPECT_EQ(why_not_these_xfs_options("rw,rtdev=/dev/sdb"), "it has a realtime device");
  EXPECT_EQ(why_not_these_xfs_options("nobarrier,rw"), "it is mounted without barriers");
  EXPECT_EQ(why_not_these_xfs_options("rw,dax=always"),
            "no lab run has covered the option dax=always");
  EXPECT_EQ(why_not_these_xfs_options("rw,dax=never"), "");
}

TEST(range_sync_rules, an_assumed_file_system_is_a_known_one_or_the_least) {
  for (const char* const name : {"ext4", "xfs"}) {
    const FileSystemKind kind = assumed_kind(name);
    EXPECT_EQ(kind.name, name);
    EXPECT_EQ(kind.range_sync, RangeSync::before_names);
    EXPECT_FALSE(kind.volatile_storage || kind.network || kind.fast_commit);
    EXPECT_TRUE(kind.atomic_rename);
  }
  EXPECT_EQ(assumed_kind("btrfs").name, "btrfs");
  EXPECT_EQ(assumed_kind("btrfs").range_sync, RangeSync::nothing);
  for (const char* const name : {"portable", "posix", "kill", "EXT4", "ext4 ", "tmpfs"}) {
    const FileSystemKind kind = assumed_kind(name);
    EXPECT_EQ(kind.name, "portable") << name;
    EXPECT_TRUE(locks_are_trusted(kind)) << name;
    EXPECT_EQ(kind.range_sync, RangeSync::nothing) << name;
    EXPECT_FALSE(kind.volatile_storage || kind.network) << name;
    EXPECT_TRUE(kind.atomic_rename) << name;
  }
}

}  // namespace
}  // namespace untorn
