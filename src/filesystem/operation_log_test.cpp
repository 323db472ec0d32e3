// SPDX-License-Identifier: Apache-2.0
#include "filesystem/operation_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "filesystem/calls.h"

namespace untorn {
namespace {

TEST(bytes, copies_share_what_they_hold) {
  const Bytes text(std::string_view("text"));
  const Bytes copy = text;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(copy.view().data(), text.view().data());
  EXPECT_EQ(copy.text(), "text");
  EXPECT_EQ(Bytes(std::vector<std::byte>{std::byte{'a'}}).text(), "a");
  EXPECT_EQ(Bytes().size(), 0U);
  EXPECT_EQ(Bytes(std::string_view()).text(), "");
}

TEST(bytes, keep_their_owner_alive) {
  auto owner = std::make_shared<std::string>("text");
  const std::weak_ptr<std::string> watch = owner;
  Bytes bytes(owner, std::as_bytes(std::span(owner->data(), owner->size())));
  owner.reset();
  EXPECT_EQ(bytes.text(), "text");
  EXPECT_FALSE(watch.expired());
  bytes = Bytes();
  EXPECT_TRUE(watch.expired());
}

TEST(operation_log, begins_with_the_root_directory) {
  const OperationLog log;
  ASSERT_EQ(log.inodes.size(), 1U);
  EXPECT_EQ(log.inodes[root_inode].type, FileType::directory);
  EXPECT_TRUE(log.inodes[root_inode].initial);
}

TEST(operation_log, every_kind_and_every_call_has_a_name) {
  std::set<std::string_view> kinds;
  for (int i = 0; i <= static_cast<int>(OperationKind::unmodelled); ++i)
    EXPECT_TRUE(kinds.insert(to_string(static_cast<OperationKind>(i))).second);
  EXPECT_FALSE(kinds.contains("unknown"));
  std::set<std::string_view> calls;
  for (std::size_t i = 0; i < call_count; ++i)
    EXPECT_TRUE(calls.insert(to_string(static_cast<Call>(i))).second);
  EXPECT_FALSE(calls.contains("unknown"));
}

}  // namespace
}  // namespace untorn
