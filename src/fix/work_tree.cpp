// SPDX-License-Identifier: Apache-2.0
#include "fix/work_tree.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

namespace untorn::fix {
namespace {

constexpr std::size_t shown_max = 5;
constexpr std::size_t files_per_call = 500;  // far below the limit on the size of arguments

struct Answer {
  int status = -1;  // of exit; -1: it was not run, or ended by a signal
  std::string text;
  std::string problem;
};

// The caller's environment, without what would point git elsewhere, in one language.
std::vector<std::string> environment() {
  std::vector<std::string> result;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view entry = *each;
    const bool redirects = entry.starts_with("GIT_DIR=") || entry.starts_with("GIT_WORK_TREE=") ||
                           entry.starts_with("GIT_INDEX_FILE=");
    if (!redirects && !entry.starts_with("LC_ALL=")) result.emplace_back(entry);
  }
  result.emplace_back("LC_ALL=C");
  result.emplace_back("GIT_OPTIONAL_LOCKS=0");
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 8192> buffer = {};
  for (;;) {
    const ssize_t size = read(descriptor, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

// Messages are mixed into the text where they are asked for, else left out.
Answer run_git(const std::string& folder, const std::vector<std::string>& arguments,
               bool with_messages = false) {
  Answer answer;
  std::array<int, 2> ends = {-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    answer.problem = std::strerror(errno);
    return answer;
  }
  std::vector<std::string> words = {"git", "-C", folder};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> settings = environment();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  if (with_messages) {
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_RDWR, 0);
  }
  pid_t process = -1;
  const int failed = posix_spawnp(&process, "git", &actions, nullptr, pointers(words).data(),
                                  pointers(settings).data());
  posix_spawn_file_actions_destroy(&actions);
  (void)close(ends[1]);
  if (failed == 0) {
    answer.text = read_all(ends[0]);
    int status = 0;
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status)) answer.status = WEXITSTATUS(status);
  } else {
    answer.problem = "git cannot be run: " + std::string(std::strerror(failed));
  }
  (void)close(ends[0]);
  return answer;
}

// The nearest folder above that is the top of a git tree; empty: none.
std::string tree_of(const std::filesystem::path& file) {
  std::error_code ignored;
  for (std::filesystem::path at = file.parent_path();; at = at.parent_path()) {
    if (std::filesystem::exists(at / ".git", ignored)) return at;
    if (at == at.parent_path()) return {};
  }
}

// Asked again for the messages alone.
WorkTree unknown(const std::string& folder, const std::vector<std::string>& arguments) {
  const Answer answer = run_git(folder, arguments, true);
  return {.kind = WorkTree::Kind::unknown,
          .changed = {},
          .reason = answer.problem.empty() ? answer.text.substr(0, answer.text.find('\n'))
                                           : answer.problem};
}

WorkTree inspect_tree(const std::string& folder, const std::vector<std::string>& files) {
  bool any_tracked = false;
  for (std::size_t begin = 0; begin < files.size() && !any_tracked; begin += files_per_call) {
    std::vector<std::string> arguments = {"--literal-pathspecs", "ls-files", "-z", "--"};
    const auto first = files.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::size_t count = std::min(files_per_call, files.size() - begin);
    arguments.insert(arguments.end(), first, first + static_cast<std::ptrdiff_t>(count));
    const Answer answer = run_git(folder, arguments);
    if (answer.status != 0) return unknown(folder, arguments);
    any_tracked = !answer.text.empty();
  }
  if (!any_tracked) return {};
  const std::vector<std::string> arguments = {"status", "--porcelain=v1", "-z",
                                              "--untracked-files=no", "--no-renames"};
  const Answer status = run_git(folder, arguments);
  if (status.status != 0) return unknown(folder, arguments);
  WorkTree tree = {.kind = WorkTree::Kind::clean, .changed = {}, .reason = {}};
  // Each entry: two letters, a blank, the path, NUL.
  for (std::size_t at = 0; at + 3 < status.text.size();) {
    const std::size_t end = std::min(status.text.find('\0', at), status.text.size());
    tree.kind = WorkTree::Kind::dirty;
    if (tree.changed.size() < shown_max) {
      tree.changed.push_back(status.text.substr(at + 3, end - at - 3));
    }
    at = end + 1;
  }
  return tree;
}

}  // namespace

WorkTree inspect_work_trees(const std::vector<std::string>& files) {
  std::map<std::string, std::vector<std::string>> trees;
  for (const std::string& file : files) trees[tree_of(file)].push_back(file);
  WorkTree worst;
  for (const auto& [folder, inside] : trees) {
    if (folder.empty()) continue;
    WorkTree tree = inspect_tree(folder, inside);
    if (tree.kind > worst.kind) worst = std::move(tree);
  }
  return worst;
}

}  // namespace untorn::fix
