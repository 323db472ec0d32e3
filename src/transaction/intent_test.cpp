// SPDX-License-Identifier: Apache-2.0
#include "transaction/intent.h"

#include <gtest/gtest.h>

#include <string>

#include "transaction/escape.h"

namespace untorn::transaction {
namespace {

Intent sample() {
  Intent intent{.root_inode = 2, .device = 1, .root_born_ns = 17, .inode = 9, .born_ns = 18};
  const PreImage old_file{.kind = PreImage::Kind::file,
                          .inode = 5,
                          .size = 6,
                          .modified_ns = -7,
                          .changed_ns = 8,
                          .hash = {0x0123456789ABCDEF, 0xFEDCBA9876543210}};
  intent.operations.push_back({.action = Action::put,
                               .barrier = true,
                               .path = "d/a b\n%\x7F\xC3\xA9",
                               .before = old_file,
                               .staged = "d/.untorn-txn-0123456789abcdef0123456789abcdef",
                               .staged_inode = 11,
                               .bytes = 12,
                               .content = {13, 14}});
  intent.operations.push_back({.action = Action::remove, .path = "gone", .before = old_file});
  intent.operations.push_back({.action = Action::rename,
                               .path = "from",
                               .to = "to",
                               .before = {.kind = PreImage::Kind::directory, .inode = 3}});
  intent.operations.push_back({.action = Action::make_directory, .path = "x", .mode = 0750});
  return intent;
}

TEST(Intent, comes_back_as_it_was_written) {
  const Intent intent = sample();
  const Decoded decoded = decode(encode(intent));
  ASSERT_EQ(decoded.kind, Decoded::Kind::valid);
  EXPECT_EQ(decoded.intent.root_inode, intent.root_inode);
  EXPECT_EQ(decoded.intent.device, intent.device);
  EXPECT_EQ(decoded.intent.root_born_ns, intent.root_born_ns);
  EXPECT_EQ(decoded.intent.inode, intent.inode);
  EXPECT_EQ(decoded.intent.born_ns, intent.born_ns);
  EXPECT_EQ(decoded.intent.operations, intent.operations);
}

TEST(Intent, is_never_valid_with_a_bit_changed_or_an_end_missing) {
  const std::string text = encode(sample());
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_NE(decode(text.substr(0, length)).kind, Decoded::Kind::valid) << length;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ (1U << bit));
      EXPECT_NE(decode(changed).kind, Decoded::Kind::valid) << at << " bit " << bit;
    }
  }
  EXPECT_EQ(decode(text + '\n').kind, Decoded::Kind::damaged);
  EXPECT_EQ(decode(std::string(text.size(), '\0')).kind, Decoded::Kind::damaged);
}

// The checksum is right, and the content is not: nobody but a faulty or hostile writer makes these.
std::string sealed(const Intent& intent) {
  return encode(intent);
}

TEST(Intent, never_names_what_no_transaction_may_change) {
  for (const char* path :
       {"../x", "/x", "a/../x", "", "a//b", ".untorn/lock", ".untorn/transaction", ".untorn",
        "a/.untorn/x", ".untorn/staging", ".untorn-txn-0123456789abcdef0123456789abcdef"}) {
    Intent intent = sample();
    intent.operations[1].path = path;
    EXPECT_EQ(decode(sealed(intent)).kind, Decoded::Kind::damaged) << path;
    intent = sample();
    intent.operations[2].to = path;
    EXPECT_EQ(decode(sealed(intent)).kind, Decoded::Kind::damaged) << path;
  }
  for (const char* staged : {"a", "../.untorn-txn-0123456789abcdef0123456789abcdef",
                             "/.untorn-txn-0123456789abcdef0123456789abcdef",
                             ".untorn-txn-0123456789ABCDEF0123456789abcdef", ".untorn-txn-01"}) {
    Intent intent = sample();
    intent.operations[0].staged = staged;
    EXPECT_EQ(decode(sealed(intent)).kind, Decoded::Kind::damaged) << staged;
  }
}

TEST(Intent, of_a_newer_format_is_told_from_a_damaged_one) {
  EXPECT_EQ(decode("untorn-transaction 2 2\n").kind, Decoded::Kind::newer);
  EXPECT_EQ(decode("untorn-transaction 2 2 and more words\nanything").kind, Decoded::Kind::newer);
  EXPECT_EQ(decode("untorn-transaction 2 1\n").kind, Decoded::Kind::damaged);
  EXPECT_EQ(decode("untorn-transaction x y\n").kind, Decoded::Kind::damaged);
  EXPECT_EQ(decode("").kind, Decoded::Kind::damaged);
}

TEST(Intent, belongs_to_a_tree_by_inodes_and_by_births_or_by_the_device) {
  const Intent intent = sample();
  Status file;
  file.inode = 9;
  file.born_ns = 18;
  file.device = 1;
  Status root;
  root.inode = 2;
  root.born_ns = 17;
  root.device = 1;
  EXPECT_TRUE(belongs_to(intent, file, root));
  root.device = 7;  // the system started anew: devices have other numbers
  EXPECT_TRUE(belongs_to(intent, file, root));
  Status other = root;
  other.born_ns = 99;  // a new file system, filled in the same order
  EXPECT_FALSE(belongs_to(intent, file, other));
  Status copy = file;
  copy.inode = 10;
  EXPECT_FALSE(belongs_to(intent, copy, root));
  copy = file;
  copy.born_ns = 99;
  EXPECT_FALSE(belongs_to(intent, copy, root));
  file.born_ns = 0;  // births unknown: the device decides
  EXPECT_FALSE(belongs_to(intent, file, root));
  root.device = 1;
  EXPECT_TRUE(belongs_to(intent, file, root));
  root.inode = 3;
  EXPECT_FALSE(belongs_to(intent, file, root));
}

TEST(Escape, makes_one_word_of_any_path) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string word = escaped(all);
  EXPECT_EQ(word.find_first_of(" \n\t\r"), std::string::npos);
  EXPECT_EQ(unescaped(word), all);
  EXPECT_EQ(unescaped("a%2"), std::nullopt);
  EXPECT_EQ(unescaped("a%zz"), std::nullopt);
  EXPECT_EQ(unescaped("a b"), std::nullopt);
}

}  // namespace
}  // namespace untorn::transaction
