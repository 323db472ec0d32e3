// SPDX-License-Identifier: Apache-2.0
//
// What each level costs, counted: the numbers of docs/internals/protocols.md. First by the seam, in
// every situation; then by strace, on the command itself, so that the seam is known to hide none.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <map>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "filesystem/recording_file_system.h"
#include "tests/support/files.h"
#include "tests/support/require.h"
#include "untorn/replace.h"

namespace untorn {
namespace {

using testing::ScratchDirectory;
using testing::write_file;
using Counts = std::map<std::string, std::uint64_t>;

TreeEntry file(std::string path, std::string_view content) {
  return {.path = std::move(path), .content = Bytes(content)};
}

Counts counts_of(const RecordingFileSystem& fs) {
  Counts counts;
  for (std::size_t index = 0; index < call_count; ++index) {
    const Call call{static_cast<std::uint8_t>(index)};
    if (fs.calls(call) != 0) counts[std::string(to_string(call))] = fs.calls(call);
  }
  return counts;
}

// The calls of one replacement of "d/a" in a tree that `prepare` set up.
Counts calls_of(std::initializer_list<TreeEntry> tree, const ReplaceOptions& options,
                std::string_view content = "new", const std::string& path = "d/a") {
  InMemoryFileSystem memory(tree);
  RecordingFileSystem fs(memory);
  const auto receipt = replace_file(fs, path, std::as_bytes(std::span(content)), options);
  EXPECT_TRUE(receipt) << receipt.error();
  if (receipt) {
    EXPECT_EQ(receipt->syncs, fs.calls(Call::sync));
  }
  return counts_of(fs);
}

// Everything but the syncs, for a small existing file of the same owner without attributes.
Counts existing_with_syncs(std::uint64_t syncs) {
  Counts counts = {{"open", 3},  {"close", 3},  {"status_at", 2},       {"may_write", 1},
                   {"lock", 1},  {"status", 5}, {"list_attributes", 2}, {"set_mode", 1},
                   {"write", 1}, {"rename", 1}};
  if (syncs != 0) counts["sync"] = syncs;
  return counts;
}

Counts new_with_syncs(std::uint64_t syncs) {
  Counts counts = {{"open", 2},   {"close", 2}, {"status_at", 2}, {"lock", 1},
                   {"status", 3}, {"write", 1}, {"rename", 1}};
  if (syncs != 0) counts["sync"] = syncs;
  return counts;
}

TEST(ReplaceCalls, an_existing_file_costs_no_sync_one_or_two) {
  EXPECT_EQ(calls_of({file("d/a", "old")}, {.durability = Durability::process}),
            existing_with_syncs(0));
  EXPECT_EQ(calls_of({file("d/a", "old")}, {.durability = Durability::ordered}),
            existing_with_syncs(1));
  EXPECT_EQ(calls_of({file("d/a", "old")}, {.durability = Durability::durable}),
            existing_with_syncs(2));
}

TEST(ReplaceCalls, a_new_file_costs_the_same_syncs) {
  const TreeEntry folder{.path = "d", .type = FileType::directory, .mode = 0755};
  EXPECT_EQ(calls_of({folder}, {.durability = Durability::process}), new_with_syncs(0));
  EXPECT_EQ(calls_of({folder}, {.durability = Durability::ordered}), new_with_syncs(1));
  EXPECT_EQ(calls_of({folder}, {.durability = Durability::durable}), new_with_syncs(2));
}

TEST(ReplaceCalls, a_link_costs_two_looks_and_one_directory_for_each_step) {
  const TreeEntry link{.path = "s", .type = FileType::symlink, .content = Bytes("d/a")};
  Counts expected = existing_with_syncs(2);
  expected["open"] += 1;
  expected["close"] += 1;
  expected["status_at"] += 1;
  expected["status"] += 1;
  expected["read_link"] = 1;
  EXPECT_EQ(calls_of({file("d/a", "old"), link}, {}, "new", "s"), expected);
}

TEST(ReplaceCalls, unchanged_content_costs_the_syncs_of_its_level_and_no_change) {
  const Counts looks = {{"open", 2},      {"close", 2},  {"status_at", 1},
                        {"may_write", 1}, {"status", 1}, {"read_at", 2}};
  for (const Durability level : {Durability::process, Durability::ordered, Durability::durable}) {
    Counts expected = looks;
    if (level != Durability::process) expected["sync"] = static_cast<unsigned>(level) - 1U;
    EXPECT_EQ(calls_of({file("d/a", "same")}, {.durability = level, .skip_if_same = true}, "same"),
              expected);
  }
}

TEST(ReplaceCalls, empty_content_needs_no_write) {
  Counts expected = existing_with_syncs(2);
  expected.erase("write");
  EXPECT_EQ(calls_of({file("d/a", "old")}, {}, ""), expected);
}

// The lines of strace that name one of `calls`, by call.
Counts trace(const std::string& trace_file) {
  Counts counts;
  std::ifstream lines(trace_file);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t end = line.find('(');
    if (end == std::string::npos) continue;
    const std::size_t space = line.rfind(' ', end);
    const std::size_t begin = space == std::string::npos ? 0 : space + 1;
    ++counts[line.substr(begin, end - begin)];
  }
  return counts;
}

class ReplaceStrace : public ::testing::TestWithParam<Durability> {};

TEST_P(ReplaceStrace, the_command_makes_the_calls_that_the_seam_counts_and_no_other_change) {
  UNTORN_NEED(std::system("strace -V >/dev/null 2>&1") == 0, "strace", "strace is not installed");
  const ScratchDirectory scratch;
  write_file(posix_file_system(), scratch / "a", "old");
  write_file(posix_file_system(), scratch / "input", "new");
  const std::string level(to_string(GetParam()));
  // Every call that changes a file, a name or what is durable; `write` only on its temporary.
  const std::string command =
      "cd '" + scratch.path() +
      "' && strace -o trace -e trace=fsync,fdatasync,sync,syncfs,"
      "sync_file_range,msync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,write,pwrite64,"
      "writev,truncate,ftruncate,fallocate,fchmod,fchmodat,chmod,fchown,fchownat,chown,umask,"
      "creat,mkdir,mkdirat,symlink,symlinkat,fsetxattr,setxattr '" UNTORN_COMMAND
      "' write a --quiet --durability " +
      level + " < input";
  ASSERT_EQ(std::system(command.c_str()), 0);
  Counts expected = {{"write", 1}, {"fchmod", 1}, {"renameat", 1}};
  const unsigned syncs = static_cast<unsigned>(GetParam()) - 1U;
  if (syncs != 0) expected["fsync"] = syncs;
  EXPECT_EQ(trace(scratch / "trace"), expected);
}

INSTANTIATE_TEST_SUITE_P(, ReplaceStrace,
                         ::testing::Values(Durability::process, Durability::ordered,
                                           Durability::durable),
                         [](const auto& instance) {
                           return std::string(to_string(instance.param));
                         });

}  // namespace
}  // namespace untorn
