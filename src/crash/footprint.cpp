// SPDX-License-Identifier: Apache-2.0
#include "crash/footprint.h"

namespace untorn::crash {

Footprint::Footprint(const History::Impl& history, const NameTable& names,
                     const std::vector<Path>& paths)
    : history_(history),
      names_(names),
      everything_(paths.empty()),
      seen_names_(names.names().size()),
      seen_units_(names.units().size()),
      seen_inodes_(history.log.inodes.size()) {
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
  for (UnitId unit = 0; unit < seen_units_.size(); ++unit) {
    for (const NameChange& change : names.units()[unit].changed()) {
      if (seen_names_[change.name]) seen_units_[unit] = true;
    }
  }
  marked_.clear();
}

void Footprint::mark(InodeId directory, const PathNode* node) {
  if (!marked_.emplace(std::pair(directory, node), true).second) return;
  each_step(directory, node, [&](const Step& step) {
    seen_names_[step.name] = true;
    const Name& name = names_.names()[step.name];
    const auto mark_inode = [&](InodeId inode) {
      if (inode == no_inode) return;
      if (step.wanted) seen_inodes_[inode] = true;
      if (history_.is_directory(inode)) mark(inode, step.node);
    };
    mark_inode(name.initial);
    for (const NameVersion& version : name.versions) mark_inode(version.inode);
  });
}

}  // namespace untorn::crash
