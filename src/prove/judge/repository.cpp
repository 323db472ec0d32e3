// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/repository.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>

namespace untorn::prove {

namespace {

// $1 is the folder of the repository, $2 is "new" if the run made it.
constexpr std::string_view script = R"(
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
export LC_ALL=C GIT_OPTIONAL_LOCKS=0
cd "$UNTORN_STATE" || exit 2
if [ "$2" = new ] && ! [ -e "$1/HEAD" ]; then exit 0; fi
git -c safe.directory='*' --git-dir="$1" fsck --full --no-dangling --no-progress 2>&1 &&
  git -c safe.directory='*' --git-dir="$1" ls-files --stage 2>&1 >/dev/null
)";

// Parts of a repository that hold what a user keeps in it.
constexpr std::array<std::string_view, 8> kept_parts = {
    "objects", "refs", "HEAD", "index", "config", "packed-refs", "shallow", "modules"};

bool is_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

// Folders that may be a repository because something in them was touched: those that are called so,
// and those that hold `objects` or `refs`.
std::set<crash::Path> candidates(const crash::History& history) {
  std::set<crash::Path> folders;
  for (const crash::Path& path : history.touched_paths()) {
    for (std::size_t end = path.find('/'); end != std::string::npos;
         end = path.find('/', end + 1)) {
      const std::string_view folder = std::string_view(path).substr(0, end);
      const std::string_view rest = std::string_view(path).substr(end + 1);
      // `logs/refs` holds the history of `refs`, and has a HEAD of its own.
      const bool log = folder.ends_with("/logs") || folder == "logs";
      if (folder.ends_with(".git") || rest.starts_with("objects/") ||
          (rest.starts_with("refs/") && !log))
        folders.insert(crash::Path(folder));
    }
  }
  return folders;
}

}  // namespace

std::vector<Repository> find_repositories(const crash::History& history, const std::string& root) {
  const std::size_t end = history.log().operations.size();
  std::vector<Repository> found;
  for (const crash::Path& folder : candidates(history)) {
    const bool inside = std::any_of(found.begin(), found.end(), [&](const Repository& other) {
      return is_below(folder, other.folder);
    });
    if (inside || folder.starts_with('/')) continue;
    const crash::Path head = folder + "/HEAD";
    std::error_code error;
    const bool untouched = std::filesystem::is_regular_file(
        std::filesystem::path(root) / head, error);  // the log may not know what nobody touched
    const bool before = history.file_at(0, head).has_value() || untouched;
    if (!before && !history.file_at(end, head)) continue;
    found.push_back({folder, !before});
  }
  return found;
}

std::vector<std::string> repository_check(const Repository& repository) {
  return {
      "sh", "-c", std::string(script), "sh", repository.folder, repository.is_new ? "new" : "old"};
}

bool has_git() {
  const char* given = std::getenv("PATH");
  std::string_view path = given == nullptr ? "/usr/bin:/bin" : given;
  while (true) {
    const std::size_t end = std::min(path.find(':'), path.size());
    const std::string program = std::string(path.substr(0, end)) + "/git";
    if (end > 0 && ::access(program.c_str(), X_OK) == 0) return true;
    if (end == path.size()) return false;
    path.remove_prefix(end + 1);
  }
}

bool is_scratch(const Repository& repository, std::string_view path) {
  if (!is_below(path, repository.folder)) return false;
  const std::string_view rest = path.substr(repository.folder.size() + 1);
  const std::string_view part = rest.substr(0, std::min(rest.find('/'), rest.size()));
  return std::find(kept_parts.begin(), kept_parts.end(), part) == kept_parts.end();
}

}  // namespace untorn::prove
