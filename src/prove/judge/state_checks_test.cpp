// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/state_checks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace untorn::prove {
namespace {

StateFile file(std::string_view text) {
  crash::History::File made;
  made.inode = 1;
  made.content = Bytes(text);
  return made;
}

// "-" stands for absence.
PathStory story(PathClass path_class, const std::vector<std::string>& versions) {
  PathStory made;
  made.path = "a";
  made.path_class = path_class;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    Version version;
    version.since = i;
    if (versions[i] != "-") {
      version.inode = 1;
      version.size = versions[i].size();
      version.file = file(versions[i]);
    }
    made.versions.push_back(version);
  }
  return made;
}

const std::string old_text = std::string(1000, 'o');
const std::string new_text = std::string(2000, 'n');

TEST(check_atomic, whole_file_may_hold_any_version) {
  const PathStory whole = story(PathClass::whole, {old_text, new_text});
  EXPECT_EQ(check_atomic(whole, file(old_text), 0), std::nullopt);
  EXPECT_EQ(check_atomic(whole, file(new_text), 0), std::nullopt);
}

TEST(check_atomic, whole_file_names_each_kind_of_damage) {
  const PathStory whole = story(PathClass::whole, {old_text, new_text});
  EXPECT_EQ(check_atomic(whole, file(""), 0), Observed::empty);
  EXPECT_EQ(check_atomic(whole, {}, 0), Observed::missing);
  EXPECT_EQ(check_atomic(whole, file(new_text.substr(0, 512)), 0), Observed::cut_short);
  EXPECT_EQ(check_atomic(whole, file(std::string(2000, '\0')), 0), Observed::zeros);
  EXPECT_EQ(check_atomic(whole, file(new_text.substr(0, 1024) + std::string(976, '\0')), 0),
            Observed::zeros);
  EXPECT_EQ(check_atomic(whole, file(old_text.substr(0, 512) + new_text.substr(512)), 0),
            Observed::mixed);
  EXPECT_EQ(check_atomic(whole, file(std::string(2000, 'x')), 0), Observed::garbage);
  EXPECT_EQ(check_atomic(whole, file(new_text + "n"), 0), Observed::garbage);
}

TEST(check_atomic, absence_and_emptiness_are_good_when_they_are_versions) {
  const PathStory fresh = story(PathClass::whole, {"-", "", new_text});
  EXPECT_EQ(check_atomic(fresh, {}, 0), std::nullopt);
  EXPECT_EQ(check_atomic(fresh, file(""), 0), std::nullopt);
}

TEST(check_atomic, link_with_the_bytes_of_a_file_is_no_version) {
  const PathStory whole = story(PathClass::whole, {old_text});
  StateFile link = file(old_text);
  link->type = FileType::symlink;
  EXPECT_NE(check_atomic(whole, link, 0), std::nullopt);
}

TEST(check_atomic, log_may_hold_any_prefix_and_nothing_else) {
  const PathStory log = story(PathClass::log, {"one\n", "one\ntwo\n"});
  EXPECT_EQ(check_atomic(log, file("one\ntw"), 0), std::nullopt);
  EXPECT_EQ(check_atomic(log, file(""), 0), std::nullopt);
  EXPECT_EQ(check_atomic(log, file(std::string("one\n\0\0\0\0", 8)), 0), Observed::zeros);
  EXPECT_EQ(check_atomic(log, file("one\nxxx\n"), 0), Observed::garbage);
  EXPECT_EQ(check_atomic(log, file("one\ntwo\nx"), 0), Observed::garbage);
  EXPECT_EQ(check_atomic(log, {}, 0), Observed::missing);
}

TEST(check_atomic, new_log_may_be_absent) {
  const PathStory log = story(PathClass::log, {"-", "one\n"});
  EXPECT_EQ(check_atomic(log, {}, 0), std::nullopt);
}

TEST(check_atomic, record_that_waits_for_its_sync_may_be_nul) {
  PathStory log = story(PathClass::log, {"one\n", "one\ntwo\n", "one\ntwo\nthree\n"});
  log.sizes = {{1, 8}, {3, 14}};
  log.syncs = {1};  // after "two"; "three" is never synced
  const std::string two_lost("one\n\0\0\0\0", 8);
  EXPECT_EQ(check_atomic(log, file(two_lost), 1), std::nullopt);
  EXPECT_EQ(check_atomic(log, file(two_lost), 2), Observed::zeros) << "the sync has returned";
  EXPECT_EQ(check_atomic(log, file(std::string(8, '\0')), 1), Observed::zeros) << "not the record";
  EXPECT_EQ(check_atomic(log, file(two_lost + "th"), 1), Observed::zeros) << "behind the record";
  EXPECT_EQ(check_atomic(log, file(std::string("one\ntwo\n\0\0", 10)), 4), Observed::zeros)
      << "nobody syncs it";
}

TEST(check_durable, acknowledged_or_newer_version_is_good) {
  const PathStory whole = story(PathClass::whole, {"-", old_text, new_text});
  EXPECT_EQ(check_durable(whole, file(old_text), 1), std::nullopt);
  EXPECT_EQ(check_durable(whole, file(new_text), 1), std::nullopt);
  EXPECT_EQ(check_durable(whole, file(old_text), 2), Observed::old_after_ack);
  EXPECT_EQ(check_durable(whole, {}, 1), Observed::missing);
  EXPECT_EQ(check_durable(whole, file(""), 2), Observed::empty);
}

TEST(check_durable, return_to_an_earlier_content_counts_as_newer) {
  const PathStory whole = story(PathClass::whole, {old_text, new_text, old_text});
  EXPECT_EQ(check_durable(whole, file(old_text), 1), std::nullopt);
}

TEST(check_durable, log_must_hold_what_was_acknowledged_and_may_hold_more) {
  PathStory log = story(PathClass::log, {"one\n", "one\ntwo\n", "one\ntwo\nthree\n"});
  log.sizes = {{1, 8}, {2, 14}};
  EXPECT_EQ(check_durable(log, file("one\ntwo\nth"), 1), std::nullopt);
  EXPECT_EQ(check_durable(log, file("one\ntw"), 1), Observed::old_after_ack);
  EXPECT_EQ(check_durable(log, file(std::string("one\n\0\0\0\0", 8)), 1), Observed::zeros);
  EXPECT_EQ(check_durable(log, {}, 1), Observed::missing);
}

TEST(check_lines, torn_last_line_is_found) {
  const PathStory log = story(PathClass::log, {"one\n", "one\ntwo\n"});
  EXPECT_EQ(check_lines(log, file("one\n")), std::nullopt);
  EXPECT_EQ(check_lines(log, file("")), std::nullopt);
  EXPECT_EQ(check_lines(log, file("one\nt")), Observed::cut_short);
}

TEST(check_lines, version_without_a_last_line_end_is_good) {
  const PathStory log = story(PathClass::log, {"one\n", "one\ntwo"});
  EXPECT_EQ(check_lines(log, file("one\ntwo")), std::nullopt);
  EXPECT_EQ(check_lines(log, file("one\ntw")), Observed::cut_short);
}

TEST(check_no_litter, only_absence_is_good) {
  EXPECT_EQ(check_no_litter({}), std::nullopt);
  EXPECT_EQ(check_no_litter(file("")), Observed::litter);
}

}  // namespace
}  // namespace untorn::prove
