// SPDX-License-Identifier: Apache-2.0
#include "prove/replay/replay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "filesystem/memory_file_system.h"
#include "filesystem/read_whole.h"
#include "prove/judge/judge_test_log.h"
#include "prove/replay/log_name.h"

namespace untorn::prove {
namespace {

using test::TestLog;

TestLog replace_without_sync() {
  TestLog log;
  (void)log.initial_file("other", "stays");
  const InodeId old_file = log.initial_file("state", "old");
  const InodeId made = log.create("state.tmp");
  log.write(made, 0, "new");
  log.close(made);
  log.rename(made, "state.tmp", "state", old_file);
  log.acknowledge();
  return log;
}

RecordedRun run_of(const TestLog& log) {
  RecordedRun run;
  run.trace.log = log.log;
  return run;
}

// What a folder of an in-memory file system holds, directories left out.
std::map<std::string, std::string> files_in(FileSystem& fs, Handle folder) {
  std::map<std::string, std::string> files;
  const auto entries = fs.list(folder);
  EXPECT_TRUE(entries);
  for (const Entry& entry : *entries) {
    if (entry.type == FileType::directory) {
      const OwnedHandle below(fs, *fs.open(folder, entry.name, {.access = Access::directory}));
      for (const auto& [name, content] : files_in(fs, below.get())) {
        files[entry.name + "/" + name] = content;
      }
    } else if (entry.type == FileType::regular) {
      const OwnedHandle file(fs, *fs.open(folder, entry.name, {}));
      files[entry.name] = *read_whole(fs, file.get());
    }
  }
  return files;
}

struct Made {
  Result<Replayed> replayed;
  std::map<std::string, std::string> files;
};

Made replay(RecordedRun& run, const std::string& text) {
  InMemoryFileSystem fs;
  const auto made = fs.make_directory(Handle::working_directory, "state", 0755);
  EXPECT_TRUE(made);
  const OwnedHandle folder(
      fs, *fs.open(Handle::working_directory, "state", {.access = Access::directory}));
  const auto token = read_token(text);
  EXPECT_TRUE(token) << text;
  Made result{replay_state(fs, run, *token, folder.get()), {}};
  result.files = files_in(fs, folder.get());
  return result;
}

// The token of each state, with the content that `path` has in it ("-" for none).
std::vector<std::pair<std::string, std::string>> tokens_of(const OperationLog& log,
                                                           crash::Model model,
                                                           const crash::Path& path) {
  const crash::History history(log);
  std::vector<std::pair<std::string, std::string>> tokens;
  (void)crash::enumerate(history, model, {path}, {}, [&](const crash::CrashState& state) {
    const auto file = state.file(path);
    tokens.emplace_back(make_token(history, log_name(log), model, {path}, state.code()),
                        file ? std::string(file->content.text()) : "-");
    return true;
  });
  return tokens;
}

TEST(Replay, makes_every_state_of_both_engines_again) {
  const TestLog log = replace_without_sync();
  RecordedRun run = run_of(log);
  for (const crash::Model model :
       {crash::Model::kill, crash::Model::portable, crash::Model::ext4, crash::Model::posix}) {
    const auto tokens = tokens_of(log.log, model, "state");
    EXPECT_GE(tokens.size(), 2U);
    for (const auto& [token, content] : tokens) {
      const Made made = replay(run, token);
      ASSERT_TRUE(made.replayed) << made.replayed.error().message();
      EXPECT_EQ(made.files.at("other"), "stays");
      const auto file = made.files.find("state");
      EXPECT_EQ(file == made.files.end() ? "-" : file->second, content) << token;
      EXPECT_EQ(made.replayed->model, model);
    }
  }
}

TEST(Replay, leaves_the_temporary_where_a_lost_rename_left_it) {
  const TestLog log = replace_without_sync();
  RecordedRun run = run_of(log);
  bool seen = false;
  const crash::History history(log.log);
  (void)crash::enumerate(
      history, crash::Model::portable, {"state"}, {}, [&](const crash::CrashState& state) {
        if (state.file("state")->content.text() != "old") return true;
        const Made made = replay(run, make_token(history, log_name(log.log), crash::Model::portable,
                                                 {"state"}, state.code()));
        seen = true;
        EXPECT_EQ(made.files.at("state"), "old");
        EXPECT_EQ(made.files.at("state.tmp"), "new");
        return true;
      });
  EXPECT_TRUE(seen);
}

TEST(Replay, refuses_tokens_of_another_run_and_damaged_ones) {
  const TestLog log = replace_without_sync();
  RecordedRun run = run_of(log);
  const std::string token = tokens_of(log.log, crash::Model::portable, "state").front().first;
  TestLog other = replace_without_sync();
  other.log.operations.pop_back();
  RecordedRun another = run_of(other);
  const Made foreign = replay(another, token);
  ASSERT_FALSE(foreign.replayed);
  EXPECT_NE(foreign.replayed.error().message().find("another run"), std::string::npos);
  EXPECT_TRUE(foreign.files.empty());
  for (const std::string& damaged :
       {token + "x", token.substr(0, 16) + "-portable-f99-" + token.substr(token.rfind('-') + 1),
        token.substr(0, 16) + "-portable-n2-x", token.substr(0, 16) + "-portable-z0-x"}) {
    const Made made = replay(run, damaged);
    EXPECT_FALSE(made.replayed) << damaged;
    EXPECT_TRUE(made.files.empty()) << damaged;
  }
}

TEST(Replay, puts_folders_of_also_under_a_name_of_their_own) {
  TestLog log = replace_without_sync();
  const auto folder = static_cast<InodeId>(log.log.inodes.size());
  log.log.inodes.push_back({FileType::directory, 0755, true, {}});
  log.log.names.push_back({root_inode, "", folder});
  (void)log.initial_file("outside", "far", folder);
  RecordedRun run = run_of(log);
  const Made made = replay(run, tokens_of(log.log, crash::Model::portable, "state").front().first);
  ASSERT_TRUE(made.replayed) << made.replayed.error().message();
  EXPECT_EQ(made.files.at("@also/outside"), "far");
}

TEST(Token, spells_and_reads_every_kind_of_footprint) {
  TestLog log = replace_without_sync();
  const crash::History history(log.log);
  const std::string name = log_name(log.log);
  const std::vector<std::vector<crash::Path>> footprints = {
      {}, {"state"}, {"state", "state-journal", "state-wal"}, {"never touched"}, {"a", "b/c"}};
  for (const auto& footprint : footprints) {
    const std::string text =
        make_token(history, name, crash::Model::btrfs, footprint, "code-with_signs");
    const auto token = read_token(text);
    ASSERT_TRUE(token) << text;
    EXPECT_EQ(token->log, name);
    EXPECT_EQ(token->model, crash::Model::btrfs);
    EXPECT_EQ(token->code, "code-with_signs");
    EXPECT_EQ(footprint_of(history, *token), footprint) << text;
    EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-_"),
              std::string::npos);
  }
}

TEST(Token, refuses_what_has_not_its_form) {
  for (const std::string_view text :
       {"", "-", "0123456789abcdef", "0123456789abcdef-portable-f0-", "x-portable-f0-a",
        "0123456789abcdeF-portable-f0-a", "0123456789abcdef-zfs-f0-a",
        "0123456789abcdef-portable--a", "0123456789abcdef-portable-f0-a/b",
        "../../etc/passwd-portable-f0-a"}) {
    EXPECT_FALSE(read_token(text)) << text;
  }
}

TEST(LogName, tells_logs_apart_that_differ_in_anything_that_states_show) {
  const std::string name = log_name(replace_without_sync().log);
  EXPECT_EQ(name, log_name(replace_without_sync().log));
  TestLog content = replace_without_sync();
  content.log.inodes[1].content = Bytes("other");
  EXPECT_NE(log_name(content.log), name);
  TestLog renamed = replace_without_sync();
  renamed.log.names[0].name = "renamed";
  EXPECT_NE(log_name(renamed.log), name);
  TestLog shorter = replace_without_sync();
  shorter.log.operations.pop_back();
  EXPECT_NE(log_name(shorter.log), name);
  TestLog elsewhere = replace_without_sync();
  elsewhere.log.operations[0].thread = 9;
  elsewhere.log.operations[0].stack = 9;
  EXPECT_EQ(log_name(elsewhere.log), name);
}

}  // namespace
}  // namespace untorn::prove
