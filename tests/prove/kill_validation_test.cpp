// SPDX-License-Identifier: Apache-2.0
//
// The kill model against real kills: runs of six programs, each killed with SIGKILL at the entry of
// one of its calls, 42 of each or, with UNTORN_LAB, at every call up to 300. What lies on the disk
// afterwards must be, byte for byte, what the log up to that call predicts, in the killed run's own
// log and, for programs that do the same every time, in the log of a run that was not killed.
//
// A run enters a sandbox and cannot leave it, so each happens in a process of its own and comes
// back as text.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "crash/engine.h"
#include "prove/sandbox/sandbox.h"
#include "prove/trace/trace.h"

namespace untorn::prove {
namespace {

namespace stdfs = std::filesystem;

// path → "directory", "link TARGET", or size and hash of the bytes.
using Listing = std::map<std::string, std::string>;

// SQLite's index of its log is mapped: no call carries its bytes, and whoever opens the database
// after a crash builds it anew.
std::string describe(std::string_view path, std::string_view bytes) {
  if (path.ends_with("-shm")) return "a mapped index";
  return fmt::format("{} bytes {:016x}", bytes.size(), std::hash<std::string_view>{}(bytes));
}

std::string read_all(const stdfs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Listing list_disk(const stdfs::path& root) {
  Listing listing;
  for (const auto& entry : stdfs::recursive_directory_iterator(root)) {
    const std::string path = entry.path().lexically_relative(root).string();
    if (entry.is_symlink()) {
      listing[path] = "link " + stdfs::read_symlink(entry.path()).string();
    } else if (entry.is_directory()) {
      listing[path] = "directory";
    } else {
      listing[path] = describe(path, read_all(entry.path()));
    }
  }
  return listing;
}

// The tree that the log predicts after `count` operations. Names that no operation touched are
// those of the tree before the run. No program here removes or renames a directory.
Listing predict(const crash::History& history, std::size_t count, const Listing& before) {
  Listing listing = before;
  for (const crash::Path& path : history.touched_paths()) listing.erase(path);
  for (const auto& [path, file] : history.tree_at(count)) {
    if (path.empty()) continue;
    switch (file.type) {
      case FileType::directory:
        listing[path] = "directory";
        break;
      case FileType::symlink:
        listing[path] = "link " + std::string(file.content.text());
        break;
      default:
        listing[path] = describe(path, file.content.text());
    }
  }
  return listing;
}

std::string to_text(const Listing& listing) {
  std::string text;
  for (const auto& [path, what] : listing) text += fmt::format("{}: {}\n", path, what);
  return text;
}

// Does this operation change the tree? Only these are counted as calls of the run.
bool changes_tree(const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::begin_writing:
    case OperationKind::end_writing:
    case OperationKind::acknowledge:
      return false;
    default:
      return true;
  }
}

// How alike two runs of a program are.
enum class Order : std::uint8_t {
  repeatable,  // the same calls, names and bytes
  same_calls,  // the same calls; names or bytes differ
  by_chance,   // threads: not even the order of the calls
};

struct Program {
  const char* name;
  std::vector<std::string> command;
  std::vector<std::vector<std::string>> preparation;
  Order order;
};

void PrintTo(const Program& program, std::ostream* out) {
  *out << program.name;
}

// What one run sends back: one text per record, so that nothing but strings crosses the pipe.
struct RunRecord {
  std::string failure;                   // empty if the run went as it should
  std::uint64_t calls = 0;               // calls that changed something
  std::vector<std::string> operations;   // kinds, in order
  std::string on_disk;                   // what is there at the end
  std::string predicted;                 // what the run's own log says is there
  std::vector<std::string> predictions;  // after 0, 1, 2, … operations; of a whole run only
};

void put(std::string& out, const std::string& record) {
  out += fmt::format("{}\n{}", record.size(), record);
}

std::string take(std::string_view& in) {
  const std::size_t end = in.find('\n');
  if (end == std::string_view::npos) return {};
  const std::size_t size = std::stoul(std::string(in.substr(0, end)));
  std::string record(in.substr(end + 1, size));
  in.remove_prefix(end + 1 + size);
  return record;
}

std::string pack(const RunRecord& run) {
  std::string out;
  put(out, run.failure);
  put(out, std::to_string(run.calls));
  put(out, run.on_disk);
  put(out, run.predicted);
  put(out, std::to_string(run.operations.size()));
  for (const auto& operation : run.operations) put(out, operation);
  put(out, std::to_string(run.predictions.size()));
  for (const auto& prediction : run.predictions) put(out, prediction);
  return out;
}

RunRecord unpack(std::string_view in) {
  RunRecord run;
  if (in.empty()) {
    run.failure = "the run's process died without a word";
    return run;
  }
  run.failure = take(in);
  run.calls = std::stoull(take(in));
  run.on_disk = take(in);
  run.predicted = take(in);
  run.operations.resize(std::stoul(take(in)));
  for (auto& operation : run.operations) operation = take(in);
  run.predictions.resize(std::stoul(take(in)));
  for (auto& prediction : run.predictions) prediction = take(in);
  return run;
}

// Runs in the forked process, which never returns from here to the tests.
RunRecord run_here(const Program& program, const stdfs::path& root,
                   std::optional<std::uint64_t> kill_at, bool all_prefixes) {
  RunRecord run;
  const Listing before = list_disk(root);
  SandboxOptions sandbox_options;
  sandbox_options.root = root.string();
  auto sandbox = Sandbox::enter(sandbox_options);
  if (!sandbox) {
    run.failure = "sandbox: " + sandbox.error().message();
    return run;
  }
  TraceOptions options;
  options.command = program.command;
  options.working_directory = root.string();
  options.stacks = false;
  options.kill_at_call = kill_at;
  auto trace = trace_command(**sandbox, options, nullptr);
  if (!trace) {
    run.failure = "trace: " + trace.error().message();
    return run;
  }
  const RunEnd expected = kill_at ? RunEnd::killed_at_call : RunEnd::exited;
  if (trace->end != expected || (!kill_at && trace->exit_code != 0)) {
    run.failure = fmt::format("ended {} with code {}: {}", static_cast<int>(trace->end),
                              trace->exit_code, trace->why);
  }
  for (const std::string& difference : trace->unexplained) {
    run.failure += "unexplained: " + difference + "\n";
  }
  run.calls = trace->calls_changing;
  run.on_disk = to_text(list_disk((*sandbox)->trees().front().path));
  const crash::History history(trace->log);
  const auto& operations = trace->log.operations;
  run.predicted = to_text(predict(history, operations.size(), before));
  if (all_prefixes) run.predictions.push_back(to_text(predict(history, 0, before)));
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (!changes_tree(operations[i])) continue;
    run.operations.emplace_back(to_string(operations[i].kind));
    if (all_prefixes) run.predictions.push_back(to_text(predict(history, i + 1, before)));
  }
  return run;
}

RunRecord run_in_child(const Program& program, const stdfs::path& root,
                       std::optional<std::uint64_t> kill_at, bool all_prefixes) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) {
    RunRecord record;
    record.failure = "no pipe";
    return record;
  }
  const pid_t child = fork();
  if (child == 0) {
    close(pipe_ends[0]);
    const std::string text = pack(run_here(program, root, kill_at, all_prefixes));
    std::string_view rest = text;
    while (!rest.empty()) {
      const ssize_t count = write(pipe_ends[1], rest.data(), rest.size());
      if (count <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
    _exit(0);
  }
  close(pipe_ends[1]);
  std::string text;
  char buffer[65536];
  for (ssize_t count = 0; (count = read(pipe_ends[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  close(pipe_ends[0]);
  waitpid(child, nullptr, 0);
  return unpack(text);
}

std::string shell_join(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += "' ";
  }
  return line;
}

bool required(const std::string& tier) {
  const char* list = std::getenv("UNTORN_REQUIRE");
  return list != nullptr &&
         ("," + std::string(list) + ",").find("," + tier + ",") != std::string::npos;
}

class KillValidation : public testing::TestWithParam<Program> {
 protected:
  void SetUp() override {
    if (std::system(fmt::format("command -v '{}' >/dev/null", GetParam().command[0]).c_str()) !=
        0) {
      if (required(GetParam().name)) FAIL() << GetParam().command[0] << " is required";
      GTEST_SKIP() << GetParam().command[0] << " is not installed";
    }
    std::string pattern = (stdfs::temp_directory_path() / "untorn-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = stdfs::canonical(pattern);
    for (const auto& words : GetParam().preparation) {
      const std::string line =
          fmt::format("cd '{}' && {} >/dev/null 2>&1", root_.string(), shell_join(words));
      ASSERT_EQ(std::system(line.c_str()), 0) << line;
    }
  }
  void TearDown() override {
    if (!root_.empty()) stdfs::remove_all(root_);
  }

  stdfs::path root_;
};

// Programs with fewer calls are killed at each of them.
std::uint64_t kills_of(std::uint64_t calls) {
  const bool lab = std::getenv("UNTORN_LAB") != nullptr;
  return std::min<std::uint64_t>(calls, lab ? 300 : 42);
}

TEST_P(KillValidation, the_tree_after_a_kill_is_the_prefix_of_the_log) {
  const Program& program = GetParam();
  const std::string untouched = to_text(list_disk(root_));
  const RunRecord whole = run_in_child(program, root_, std::nullopt, true);
  ASSERT_EQ(whole.failure, "");
  ASSERT_EQ(whole.on_disk, whole.predicted);
  ASSERT_GE(whole.calls, 42U) << "too few calls for as many different kills";
  const std::uint64_t kills = kills_of(whole.calls);

  std::uint64_t equal = 0;
  std::set<std::string> different_trees;
  for (std::uint64_t i = 0; i < kills; ++i) {
    const std::uint64_t stop = i * whole.calls / kills;
    const RunRecord killed = run_in_child(program, root_, stop, false);
    EXPECT_EQ(killed.failure, "") << "killed at call " << stop;
    EXPECT_EQ(killed.on_disk, killed.predicted) << "killed at call " << stop;
    const std::size_t count = killed.operations.size();
    if (program.order != Order::by_chance) {
      EXPECT_EQ(killed.calls, stop);
      ASSERT_LT(count, whole.predictions.size()) << "killed at call " << stop;
      EXPECT_TRUE(
          std::equal(killed.operations.begin(), killed.operations.end(), whole.operations.begin()))
          << "the killed run did something else before call " << stop;
    }
    if (program.order == Order::repeatable) {
      EXPECT_EQ(killed.on_disk, whole.predictions[count]) << "killed at call " << stop;
    }
    equal += killed.failure.empty() && killed.on_disk == killed.predicted ? 1U : 0U;
    different_trees.insert(killed.on_disk);
    ASSERT_EQ(to_text(list_disk(root_)), untouched) << "the real tree has changed";
  }
  EXPECT_EQ(equal, kills);
  EXPECT_GT(different_trees.size(), kills / 2) << "the kills are all alike";
  RecordProperty("kills", static_cast<int>(kills));
  RecordProperty("different_trees", static_cast<int>(different_trees.size()));
}

constexpr const char* python_saver = R"(
import json, os
for generation in range(50):
    with open("state.json.tmp", "w") as file:
        json.dump({"generation": generation, "padding": "x" * 9000}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace("state.json.tmp", "state.json")
    with open("log.txt", "a") as log:
        log.write(f"saved {generation}\n")
)";

constexpr const char* git_alias =
    "alias.two=!git add . && git commit -qm 1 && echo 2 >>a && touch -d 2002-01-01 a && "
    "git commit -qam 2";

const std::vector<Program>& programs() {
  static const std::vector<Program> all = {
      {"python", {UNTORN_PYTHON, "-c", python_saver}, {}, Order::repeatable},
      {"c", {UNTORN_PROGRAMS "/multi_file"}, {}, Order::repeatable},
      {"threads", {UNTORN_PROGRAMS "/thread_savers"}, {}, Order::by_chance},
      // A kill comes between two calls, and what was stored in between is looked up then.
      {"mapping", {UNTORN_PROGRAMS "/mapped_records"}, {}, Order::same_calls},
      // The journal holds random numbers, so two runs differ in bytes.
      {"sqlite",
       {"sqlite3", "main.db",
        "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); INSERT INTO t VALUES (3);"
        "BEGIN; INSERT INTO t SELECT n + 10 FROM t; UPDATE t SET n = n + 100; COMMIT;"
        "DELETE FROM t WHERE n > 10; PRAGMA journal_mode = WAL; INSERT INTO t VALUES (7);"},
       {{"sqlite3", "main.db", "CREATE TABLE t (n INTEGER PRIMARY KEY);"}},
       Order::same_calls},
      // Names of temporaries and times of change differ from run to run. Dates are set, because git
      // does more where a file is as young as its index.
      {"git",
       {"env", "GIT_AUTHOR_DATE=@1000000000 +0000", "GIT_COMMITTER_DATE=@1000000000 +0000", "git",
        "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "gc.auto=0", "-c",
        "maintenance.auto=false", "-c", git_alias, "two"},
       {{"git", "init", "-q", "--template=", "."},
        {"sh", "-c", "mkdir d; echo 1 >a; echo 2 >d/b; touch -d 2001-01-01 a d/b"}},
       Order::same_calls},
  };
  return all;
}

INSTANTIATE_TEST_SUITE_P(Programs, KillValidation, testing::ValuesIn(programs()),
                         [](const auto& program) { return std::string(program.param.name); });

}  // namespace
}  // namespace untorn::prove
