// SPDX-License-Identifier: Apache-2.0
#include "filesystem/recording_file_system.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "filesystem/test_directory.h"

namespace untorn {
namespace {

using test::as_bytes;
using test::write_path;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Handle here = Handle::working_directory;

// Operations as text, with inodes by the number of their first appearance in the log.
std::vector<std::string> operations_of(const OperationLog& log) {
  std::vector<std::string> result;
  for (const Operation& operation : log.operations) {
    std::string text(to_string(operation.kind));
    if (operation.inode != no_inode) text += fmt::format(" #{}", operation.inode);
    if (operation.directory != no_inode)
      text += fmt::format(" {}:{}", operation.directory, operation.name);
    else if (!operation.name.empty())
      text += " " + operation.name;
    if (operation.target_directory != no_inode)
      text += fmt::format(" -> {}:{}", operation.target_directory, operation.target_name);
    if (operation.replaced != no_inode) text += fmt::format(" over #{}", operation.replaced);
    if (operation.kind == OperationKind::write) text += fmt::format(" at {}", operation.offset);
    if (operation.kind == OperationKind::truncate) text += fmt::format(" to {}", operation.size);
    if (operation.payload.size() != 0) text += fmt::format(" '{}'", operation.payload.text());
    result.push_back(text);
  }
  return result;
}

// The initial tree as text: directory:name #inode 'content'.
std::vector<std::string> initial_of(const OperationLog& log) {
  std::vector<std::string> result;
  for (const InitialName& name : log.names) {
    EXPECT_TRUE(log.inodes[name.inode].initial);
    result.push_back(fmt::format("{}:{} #{} '{}'", name.directory, name.name, name.inode,
                                 log.inodes[name.inode].content.text()));
  }
  return result;
}

OwnedHandle open(FileSystem& fs, std::string_view path, const OpenOptions& options) {
  const auto opened = fs.open(here, path, options);
  EXPECT_TRUE(opened.has_value()) << path;
  return {fs, opened.value_or(Handle::none)};
}

constexpr OpenOptions create_new = {.access = Access::write, .create = true, .exclusive = true};

TEST(recording, a_classic_replace_is_recorded_call_by_call) {
  InMemoryFileSystem memory{{.path = "a", .content = Bytes("old")}};
  RecordingFileSystem fs(memory);
  OwnedHandle directory = open(fs, ".", {.access = Access::directory});
  OwnedHandle file(fs, fs.open(directory.get(), "tmp", create_new).value());
  ASSERT_TRUE(fs.write(file.get(), as_bytes("ne")));
  ASSERT_TRUE(fs.write(file.get(), as_bytes("w")));
  ASSERT_TRUE(fs.set_mode(file.get(), 0600));
  ASSERT_TRUE(fs.sync(file.get()));
  file.reset();
  ASSERT_TRUE(fs.rename(directory.get(), "tmp", directory.get(), "a", RenameMode::replace));
  ASSERT_TRUE(fs.sync(directory.get()));
  fs.acknowledge("saved");

  EXPECT_THAT(initial_of(fs.log()), ElementsAre("0:a #2 'old'"));
  EXPECT_THAT(operations_of(fs.log()),
              ElementsAre("begin_writing #1", "create #1 0:tmp", "write #1 at 0 'ne'",
                          "write #1 at 2 'w'", "set_metadata #1 mode", "sync_file #1",
                          "end_writing #1", "rename #1 0:tmp -> 0:a over #2", "sync_directory #0",
                          "acknowledge call 'saved'"));
  EXPECT_EQ(fs.log().operations[4].size, 0600U);
  EXPECT_EQ(fs.calls(Call::sync), 2U);
  EXPECT_EQ(fs.calls(Call::write), 2U);
  EXPECT_EQ(fs.calls(Call::close), 1U);
  EXPECT_EQ(fs.calls_total(), 9U);
}

TEST(recording, operations_of_one_call_share_its_number) {
  InMemoryFileSystem memory{{.path = "a", .content = Bytes("old")}};
  RecordingFileSystem fs(memory);
  {
    const OwnedHandle file = open(fs, "a", {.access = Access::write, .truncate = true});
    ASSERT_TRUE(fs.write(file.get(), as_bytes("x")));
  }
  ASSERT_THAT(operations_of(fs.log()), ElementsAre("begin_writing #1", "truncate #1 to 0",
                                                   "write #1 at 0 'x'", "end_writing #1"));
  const std::vector<Operation>& operations = fs.log().operations;
  EXPECT_EQ(operations[0].call, operations[1].call);
  EXPECT_LT(operations[1].call, operations[2].call);
  EXPECT_LT(operations[2].call, operations[3].call);
  EXPECT_STREQ(operations[1].call_name, "open");
  EXPECT_STREQ(operations[2].call_name, "write");
}

TEST(recording, truncating_an_empty_file_changes_nothing) {
  InMemoryFileSystem memory{{.path = "a"}};
  RecordingFileSystem fs(memory);
  (void)open(fs, "a", {.access = Access::write, .truncate = true});
  EXPECT_THAT(operations_of(fs.log()), ElementsAre("begin_writing #1", "end_writing #1"));
}

TEST(recording, failed_calls_are_counted_but_not_in_the_log) {
  InMemoryFileSystem memory{{.path = "d/file"}};
  RecordingFileSystem fs(memory);
  EXPECT_FALSE(fs.unlink(here, "missing"));
  EXPECT_FALSE(fs.rename(here, "missing", here, "x", RenameMode::replace));
  EXPECT_FALSE(fs.remove_directory(here, "d"));
  EXPECT_FALSE(fs.make_directory(here, "d", 0777));
  EXPECT_FALSE(fs.link(here, "d", here, "x"));
  EXPECT_FALSE(fs.open(here, "d/file", create_new));
  EXPECT_FALSE(fs.unlink(here, ""));
  EXPECT_THAT(operations_of(fs.log()), IsEmpty());
  EXPECT_EQ(fs.calls(Call::unlink), 2U);
  EXPECT_EQ(fs.calls_total(), 7U);
}

TEST(recording, appended_bytes_are_logged_where_they_landed) {
  InMemoryFileSystem memory{{.path = "log", .content = Bytes("one\n")}};
  RecordingFileSystem fs(memory);
  const OwnedHandle file = open(fs, "log", {.access = Access::write, .append = true});
  ASSERT_TRUE(fs.write(file.get(), as_bytes("two\n")));
  ASSERT_TRUE(fs.write_at(file.get(), 0, as_bytes("three\n")));
  ASSERT_TRUE(fs.sync_data(file.get()));
  EXPECT_THAT(operations_of(fs.log()), ElementsAre("begin_writing #1", "write #1 at 4 'two\n'",
                                                   "write #1 at 8 'three\n'", "sync_data #1"));
}

TEST(recording, a_range_that_was_waited_for_is_logged_and_a_started_one_is_not) {
  InMemoryFileSystem memory{{.path = "a", .content = Bytes("old")}};
  RecordingFileSystem fs(memory);
  const OwnedHandle file = open(fs, "a", {.access = Access::write});
  ASSERT_TRUE(fs.write(file.get(), as_bytes("new")));
  ASSERT_TRUE(fs.start_writeback(file.get()));
  ASSERT_TRUE(fs.sync_range(file.get()));
  ASSERT_TRUE(fs.sync_everything(file.get()));
  const std::vector<Operation>& operations = fs.log().operations;
  ASSERT_EQ(operations.size(), 4U);
  EXPECT_EQ(operations[2].kind, OperationKind::sync_range);
  EXPECT_EQ(operations[2].name, "written");
  EXPECT_EQ(operations[2].offset, 0U);  // with size 0: the whole file
  EXPECT_EQ(operations[2].size, 0U);
  EXPECT_EQ(operations[3].kind, OperationKind::sync_all);
  EXPECT_EQ(fs.calls(Call::start_writeback), 1U);
  EXPECT_EQ(fs.calls(Call::sync_range), 1U);
  EXPECT_EQ(fs.calls(Call::sync_everything), 1U);
}

TEST(recording, sessions_of_two_handles_are_one) {
  InMemoryFileSystem memory{{.path = "a"}};
  RecordingFileSystem fs(memory);
  OwnedHandle first = open(fs, "a", {.access = Access::write});
  OwnedHandle second = open(fs, "a", {.access = Access::read_write});
  OwnedHandle reader = open(fs, "a", {});
  first.reset();
  ASSERT_TRUE(fs.truncate(second.get(), 5));
  second.reset();
  ASSERT_TRUE(fs.sync(reader.get()));
  EXPECT_THAT(operations_of(fs.log()), ElementsAre("begin_writing #1", "truncate #1 to 5",
                                                   "end_writing #1", "sync_file #1"));
}

TEST(recording, names_are_recorded_with_what_they_lead_to) {
  InMemoryFileSystem memory{{.path = "a", .content = Bytes("A")},
                            {.path = "d/b", .content = Bytes("B")}};
  RecordingFileSystem fs(memory);
  ASSERT_TRUE(fs.make_directory(here, "e", 0777));
  ASSERT_TRUE(fs.make_symlink("a", here, "e/link"));
  ASSERT_TRUE(fs.link(here, "a", here, "e/c"));
  ASSERT_TRUE(fs.rename(here, "d/b", here, "e/c", RenameMode::exchange));
  ASSERT_TRUE(fs.rename(here, "e/c", here, "a", RenameMode::replace));
  ASSERT_TRUE(fs.unlink(here, "e/link"));
  ASSERT_TRUE(fs.rename(here, "d", here, "f", RenameMode::no_replace));
  ASSERT_TRUE(fs.unlink(here, "f/b"));
  ASSERT_TRUE(fs.remove_directory(here, "e"));
  EXPECT_THAT(initial_of(fs.log()), ElementsAre("0:a #3 'A'", "0:d #4 ''", "4:b #5 'B'"));
  EXPECT_THAT(operations_of(fs.log()),
              ElementsAre("make_directory #1 0:e", "make_symlink #2 1:link 'a'",
                          "link #3 0:a -> 1:c", "exchange #5 4:b -> 1:c over #3",
                          "rename #5 1:c -> 0:a over #3", "unlink #2 1:link",
                          "rename #4 0:d -> 0:f", "unlink #3 4:b", "remove_directory #1 0:e"));
}

TEST(recording, renaming_a_file_onto_its_other_name_does_nothing) {
  InMemoryFileSystem memory{{.path = "a", .inode = 1}, {.path = "b", .inode = 1}};
  RecordingFileSystem fs(memory);
  ASSERT_TRUE(fs.rename(here, "a", here, "b", RenameMode::replace));
  EXPECT_THAT(operations_of(fs.log()), IsEmpty());
  EXPECT_THAT(initial_of(fs.log()), ElementsAre("0:a #1 ''", "0:b #1 ''"));
}

TEST(recording, symbolic_links_lead_to_the_true_directory) {
  InMemoryFileSystem memory{
      {.path = "d/e/file", .content = Bytes("text")},
      {.path = "short", .type = FileType::symlink, .content = Bytes("d/e")},
      {.path = "link", .type = FileType::symlink, .content = Bytes("short/../new")}};
  RecordingFileSystem fs(memory);
  write_path(fs, "link", "x");
  write_path(fs, "/short/file", "y");
  ASSERT_TRUE(fs.unlink(here, "link"));
  std::map<std::string, std::string> names;
  for (const InitialName& name : fs.log().names)
    names[fmt::format("{}:{}", name.directory, name.name)] = fmt::format("{}", name.inode);
  const std::string d = names.at("0:d");
  const std::string e = names.at(d + ":e");
  const std::vector<std::string> operations = operations_of(fs.log());
  ASSERT_EQ(operations.size(), 9U);
  EXPECT_TRUE(operations[1].ends_with(" " + d + ":new")) << operations[1];
  EXPECT_EQ(operations[5], "truncate #" + names.at(e + ":file") + " to 0");
  EXPECT_EQ(operations[8], "unlink #" + names.at("0:link") + " 0:link");
}

TEST(recording, content_is_read_before_the_first_change) {
  InMemoryFileSystem memory{{.path = "a", .mode = 0640, .content = Bytes("before")}};
  RecordingFileSystem fs(memory);
  write_path(fs, "a", "after");
  EXPECT_THAT(initial_of(fs.log()), ElementsAre("0:a #1 'before'"));
  EXPECT_EQ(fs.log().inodes[1].mode, 0640U);
}

TEST(recording, the_whole_tree_can_be_read_at_the_beginning) {
  InMemoryFileSystem memory{{.path = "d/e/file", .content = Bytes("text"), .inode = 1},
                            {.path = "d/other", .inode = 1},
                            {.path = "link", .type = FileType::symlink, .content = Bytes("d")}};
  const RecordingFileSystem fs(memory, Capture::whole_tree);
  EXPECT_THAT(initial_of(fs.log()), ElementsAre("0:d #1 ''", "1:e #2 ''", "2:file #3 'text'",
                                                "1:other #3 'text'", "0:link #4 'd'"));
  EXPECT_THAT(operations_of(fs.log()), IsEmpty());
  EXPECT_EQ(fs.calls_total(), 0U) << "look-ups of its own are not counted";
}

TEST(recording, a_file_is_a_new_inode_even_if_the_disk_gives_the_number_again) {
  const test::TestDirectory directory;
  const test::WorkingDirectory inside(directory.path());
  RecordingFileSystem fs(posix_file_system());
  for (int i = 0; i < 3; ++i) {
    write_path(fs, "a", "text");
    ASSERT_TRUE(fs.unlink(here, "a"));
  }
  EXPECT_EQ(fs.log().inodes.size(), 4U);
  EXPECT_EQ(operations_of(fs.log()).back(), "unlink #3 0:a");
}

TEST(recording, what_lies_outside_the_tree_is_not_in_the_log) {
  const test::TestDirectory directory;
  ASSERT_TRUE(std::filesystem::create_directory(directory.path() / "tree"));
  const test::WorkingDirectory inside(directory.path() / "tree");
  RecordingFileSystem fs(posix_file_system());
  const std::string outside = (directory.path() / "outside").string();
  write_path(fs, outside, "text");
  EXPECT_EQ(test::read_path(fs, "../outside"), "text");
  EXPECT_THAT(operations_of(fs.log()), IsEmpty());
  write_path(fs, (directory.path() / "tree" / "a").string(), "text");
  EXPECT_THAT(operations_of(fs.log()), ElementsAre("begin_writing #1", "create #1 0:a",
                                                   "write #1 at 0 'text'", "end_writing #1"));
  ASSERT_TRUE(fs.rename(here, "a", here, "../b", RenameMode::replace));
  EXPECT_EQ(operations_of(fs.log()).back(),
            "unmodelled #1 0:rename over the edge of the tracked tree");
}

}  // namespace
}  // namespace untorn
