// SPDX-License-Identifier: Apache-2.0
#include "crash/footprint.h"

namespace untorn::crash {

Footprint::Footprint(const History::Impl& history, const std::vector<Path>& paths)
    : history_(history),
      everything_(paths.empty()),
      names_(history.names.names().size()),
      units_(history.names.units().size()),
      inodes_(history.log.inodes.size()) {
  for (const Path& path : paths) {
    PathNode* node = &root_;
    std::size_t begin = 0;
    while (begin <= path.size()) {
      const std::size_t end = std::min(path.find('/', begin), path.size());
      std::unique_ptr<PathNode>& child = node->children[path.substr(begin, end - begin)];
      if (!child) child = std::make_unique<PathNode>();
      node = child.get();
      begin = end + 1;
    }
    node->path = path;
    node->wanted = true;
  }
  mark(root_inode, root());
  for (UnitId unit = 0; unit < units_.size(); ++unit) {
    for (const NameChange& change : history.names.units()[unit].changed()) {
      if (names_[change.name]) units_[unit] = true;
    }
  }
  marked_.clear();
}

void Footprint::mark(InodeId directory, const PathNode* node) {
  if (!marked_.emplace(std::pair(directory, node), true).second) return;
  each_step(directory, node, [&](const Step& step) {
    names_[step.name] = true;
    const Name& name = history_.names.names()[step.name];
    const auto mark_inode = [&](InodeId inode) {
      if (inode == no_inode) return;
      if (step.wanted) inodes_[inode] = true;
      if (history_.is_directory(inode)) mark(inode, step.node);
    };
    mark_inode(name.initial);
    for (const NameVersion& version : name.versions) mark_inode(version.inode);
  });
}

}  // namespace untorn::crash
