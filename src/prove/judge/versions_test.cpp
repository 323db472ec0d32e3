// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/versions.h"

#include <gtest/gtest.h>

#include "crash/engine.h"
#include "prove/judge/judge_test_log.h"

namespace untorn::prove {
namespace {

using test::TestLog;

PathStory story_of(const TestLog& log, const std::string& path) {
  const crash::History history(log.log);
  auto stories = tell_stories(history, {path});
  EXPECT_EQ(stories.size(), 1U);
  return stories.empty() ? PathStory() : stories.front();
}

std::vector<std::string> texts(const PathStory& story) {
  std::vector<std::string> result;
  for (const Version& version : story.versions) {
    result.push_back(version.file ? std::string(version.file->content.text()) : "(absent)");
  }
  return result;
}

using Texts = std::vector<std::string>;

TEST(versions, truncating_session_has_no_version_in_between) {
  TestLog log;
  const InodeId file = log.initial_file("a", "old");
  log.open_truncate(file);
  log.write(file, 0, "ne");
  log.write(file, 2, "w");
  log.close(file);
  const PathStory story = story_of(log, "a");
  EXPECT_EQ(story.path_class, PathClass::whole);
  EXPECT_EQ(texts(story), (Texts{"old", "new"}));
  EXPECT_EQ(story.emptied.size(), 1U);
  EXPECT_EQ(story.rewritten.size(), 2U);
}

TEST(versions, truncation_before_begin_writing_of_the_same_call_is_no_version) {
  TestLog log;
  const InodeId file = log.initial_file("a", "old");
  log.open_truncate(file);
  std::swap(log.log.operations[0], log.log.operations[1]);
  log.write(file, 0, "new");
  log.close(file);
  EXPECT_EQ(texts(story_of(log, "a")), (Texts{"old", "new"}));
}

TEST(versions, truncation_by_path_is_a_version) {
  TestLog log;
  const InodeId file = log.initial_file("a", "old");
  log.truncate(file, 0);
  log.open(file);
  log.write(file, 0, "new");
  log.close(file);
  const PathStory story = story_of(log, "a");
  EXPECT_EQ(texts(story), (Texts{"old", "", "new"}));
  EXPECT_EQ(story.path_class, PathClass::whole);
}

TEST(versions, rename_over_a_name_is_one_step) {
  TestLog log;
  const InodeId old = log.initial_file("a", "old");
  const InodeId fresh = log.create("a.tmp");
  log.write(fresh, 0, "new");
  log.sync(fresh);
  log.close(fresh);
  log.rename(fresh, "a.tmp", "a", old);
  const PathStory story = story_of(log, "a");
  EXPECT_EQ(story.path_class, PathClass::whole);
  EXPECT_EQ(texts(story), (Texts{"old", "new"}));
  EXPECT_TRUE(story.synced) << "by inode, whatever name it had then";
  EXPECT_TRUE(story.rewritten.empty());
  const PathStory temporary = story_of(log, "a.tmp");
  EXPECT_FALSE(temporary.existed_before());
  EXPECT_FALSE(temporary.exists_after());
}

TEST(versions, a_file_renamed_while_open_has_its_version_when_it_is_closed) {
  TestLog log;
  const InodeId old = log.initial_file("a", "old");
  const InodeId fresh = log.create("a.tmp");
  log.write(fresh, 0, "ne");
  log.rename(fresh, "a.tmp", "a", old);
  log.write(fresh, 2, "w");
  log.close(fresh);
  EXPECT_EQ(texts(story_of(log, "a")), (Texts{"old", "new"}));
}

TEST(versions, a_file_still_open_at_the_end_has_its_last_content_as_version) {
  TestLog log;
  const InodeId file = log.create("a");
  log.write(file, 0, "new");
  EXPECT_EQ(texts(story_of(log, "a")), (Texts{"(absent)", "new"}));
}

TEST(versions, unlink_then_rename_shows_absence) {
  TestLog log;
  const InodeId old = log.initial_file("a", "old");
  const InodeId fresh = log.create("b");
  log.write(fresh, 0, "new");
  log.close(fresh);
  log.unlink(old, "a");
  log.rename(fresh, "b", "a");
  EXPECT_EQ(texts(story_of(log, "a")), (Texts{"old", "(absent)", "new"}));
}

TEST(versions, a_directory_moves_its_files_with_it) {
  TestLog log;
  const InodeId directory = log.initial_directory("d");
  (void)log.initial_file("f", "content", directory);
  log.rename(directory, "d", "e");
  EXPECT_EQ(texts(story_of(log, "d/f")), (Texts{"content", "(absent)"}));
  EXPECT_EQ(texts(story_of(log, "e/f")), (Texts{"(absent)", "content"}));
}

TEST(versions, appending_to_an_old_file_makes_a_log) {
  TestLog log;
  const InodeId file = log.initial_file("a", "one\n");
  log.open(file);
  log.write(file, 4, "two\n");
  log.close(file);
  log.open(file);
  log.write(file, 8, "three\n");
  log.close(file);
  const PathStory story = story_of(log, "a");
  EXPECT_EQ(story.path_class, PathClass::log);
  EXPECT_EQ(texts(story), (Texts{"one\n", "one\ntwo\n", "one\ntwo\nthree\n"}));
}

TEST(versions, a_new_file_written_in_one_session_is_whole) {
  TestLog log;
  const InodeId file = log.create("a");
  log.write(file, 0, "one\n");
  log.write(file, 4, "two\n");
  log.close(file);
  EXPECT_EQ(story_of(log, "a").path_class, PathClass::whole);
}

TEST(versions, a_new_file_opened_for_appending_is_a_log) {
  TestLog log;
  const InodeId file = log.create("a", true);
  log.write(file, 0, "one\n");
  log.close(file);
  EXPECT_EQ(story_of(log, "a").path_class, PathClass::log);
}

TEST(versions, a_new_file_that_is_acknowledged_half_way_is_a_log) {
  TestLog log;
  const InodeId file = log.create("a");
  log.write(file, 0, "one\n");
  log.acknowledge("saved one\n");
  log.write(file, 4, "two\n");
  log.close(file);
  EXPECT_EQ(story_of(log, "a").path_class, PathClass::log);
}

TEST(versions, a_new_file_that_is_synced_half_way_is_a_log) {
  TestLog log;
  const InodeId file = log.create("a");
  log.write(file, 0, "one\n");
  log.sync(file);
  log.write(file, 4, "two\n");
  log.close(file);
  EXPECT_EQ(story_of(log, "a").path_class, PathClass::log);
}

TEST(versions, overwriting_is_in_place) {
  TestLog log;
  const InodeId file = log.initial_file("a", "0123456789");
  log.open(file);
  log.write(file, 3, "xyz");
  log.close(file);
  const PathStory story = story_of(log, "a");
  EXPECT_EQ(story.path_class, PathClass::in_place);
  EXPECT_EQ(story.versions.size(), 2U);
}

TEST(versions, a_hole_is_not_an_extension) {
  TestLog log;
  const InodeId file = log.initial_file("a", "one\n");
  log.open(file);
  log.write(file, 100, "two\n");
  log.close(file);
  EXPECT_EQ(story_of(log, "a").path_class, PathClass::in_place);
}

TEST(versions, shortening_is_in_place) {
  TestLog log;
  const InodeId file = log.initial_file("a", "one\ntwo\n");
  log.open(file);
  log.truncate(file, 4);
  log.close(file);
  EXPECT_EQ(story_of(log, "a").path_class, PathClass::in_place);
}

TEST(versions, a_new_database_is_in_place_although_one_session_wrote_it) {
  TestLog log;
  const InodeId file = log.create("a.db");
  log.write(file, 0, std::string("SQLite format 3\0 page one", 25));
  log.close(file);
  const PathStory story = story_of(log, "a.db");
  EXPECT_TRUE(story.database);
  EXPECT_EQ(story.path_class, PathClass::in_place);
}

TEST(versions, a_database_that_is_renamed_into_place_is_whole) {
  TestLog log;
  const InodeId file = log.create("copy");
  log.write(file, 0, std::string("SQLite format 3\0 page one", 25));
  log.close(file);
  log.rename(file, "copy", "a.db");
  EXPECT_EQ(story_of(log, "a.db").path_class, PathClass::whole);
}

TEST(versions, replacing_with_equal_bytes_is_a_change_with_one_version) {
  TestLog log;
  const InodeId old = log.initial_file("a", "same");
  const InodeId fresh = log.create("a.tmp");
  log.write(fresh, 0, "same");
  log.close(fresh);
  log.rename(fresh, "a.tmp", "a", old);
  const PathStory story = story_of(log, "a");
  EXPECT_TRUE(story.changed);
  EXPECT_EQ(story.versions.size(), 1U);
}

TEST(versions, version_at_gives_the_one_that_was_current) {
  TestLog log;
  const InodeId file = log.initial_file("a", "old");  // operations:
  log.open_truncate(file);                            // 0, 1
  log.write(file, 0, "new");                          // 2
  log.close(file);                                    // 3
  log.acknowledge();                                  // 4
  const PathStory story = story_of(log, "a");
  EXPECT_EQ(story.version_at(0), 0U);
  EXPECT_EQ(story.version_at(2), 0U);
  EXPECT_EQ(story.version_at(3), 1U);
}

TEST(versions, what_was_written_before_an_acknowledgement_is_its_version_though_closed_later) {
  TestLog log;
  const InodeId file = log.create("a");
  log.write(file, 0, "new");
  const std::size_t acknowledged = log.log.operations.size();
  log.acknowledge("saved");
  log.close(file);
  const PathStory story = story_of(log, "a");
  EXPECT_EQ(texts(story), (Texts{"(absent)", "new"}));
  EXPECT_EQ(story.version_at(acknowledged), 1U);
}

TEST(versions, a_sync_that_failed_was_a_try) {
  TestLog log;
  const InodeId file = log.create("a");
  log.write(file, 0, "new");
  log.sync(file);
  log.log.operations.back().kind = OperationKind::sync_failed;
  log.close(file);
  const PathStory story = story_of(log, "a");
  EXPECT_TRUE(story.synced);
  EXPECT_TRUE(story.syncs.empty()) << "it settled nothing";
}

TEST(versions, directories_have_no_story) {
  TestLog log;
  (void)log.initial_directory("d");
  const crash::History history(log.log);
  EXPECT_TRUE(tell_stories(history, {"d"}).empty());
}

}  // namespace
}  // namespace untorn::prove
