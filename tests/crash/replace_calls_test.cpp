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
#include <tuple>
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

FileSystemKind kind_of(RangeSync range_sync, bool fast_commit = false) {
  FileSystemKind kind;
  kind.name = "ext4";
  kind.range_sync = range_sync;
  kind.fast_commit = fast_commit;
  return kind;
}

// The calls of one replacement of "d/a" in a tree that `prepare` set up.
Counts calls_of(std::initializer_list<TreeEntry> tree, const ReplaceOptions& options,
                std::string_view content = "new", const std::string& path = "d/a",
                const FileSystemKind& kind = kind_of(RangeSync::nothing)) {
  InMemoryFileSystem memory(tree, MemoryOptions{.kind = kind});
  RecordingFileSystem fs(memory);
  const auto receipt = replace_file(fs, path, std::as_bytes(std::span(content)), options);
  EXPECT_TRUE(receipt) << receipt.error();
  if (receipt) {
    EXPECT_EQ(receipt->syncs, fs.calls(Call::sync));
  }
  return counts_of(fs);
}

std::uint64_t sum(const Counts& counts) {
  std::uint64_t total = 0;
  for (const auto& [call, count] : counts) total += count;
  return total;
}

// Everything but the syncs, for a small existing file of the same owner without attributes.
Counts existing_with_syncs(std::uint64_t syncs, std::uint64_t range_syncs = 0) {
  Counts counts = {{"open", 2},  {"close", 2},  {"status_at", 1},       {"may_write", 1},
                   {"lock", 1},  {"status", 2}, {"list_attributes", 1}, {"list_attributes_at", 1},
                   {"write", 1}, {"rename", 1}};
  if (syncs != 0) counts["sync"] = syncs;
  if (range_syncs != 0) counts["sync_range"] = range_syncs;
  return counts;
}

Counts new_with_syncs(std::uint64_t syncs, std::uint64_t range_syncs = 0) {
  Counts counts = {{"open", 2},   {"close", 2}, {"status_at", 1}, {"lock", 1},
                   {"status", 2}, {"write", 1}, {"rename", 1}};
  if (syncs != 0) counts["sync"] = syncs;
  if (range_syncs != 0) counts["sync_range"] = range_syncs;
  return counts;
}

const TreeEntry folder{.path = "d", .type = FileType::directory, .mode = 0755};

TEST(ReplaceCalls, classic_costs_no_sync_one_or_two) {
  for (const Durability level : {Durability::process, Durability::ordered, Durability::durable}) {
    const auto syncs = static_cast<unsigned>(level) - 1U;
    EXPECT_EQ(calls_of({file("d/a", "old")}, {.durability = level}), existing_with_syncs(syncs));
    EXPECT_EQ(calls_of({folder}, {.durability = level}), new_with_syncs(syncs));
  }
}

TEST(ReplaceCalls, one_commit_costs_sixteen_calls_by_path) {
  const FileSystemKind kind = kind_of(RangeSync::before_names);
  const auto existing = [&](Durability level) {
    return calls_of({file("d/a", "old")}, {.durability = level}, "new", "d/a", kind);
  };
  const auto fresh = [&](Durability level) {
    return calls_of({folder}, {.durability = level}, "new", "d/a", kind);
  };
  EXPECT_EQ(existing(Durability::process), existing_with_syncs(0));
  EXPECT_EQ(existing(Durability::ordered), existing_with_syncs(0, 1));
  EXPECT_EQ(existing(Durability::durable), existing_with_syncs(2, 1));
  EXPECT_EQ(sum(existing(Durability::durable)), 16U);
  EXPECT_EQ(fresh(Durability::process), new_with_syncs(0));
  EXPECT_EQ(fresh(Durability::ordered), new_with_syncs(0, 1));
  EXPECT_EQ(fresh(Durability::durable), new_with_syncs(2, 1));
  const FileSystemKind fast = kind_of(RangeSync::before_names, true);
  EXPECT_EQ(calls_of({file("d/a", "old")}, {}, "new", "d/a", fast), existing_with_syncs(1, 1));
  EXPECT_EQ(
      calls_of({file("d/a", "old")}, {.protocol = ProtocolChoice::classic}, "new", "d/a", kind),
      existing_with_syncs(2));
}

TEST(ReplaceCalls, one_commit_of_a_new_file_in_an_open_directory_costs_eleven_calls) {
  InMemoryFileSystem memory({folder}, MemoryOptions{.kind = kind_of(RangeSync::before_names)});
  const auto opened = memory.open(Handle::working_directory, "d", {.access = Access::directory});
  ASSERT_TRUE(opened);
  const OwnedHandle directory(memory, *opened);
  Counts counts;
  {
    RecordingFileSystem fs(memory);
    const auto inside = fs.open(Handle::working_directory, "d", {.access = Access::directory});
    ASSERT_TRUE(inside);
    const auto receipt =
        replace_file_at(fs, *inside, "a", std::as_bytes(std::span(std::string_view("new"))));
    ASSERT_TRUE(receipt) << receipt.error();
    counts = counts_of(fs);
    --counts["open"];  // that of the caller
    ASSERT_TRUE(fs.close(*inside));
  }
  Counts expected = new_with_syncs(2, 1);
  --expected["open"];
  --expected["close"];
  EXPECT_EQ(counts, expected);
  EXPECT_EQ(sum(counts), 11U);
}

