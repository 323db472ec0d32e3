// SPDX-License-Identifier: Apache-2.0
//
// The part of the history that a set of paths can see: the names on the way to them, through every
// directory that may stand there in some crash state, and the inodes that they may lead to. Nothing
// else is varied.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crash/engine.h"
#include "crash/history.h"

namespace untorn::crash {

// The paths as a tree of components.
struct PathNode {
  std::map<std::string, std::unique_ptr<PathNode>, std::less<>> children;
  Path path;            // as it was asked for
  bool wanted = false;  // a path of the footprint ends here
};

class Footprint {
 public:
  // Empty: every path. `names` are the history's, or those of a model of its own.
  Footprint(const History::Impl& history, const NameTable& names, const std::vector<Path>& paths);
  Footprint(const History::Impl& history, const std::vector<Path>& paths)
      : Footprint(history, history.names, paths) {}

  [[nodiscard]] const NameTable& names() const noexcept { return names_; }

  [[nodiscard]] bool everything() const noexcept { return everything_; }
  [[nodiscard]] const PathNode* root() const noexcept { return everything_ ? nullptr : &root_; }

  // May a change of this name be seen?
  [[nodiscard]] bool sees_name(NameId name) const { return seen_names_[name]; }
  [[nodiscard]] bool sees_unit(UnitId unit) const { return seen_units_[unit]; }
  // May one of the paths lead to this inode?
  [[nodiscard]] bool sees_inode(InodeId inode) const { return seen_inodes_[inode]; }

  // A name below a directory on the way to the paths.
  struct Step {
    NameId name = no_id;
    const PathNode* node = nullptr;  // what the footprint asks below this name; null: everything
    bool wanted = false;             // the name itself ends a path of the footprint
  };
  // Calls visit(step) for each name of `directory` that leads on from `node`.
  template <class Visit>
  void each_step(InodeId directory, const PathNode* node, Visit&& visit) const {
    if (node == nullptr) {
      for (const NameId name : names_.in_directory(directory)) {
        visit(Step{name, nullptr, true});
      }
      return;
    }
    for (const auto& [text, child] : node->children) {
      const NameId name = names_.find(directory, text);
      if (name != no_id) visit(Step{name, child.get(), child->wanted});
    }
  }

  // Calls visit(path, inode) for every path of the footprint that leads to something, where
  // value(name) tells what a name leads to. Where renames are parted a directory may come to lie
  // below itself; it is not entered again there.
  template <class Value, class Visit>
  void resolve(const Value& value, const Visit& visit) const {
    resolve_in({root_inode, nullptr}, root(), {}, value, visit);
  }
  // The directories from the root to one of them, and its path.
  struct Place {
    std::vector<InodeId> directories;
    Path path;
  };
  // The same for what lies behind one name below the directory at `place`.
  template <class Value, class Visit>
  void resolve_step(const Step& step, const Place& place, const Value& value,
                    const Visit& visit) const {
    std::vector<Way> ways;
    ways.reserve(place.directories.size());  // they point at each other
    for (const InodeId directory : place.directories) {
      ways.push_back({directory, ways.empty() ? nullptr : &ways.back()});
    }
    resolve_below(step, &ways.back(), place.path, value, visit);
  }

 private:
  // A directory on the way, and those above it.
  struct Way {
    InodeId directory = root_inode;
    const Way* above = nullptr;
  };
  template <class Value, class Visit>
  void resolve_below(const Step& step, const Way* way, const Path& prefix, const Value& value,
                     const Visit& visit) const {
    const InodeId inode = value(step.name);
    if (inode == no_inode) return;
    const Path path = join(prefix, names_.names()[step.name].text);
    if (step.wanted) visit(path, inode);
    if (!history_.is_directory(inode)) return;
    for (const Way* above = way; above != nullptr; above = above->above) {
      if (above->directory == inode) return;
    }
    resolve_in({inode, way}, step.node, path, value, visit);
  }
  template <class Value, class Visit>
  void resolve_in(const Way& way, const PathNode* node, const Path& prefix, const Value& value,
                  const Visit& visit) const {
    each_step(way.directory, node,
              [&](const Step& step) { resolve_below(step, &way, prefix, value, visit); });
  }

  void mark(InodeId directory, const PathNode* node);

  const History::Impl& history_;
  const NameTable& names_;
  PathNode root_;
  bool everything_ = false;
  std::vector<bool> seen_names_;
  std::vector<bool> seen_units_;
  std::vector<bool> seen_inodes_;
  std::map<std::pair<InodeId, const PathNode*>, bool> marked_;
};

}  // namespace untorn::crash
