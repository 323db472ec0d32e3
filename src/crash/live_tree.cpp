// SPDX-License-Identifier: Apache-2.0
#include "crash/live_tree.h"

#include <algorithm>

namespace untorn::crash {

LiveTree::LiveTree(const History::Impl& history, const Footprint& footprint, FileHashes& hashes)
    : history_(history), footprint_(footprint), hashes_(hashes) {
  values_.reserve(history.names.names().size());
  for (const Name& name : history.names.names()) values_.push_back(name.initial);
  walk();
}

const HashSum* LiveTree::factor(InodeId inode) const {
  const auto entry = seen_.find(inode);
  return entry == seen_.end() ? nullptr : &entry->second.factor;
}

bool LiveTree::next_is_visible() const {
  const auto& units = history_.names.units();
  if (next_unit_ < units.size() && units[next_unit_].operation == count_) {
    return footprint_.sees_unit(next_unit_);
  }
  const Operation& operation = history_.log.operations[count_];
  if (operation.kind != OperationKind::write && operation.kind != OperationKind::truncate) {
    return false;
  }
  return seen_.contains(operation.inode) &&
         history_.contents[operation.inode].changes(static_cast<std::uint32_t>(count_));
}

void LiveTree::advance() {
  const Operation& operation = history_.log.operations[count_];
  const auto& units = history_.names.units();
  if (next_unit_ < units.size() && units[next_unit_].operation == count_) {
    const NameUnit& unit = units[next_unit_];
    const bool seen = footprint_.sees_unit(next_unit_);
    ++next_unit_;
    ++count_;
    bool moves_directory = false;
    for (const NameChange& step : unit.changed()) {
      moves_directory = moves_directory || history_.is_directory(step.inode) ||
                        history_.is_directory(values_[step.name]);
    }
    if (!seen || moves_directory) {
      for (const NameChange& step : unit.changed()) values_[step.name] = step.inode;
      if (seen) walk();
      return;
    }
    for (const NameChange& step : unit.changed()) change(step);
    return;
  }
  ++count_;
  if (operation.kind != OperationKind::write && operation.kind != OperationKind::truncate) return;
  if (const HashSum* factor = this->factor(operation.inode)) {
    const HashSum before = hashes_.at(operation.inode, count_ - 1);
    hash_ += *factor * (hashes_.at(operation.inode, count_) - before);
  }
}

void LiveTree::walk() {
  seen_.clear();
  directories_.clear();
  hash_ = {};
  directories_.emplace(root_inode, std::pair(footprint_.root(), Path()));
  const auto value = [&](NameId name) { return values_[name]; };
  // Directories on the way matter as well as those that the footprint asks for.
  const auto visit_in = [&](const auto& self, InodeId directory, const PathNode* node,
                            const Path& prefix) -> void {
    footprint_.each_step(directory, node, [&](const Footprint::Step& step) {
      const InodeId inode = value(step.name);
      if (inode == no_inode) return;
      const Path path = join(prefix, history_.names.names()[step.name].text);
      if (step.wanted) add(inode, path_factor(path));
      if (!history_.is_directory(inode)) return;
      directories_.emplace(inode, std::pair(step.node, path));
      self(self, inode, step.node, path);
    });
  };
  visit_in(visit_in, root_inode, footprint_.root(), {});
}

void LiveTree::add(InodeId inode, HashSum path_factor) {
  Seen& seen = seen_[inode];
  seen.factor += path_factor;
  ++seen.paths;
  hash_ += path_factor * hashes_.at(inode, count_);
}

void LiveTree::remove(InodeId inode, HashSum path_factor) {
  const auto entry = seen_.find(inode);
  entry->second.factor -= path_factor;
  hash_ -= path_factor * hashes_.at(inode, count_);
  if (--entry->second.paths == 0) seen_.erase(entry);
}

void LiveTree::change(const NameChange& change) {
  const InodeId before = std::exchange(values_[change.name], change.inode);
  const Name& name = history_.names.names()[change.name];
  const auto [first, last] = directories_.equal_range(name.directory);
  for (auto entry = first; entry != last; ++entry) {
    const auto& [node, prefix] = entry->second;
    if (node != nullptr) {
      const auto child = node->children.find(name.text);
      if (child == node->children.end() || !child->second->wanted) continue;
    }
    const HashSum factor = path_factor(join(prefix, name.text));
    if (before != no_inode) remove(before, factor);
    if (change.inode != no_inode) add(change.inode, factor);
  }
}

}  // namespace untorn::crash