TEST(ReplaceCalls, a_mode_with_other_rights_for_the_group_costs_two_calls_more) {
  TreeEntry shared = file("d/a", "old");
  shared.mode = 0664;
  Counts expected = existing_with_syncs(2);
  expected["set_mode"] = 1;
  expected["status"] += 1;
  EXPECT_EQ(calls_of({shared}, {}), expected);
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
  const Counts looks = {
      {"open", 2},      {"close", 2},  {"status_at", 1}, {"list_attributes_at", 1},
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
  Counts expected = {{"write", 1}, {"renameat", 1}};
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

// The calls between the two marks of replace_caller.cpp, in the order in which they were made.
std::vector<std::string> between_marks(const std::string& trace_file) {
  std::vector<std::string> calls;
  int marks = 0;
  std::ifstream lines(trace_file);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("untorn-mark") != std::string::npos) {
      ++marks;
      continue;
    }
    const std::size_t end = line.find('(');
    if (marks == 1 && end != std::string::npos) calls.push_back(line.substr(0, end));
  }
  EXPECT_EQ(marks, 2);
  return calls;
}

using CallerCase = std::tuple<const char*, const char*, const char*, const char*>;

class ReplaceCallerStrace : public ::testing::TestWithParam<CallerCase> {};

// What is expected of one case: the calls of a replacement, in order.
std::vector<std::string> expected_calls(const CallerCase& each) {
  const std::string_view level = std::get<0>(each);
  const bool existing = std::string_view(std::get<1>(each)) == "existing";
  const bool one_commit = std::string_view(std::get<2>(each)) == "one_commit";
  const bool by_path = std::string_view(std::get<3>(each)) == "path";
  std::vector<std::string> calls;
  const auto add = [&calls](bool made, const char* call) {
    if (made) calls.emplace_back(call);
  };
  add(by_path, "openat");
  add(true, "statx");
  add(existing, "faccessat2");
  add(existing, "llistxattr");
  for (const char* call : {"openat", "flock", "write", "statx"}) add(true, call);
  add(existing, "flistxattr");
  const bool safe = level != "process";
  add(safe && one_commit, "sync_file_range");
  add(safe && !one_commit, "fsync");
  add(true, "renameat");
  add(level == "durable" && one_commit, "fsync");
  add(level == "durable", "fsync");
  add(true, "statx");
  add(true, "close");
  add(by_path, "close");
  return calls;
}

TEST_P(ReplaceCallerStrace, the_library_makes_these_calls_in_this_order_and_no_other) {
  UNTORN_NEED(std::system("strace -V >/dev/null 2>&1") == 0, "strace", "strace is not installed");
  const auto& [level, situation, protocol, way] = GetParam();
  const ScratchDirectory scratch;
  const auto own = posix_file_system().status_at(Handle::working_directory, scratch.path());
  ASSERT_TRUE(own);
  if (own->mount == 0) GTEST_SKIP() << "this kernel does not number its mounts (Linux 6.8)";
  const std::string environment =
      std::string(protocol) == "one_commit" ? "UNTORN_ASSUME_FS=ext4" : "UNTORN_ASSUME_FS=btrfs";
  const std::string command = environment + " strace -o '" + (scratch / "trace") + "' '" +
                              UNTORN_CALLER "' '" + scratch.path() + "' " + level + " " +
                              situation + " " + way;
  ASSERT_EQ(std::system(command.c_str()), 0);
  const std::vector<std::string> calls = between_marks(scratch / "trace");
  EXPECT_EQ(calls, expected_calls(GetParam()));
  if (GetParam() == CallerCase("durable", "existing", "one_commit", "path")) {
    EXPECT_EQ(calls.size(), 16U);
  }
  if (GetParam() == CallerCase("durable", "new", "one_commit", "at")) {
    EXPECT_EQ(calls.size(), 11U);
  }
}

std::string caller_case_name(const ::testing::TestParamInfo<CallerCase>& instance) {
  const auto& [level, situation, protocol, way] = instance.param;
  return std::string(level) + "_" + situation + "_" + protocol + "_" + way;
}

INSTANTIATE_TEST_SUITE_P(, ReplaceCallerStrace,
                         ::testing::Combine(::testing::Values("process", "ordered", "durable"),
                                            ::testing::Values("existing", "new"),
                                            ::testing::Values("classic", "one_commit"),
                                            ::testing::Values("path", "at")),
                         caller_case_name);

}  // namespace
}  // namespace untorn
