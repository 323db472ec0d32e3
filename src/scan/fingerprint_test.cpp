// SPDX-License-Identifier: Apache-2.0
#include "scan/fingerprint.h"

#include <gtest/gtest.h>

#include <set>

namespace untorn::scan {
namespace {

TEST(fingerprint, the_layout_of_a_call_does_not_matter_and_its_words_do) {
  EXPECT_EQ(hash_of_call("open(a, 'w')"), hash_of_call("open(\n    a,\r\n\t'w')"));
  EXPECT_NE(hash_of_call("open(a, 'w')"), hash_of_call("open(b, 'w')"));
}

TEST(fingerprint, every_part_counts) {
  const FingerprintParts parts = {.code = "UT001",
                                  .path = "a.py",
                                  .function = "f",
                                  .call = hash_of_call("open(a)"),
                                  .ordinal = 0};
  std::set<std::string> seen = {fingerprint(parts)};
  const auto is_new = [&](const FingerprintParts& other) {
    return seen.insert(fingerprint(other)).second;
  };
  FingerprintParts other = parts;
  other.code = "UT002";
  EXPECT_TRUE(is_new(other));
  other = parts;
  other.path = "b.py";
  EXPECT_TRUE(is_new(other));
  other = parts;
  other.function = "g";
  EXPECT_TRUE(is_new(other));
  other = parts;
  other.call = hash_of_call("open(b)");
  EXPECT_TRUE(is_new(other));
  other = parts;
  other.ordinal = 1;
  EXPECT_TRUE(is_new(other));
}

// People keep fingerprints in files of their own: they must be the same in every later version.
TEST(fingerprint, is_the_same_on_every_machine_and_in_every_version) {
  EXPECT_EQ(fingerprint({.code = "UT001",
                         .path = "app/settings.py",
                         .function = "StateManager.save",
                         .call = hash_of_call("self.state_file.write_text(text)"),
                         .ordinal = 0}),
            "d1d78fc39a6448c4fb65003a28d49405");
}

}  // namespace
}  // namespace untorn::scan
