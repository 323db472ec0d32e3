// SPDX-License-Identifier: Apache-2.0
#include "transaction/view.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/try.h"
#include "filesystem/kept_folder.h"
#include "transaction/paths.h"

namespace untorn::transaction {
namespace {

constexpr int links_followed_max = 40;  // as the kernel

}  // namespace

// One way through the tree, name by name.
class View::Walk {
 public:
  Walk(const View& view, Tree& tree, std::string_view path, bool follow_last)
      : view_(view), tree_(tree), asked_(path), rest_(path), follow_last_(follow_last) {}

  Result<Found> run() {
    if (auto problem = path_problem(asked_)) {
      return std::unexpected(
          tree_.error(Code::invalid_argument, Step::resolve, asked_, std::move(*problem)));
    }
    for (;;) {
      const std::string name = next_name();
      if (name == "." || name.empty()) {
        if (!rest_.empty()) continue;
        return here();
      }
      if (name == "..") {
        if (directory_.empty()) return std::unexpected(refused("a link leads out of the tree"));
        directory_ = std::string(parent_of(directory_));
        if (rest_.empty()) return here();
        continue;
      }
      UNTORN_TRY(Found found, look(name));
      const bool last = rest_.empty();
      if (found.kind == Found::Kind::present && found.is(FileType::symlink) &&
          (!last || follow_last_)) {
        UNTORN_CHECK(follow(found));
        continue;
      }
      if (last) return found;
      UNTORN_CHECK(enter(found));
    }
  }

 private:
  [[nodiscard]] Error refused(std::string why) const {
    return tree_.error(Code::invalid_argument, Step::resolve, asked_, std::move(why));
  }

  std::string next_name() {
    const std::size_t end = std::min(rest_.find('/'), rest_.size());
    std::string name = rest_.substr(0, end);
    rest_.erase(0, std::min(end + 1, rest_.size()));
    return name;
  }

  // A link led to the directory where we stand.
  Result<Found> here() {
    if (directory_.empty()) return std::unexpected(refused("it leads to the root of the tree"));
    const std::string path = std::exchange(directory_, std::string(parent_of(directory_)));
    return look(std::string(name_of(path)));
  }

  // Also where a link led.
  [[nodiscard]] bool may_name(const std::string& name) const {
    if (directory_ == kept_folder_name) return view_.kept_folders_.contains(name);
    const bool way_to_kept = directory_.empty() && name == kept_folder_name && !rest_.empty();
    return !is_reserved_name(name) || (way_to_kept && !view_.kept_folders_.empty());
  }

  Result<Found> look(const std::string& name) {
    Found found;
    found.path = joined(directory_, name);
    if (!may_name(name)) return std::unexpected(refused(name + " belongs to Untorn"));
    if (found.path.size() > path_bytes_max) {
      return std::unexpected(tree_.error(Errno{ENAMETOOLONG}, Step::resolve, asked_));
    }
    if (const Name* change = view_.changed(found.path)) {
      found.kind = change->kind;
      found.status = change->status;
      found.index = change->index;
      found.source = change->source;
      found.removed = change->removed;
      return found;
    }
    if (view_.is_made(directory_)) return found;
    found.in_tree = true;
    UNTORN_TRY(const Handle parent, tree_.directory(directory_));
    auto status = tree_.fs().status_at(parent, name);
    if (!status && number(status.error()) == ENOENT) return found;
    if (!status) return std::unexpected(tree_.error(status.error(), Step::resolve, asked_));
    found.kind = Found::Kind::present;
    found.status = *status;
    return found;
  }

  Result<void> enter(const Found& found) {
    if (found.kind == Found::Kind::moved && found.is_directory()) {
      return std::unexpected(refused(found.path + " is a directory that this transaction renames"));
    }
    if (found.kind == Found::Kind::absent) {
      return std::unexpected(
          tree_.error(Errno{ENOENT}, Step::open_directory, asked_, found.path + " is not there"));
    }
    if (!found.is_directory()) {
      return std::unexpected(tree_.error(Errno{ENOTDIR}, Step::open_directory, asked_,
                                         found.path + " is not a directory"));
    }
    if (found.kind == Found::Kind::present) UNTORN_CHECK(tree_.directory(found.path));
    directory_ = found.path;
    return {};
  }

  Result<void> follow(const Found& link) {
    if (++links_ > links_followed_max) {
      return std::unexpected(tree_.error(Errno{ELOOP}, Step::resolve, asked_));
    }
    UNTORN_TRY(const Handle parent, tree_.directory(directory_));
    auto text = tree_.fs().read_link(parent, name_of(link.path));
    if (!text) return std::unexpected(tree_.error(text.error(), Step::resolve, asked_));
    std::string target = std::move(*text);
    if (target.starts_with('/')) {
      const std::string& root = tree_.root_path();
      if (!root.starts_with('/') || !is_below(target, root)) {
        return std::unexpected(refused(link.path + " is a link that leaves the tree"));
      }
      target.erase(0, root.size() + 1);
      directory_.clear();
    }
    if (!rest_.empty()) target += '/' + rest_;
    if (target.size() > path_bytes_max) {
      return std::unexpected(tree_.error(Errno{ENAMETOOLONG}, Step::resolve, asked_));
    }
    rest_ = std::move(target);
    return {};
  }

  const View& view_;
  Tree& tree_;
  std::string_view asked_;
  std::string rest_;
  bool follow_last_;
  std::string directory_;  // where we stand, without links
  int links_ = 0;
};

Result<Found> View::find(Tree& tree, std::string_view path, bool follow_last) const {
  return Walk(*this, tree, path, follow_last).run();
}

const View::Name* View::changed(std::string_view path) const {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : &found->second;
}

bool View::is_made(std::string_view path) const {
  const Name* name = changed(path);
  return name != nullptr && name->kind == Found::Kind::made;
}

void View::put(const std::string& path, std::size_t index) {
  names_[path] = {.kind = Found::Kind::put, .status = {}, .index = index, .source = {}};
}

void View::make_directory(const std::string& path) {
  names_[path] = {.kind = Found::Kind::made, .status = {}, .source = {}};
}

void View::remove(const std::string& path) {
  names_[path] = {.kind = Found::Kind::absent, .status = {}, .source = {}, .removed = true};
}

void View::move(const std::string& from, const std::string& to, const Status& status) {
  names_[from] = {.kind = Found::Kind::absent, .status = {}, .source = {}};
  names_[to] = {.kind = Found::Kind::moved, .status = status, .source = from};
}

bool View::touches_below(std::string_view directory) const {
  const std::string prefix = std::string(directory) + '/';
  const auto first = names_.lower_bound(prefix);
  return first != names_.end() && first->first.starts_with(prefix);
}

Result<bool> View::is_empty(Tree& tree, const std::string& directory) const {
  const std::string prefix = directory + '/';
  for (auto name = names_.lower_bound(prefix);
       name != names_.end() && name->first.starts_with(prefix); ++name) {
    if (name->second.kind != Found::Kind::absent) return false;
  }
  UNTORN_TRY(const Handle handle, tree.directory(directory));
  auto entries = tree.fs().list(handle);
  if (!entries) return std::unexpected(tree.error(entries.error(), Step::inspect, directory));
  return std::ranges::all_of(*entries, [&](const Entry& entry) {
    return changed(joined(directory, entry.name)) != nullptr;
  });
}

std::string View::nearest_present(std::string_view path) const {
  std::string_view directory = parent_of(path);
  while (!directory.empty() && is_made(directory)) directory = parent_of(directory);
  return std::string(directory);
}

}  // namespace untorn::transaction
