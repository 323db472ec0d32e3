// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>

#include "c_api/c_test_support.h"
#include "c_api/objects.h"

namespace untorn {
namespace {

using test::Owned;

class COptions : public testing::Test {
 protected:
  Owned<untorn_options> options_{untorn_options_new(UNTORN_ABI)};
};

constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();

struct Range {
  int option;
  std::int64_t least;
  std::int64_t most;
};
constexpr Range ranges[] = {
    {UNTORN_OPTION_DURABILITY, 1, 3},
    {UNTORN_OPTION_STRICT, 0, 1},
    {UNTORN_OPTION_SYMLINK, 0, 2},
    {UNTORN_OPTION_EXISTENCE, 0, 2},
    {UNTORN_OPTION_MODE, -1, 07777},
    {UNTORN_OPTION_KEEP_METADATA, 0, 1},
    {UNTORN_OPTION_REQUIRE_METADATA, 0, 1},
    {UNTORN_OPTION_OVERRIDE_READ_ONLY, 0, 1},
    {UNTORN_OPTION_HARD_LINKS, 0, 2},
    {UNTORN_OPTION_SKIP_IF_SAME, 0, 1},
    {UNTORN_OPTION_PROTOCOL, 0, 1},
    {UNTORN_OPTION_MATCH, 0, 1},
    {UNTORN_OPTION_LOCK_WAIT_MS, 0, 1'000'000'000},
    {UNTORN_OPTION_BACKUPS, 0, 1000},
    {UNTORN_OPTION_CREATE_PARENTS, 0, 1},
    {UNTORN_OPTION_LINE_SYNC, 0, 2},
    {UNTORN_OPTION_BATCH_LINES, 1, no_limit},
    {UNTORN_OPTION_BATCH_TIME_MS, 0, 1'000'000'000},
    {UNTORN_OPTION_ROTATE_BYTES, 0, no_limit},
    {UNTORN_OPTION_ROTATE_AGE_S, 0, 1'000'000'000},
    {UNTORN_OPTION_KEEP_ROTATED, 1, 1000},
    {UNTORN_OPTION_REMOVE, 0, 1},
    {UNTORN_OPTION_OLDER_THAN_S, 0, 1'000'000'000},
    {UNTORN_OPTION_BELOW, 0, 1},
};

TEST_F(COptions, every_number_has_its_range) {
  for (const Range& range : ranges) {
    EXPECT_EQ(untorn_options_set(options_.get(), range.option, range.least), UNTORN_OK);
    EXPECT_EQ(untorn_options_set(options_.get(), range.option, range.most), UNTORN_OK);
    EXPECT_EQ(untorn_options_set(options_.get(), range.option, range.least - 1),
              UNTORN_INVALID_ARGUMENT)
        << range.option;
    if (range.most == no_limit) continue;
    EXPECT_EQ(untorn_options_set(options_.get(), range.option, range.most + 1),
              UNTORN_INVALID_ARGUMENT)
        << range.option;
  }
}

TEST_F(COptions, a_new_object_has_the_defaults_of_the_library) {
  const ReplaceOptions replace;
  EXPECT_EQ(options_->replace.durability, replace.durability);
  EXPECT_EQ(options_->replace.lock_wait, replace.lock_wait);
  EXPECT_EQ(options_->replace.if_match, replace.if_match);
  EXPECT_EQ(options_->log.keep, LineLogOptions().keep);
  EXPECT_EQ(options_->sweep.older_than, SweepOptions().older_than);
}

TEST_F(COptions, what_is_set_arrives_where_it_belongs) {
  const auto set = [&](int option, std::int64_t value) {
    EXPECT_EQ(untorn_options_set(options_.get(), option, value), UNTORN_OK);
  };
  set(UNTORN_OPTION_DURABILITY, UNTORN_ORDERED);
  set(UNTORN_OPTION_STRICT, 1);
  set(UNTORN_OPTION_SYMLINK, UNTORN_REFUSE_LINK);
  set(UNTORN_OPTION_EXISTENCE, UNTORN_MUST_NOT_EXIST);
  set(UNTORN_OPTION_MODE, 0640);
  set(UNTORN_OPTION_KEEP_METADATA, 0);
  set(UNTORN_OPTION_REQUIRE_METADATA, 1);
  set(UNTORN_OPTION_OVERRIDE_READ_ONLY, 1);
  set(UNTORN_OPTION_HARD_LINKS, UNTORN_IN_PLACE);
  set(UNTORN_OPTION_SKIP_IF_SAME, 1);
  set(UNTORN_OPTION_PROTOCOL, UNTORN_CLASSIC);
  set(UNTORN_OPTION_MATCH, UNTORN_DETECT);
  set(UNTORN_OPTION_LOCK_WAIT_MS, 250);
  set(UNTORN_OPTION_BACKUPS, 3);
  set(UNTORN_OPTION_CREATE_PARENTS, 1);
  const ReplaceOptions& replace = options_->replace;
  EXPECT_EQ(replace.durability, Durability::ordered);
  EXPECT_TRUE(replace.strict && replace.require_metadata && replace.override_read_only);
  EXPECT_EQ(replace.symlink, SymlinkPolicy::refuse);
  EXPECT_EQ(replace.existence, Existence::must_not_exist);
  EXPECT_EQ(replace.mode, 0640U);
  EXPECT_FALSE(replace.keep_metadata);
  EXPECT_EQ(replace.hard_links, HardLinkPolicy::in_place);
  EXPECT_TRUE(replace.skip_if_same && replace.create_parents);
  EXPECT_EQ(replace.protocol, ProtocolChoice::classic);
  EXPECT_EQ(replace.match, Match::detect);
  EXPECT_EQ(replace.lock_wait, std::chrono::milliseconds(250));
  EXPECT_EQ(replace.backups, 3U);
  set(UNTORN_OPTION_MODE, -1);
  EXPECT_EQ(options_->replace.mode, std::nullopt);
}

TEST_F(COptions, those_of_logs_and_sweeps_arrive_too) {
  const auto set = [&](int option, std::int64_t value) {
    EXPECT_EQ(untorn_options_set(options_.get(), option, value), UNTORN_OK);
  };
  set(UNTORN_OPTION_LINE_SYNC, UNTORN_SYNC_BATCHED);
  set(UNTORN_OPTION_BATCH_LINES, 7);
  set(UNTORN_OPTION_BATCH_TIME_MS, 70);
  set(UNTORN_OPTION_ROTATE_BYTES, 700);
  set(UNTORN_OPTION_ROTATE_AGE_S, 7000);
  set(UNTORN_OPTION_KEEP_ROTATED, 70);
  set(UNTORN_OPTION_MODE, 0600);
  set(UNTORN_OPTION_REMOVE, 1);
  set(UNTORN_OPTION_OLDER_THAN_S, 5);
  set(UNTORN_OPTION_BELOW, 1);
  EXPECT_EQ(options_->log.sync, LineSync::batched);
  EXPECT_EQ(options_->log.batch_lines, 7U);
  EXPECT_EQ(options_->log.batch_time, std::chrono::milliseconds(70));
  EXPECT_EQ(options_->log.rotate_bytes, 700U);
  EXPECT_EQ(options_->log.rotate_age, std::chrono::seconds(7000));
  EXPECT_EQ(options_->log.keep, 70U);
  EXPECT_EQ(options_->log.mode, 0600U);
  EXPECT_TRUE(options_->sweep.remove && options_->sweep.below);
  EXPECT_EQ(options_->sweep.older_than, std::chrono::seconds(5));
}

TEST_F(COptions, texts_are_copied_and_taken_back) {
  std::string text = "an-etag";
  EXPECT_EQ(untorn_options_set_text(options_.get(), UNTORN_OPTION_IF_MATCH, text.c_str()),
            UNTORN_OK);
  text = "changed";
  EXPECT_EQ(options_->replace.if_match, "an-etag");
  EXPECT_EQ(untorn_options_set_text(options_.get(), UNTORN_OPTION_IF_MATCH, nullptr), UNTORN_OK);
  EXPECT_EQ(options_->replace.if_match, std::nullopt);
  EXPECT_EQ(untorn_options_set_text(options_.get(), UNTORN_OPTION_SIDECAR, "beside"), UNTORN_OK);
  EXPECT_EQ(options_->replace.sidecar, "beside");
  EXPECT_EQ(untorn_options_set_text(options_.get(), UNTORN_OPTION_SIDECAR, nullptr), UNTORN_OK);
  EXPECT_EQ(options_->replace.sidecar, std::nullopt);
  EXPECT_EQ(untorn_options_set_text(options_.get(), UNTORN_OPTION_TREE, "above"), UNTORN_OK);
  EXPECT_EQ(options_->log.tree, "above");
}

TEST_F(COptions, an_unknown_key_or_another_kind_of_value_changes_nothing) {
  for (const int option : {-1, 0, 18, 31, 39, 51, 1000}) {
    EXPECT_EQ(untorn_options_set(options_.get(), option, 1), UNTORN_INVALID_ARGUMENT);
    EXPECT_EQ(untorn_options_set_text(options_.get(), option, "x"), UNTORN_INVALID_ARGUMENT);
  }
  EXPECT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_IF_MATCH, 1), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_options_set_text(options_.get(), UNTORN_OPTION_DURABILITY, "durable"),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_options_set(nullptr, UNTORN_OPTION_STRICT, 1), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_options_set_text(nullptr, UNTORN_OPTION_IF_MATCH, "x"), UNTORN_INVALID_ARGUMENT);
  untorn_options_free(nullptr);
}

TEST(COptionsOfAnotherAbi, are_not_made) {
  EXPECT_EQ(untorn_options_new(0), nullptr);
  EXPECT_EQ(untorn_options_new(UNTORN_ABI + 1), nullptr);
  EXPECT_EQ(untorn_options_new(std::numeric_limits<uint32_t>::max()), nullptr);
}

}  // namespace
}  // namespace untorn
