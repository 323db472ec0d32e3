// SPDX-License-Identifier: Apache-2.0
#include "crash/naive_enumerator.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>

#include "crash/naive_rules.h"

namespace untorn::crash {

namespace {

using naive::Micro;
using naive::NameValue;
using naive::page;

constexpr std::uint64_t sector = 512;

using Subset = std::vector<bool>;
// One request of the last writes to a block that persisted: their bytes from `end` on did not.
struct NaiveTear {
  std::set<std::size_t> micros;
  std::uint64_t end = 0;
};
// Beside what persisted: at most one torn request, and blocks with garbage, each as the first write
// to it that did not persist.
struct NaiveDamage {
  std::optional<NaiveTear> tear;
  std::set<std::size_t> garbage;
};

class PowerEnumerator {
 public:
  PowerEnumerator(const OperationLog& log, Model model)
      : log_(log),
        model_(naive::rules_for(model)),
        micros_(naive::micros_of(log, model_)),
        syncs_(log_, model_, micros_) {}
  PowerEnumerator(const PowerEnumerator&) = delete;
  PowerEnumerator& operator=(const PowerEnumerator&) = delete;

  // What completed syncs before crash point `point` forced, with all that it waits for.
  [[nodiscard]] Subset forced_at(std::size_t point) const {
    Subset forced(micros_.size());
    for (std::size_t sync = 0; sync < point; ++sync) {
      for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
        if (syncs_.forces(sync, micro)) forced[micro] = true;
      }
    }
    for (std::size_t second = micros_.size(); second > 0; --second) {
      if (!forced[second - 1]) continue;
      for (std::size_t first = 0; first + 1 < second; ++first) {
        if (syncs_.precedes(first, second - 1)) forced[first] = true;
      }
    }
    return forced;
  }

  using Visit = std::function<void(const Subset&, const NaiveDamage&)>;
  void each_state(std::size_t point, const Visit& visit) const {
    Subset kept(micros_.size());
    each_subset(0, point, forced_at(point), kept, visit);
  }

  [[nodiscard]] NaiveTree tree(const Subset& kept, const NaiveDamage& damage) const {
    std::map<std::pair<InodeId, std::string>, InodeId> names;
    for (const InitialName& name : log_.names) names[{name.directory, name.name}] = name.inode;
    std::map<InodeId, std::string> contents;
    std::map<InodeId, std::uint64_t> sizes;
    for (InodeId inode = 0; inode < log_.inodes.size(); ++inode) {
      if (log_.inodes[inode].type != FileType::regular || !log_.inodes[inode].initial) continue;
      contents[inode] = log_.inodes[inode].content.text();
      sizes[inode] = contents[inode].size();
    }
    for (std::size_t index = 0; index < micros_.size(); ++index) {
      const Micro& micro = micros_[index];
      if (damage.garbage.contains(index)) {
        const std::uint64_t start = micro.page_number() * page;
        std::string& content = contents[micro.inode];
        if (content.size() < start + page) content.resize(start + page, '\0');
        std::fill_n(content.begin() + static_cast<std::ptrdiff_t>(start), page, '\xDB');
      }
      if (!kept[index]) continue;
      for (const NameValue& value : micro.names) {
        names[{value.directory, value.name}] = value.inode;
      }
      std::string& content = contents[micro.inode];
      if (micro.kind == Micro::Kind::size) {
        sizes[micro.inode] = micro.size;
        if (micro.cuts && content.size() > micro.size) content.resize(micro.size);
      } else if (micro.kind == Micro::Kind::block) {
        const auto& tear = damage.tear;
        const bool torn = tear && tear->micros.contains(index);
        const std::uint64_t end = torn ? std::min(tear->end, micro.end) : micro.end;
        if (content.size() < end) content.resize(end, '\0');
        for (std::uint64_t at = micro.begin; at < end; ++at) {
          const Operation& write = log_.operations[micro.operation];
          content[at] = micro.zeros ? '\0' : write.payload.text()[at - write.offset];
        }
      }
    }
    for (auto& [inode, content] : contents) content.resize(sizes[inode], '\0');
    NaiveTree tree;
    add_names({root_inode}, "", names, contents, tree);
    return tree;
  }

  // The inodes that a path leads to, if these units persisted.
  [[nodiscard]] std::set<InodeId> alive(const Subset& kept) const {
    std::map<std::pair<InodeId, std::string>, InodeId> names;
    for (const InitialName& name : log_.names) names[{name.directory, name.name}] = name.inode;
    for (std::size_t index = 0; index < micros_.size(); ++index) {
      if (!kept[index]) continue;
      for (const NameValue& value : micros_[index].names) {
        names[{value.directory, value.name}] = value.inode;
      }
    }
    std::set<InodeId> found;
    const std::function<void(InodeId)> walk = [&](InodeId directory) {
      for (const auto& [key, inode] : names) {
        if (key.first != directory || inode == no_inode) continue;
        if (found.insert(inode).second) walk(inode);
      }
    };
    walk(root_inode);
    return found;
  }

  [[nodiscard]] const std::vector<Micro>& micros() const { return micros_; }

 private:
  // A directory below itself is not entered again; `above` are those on the way.
  void add_names(std::vector<InodeId> above, const std::string& prefix,
                 const std::map<std::pair<InodeId, std::string>, InodeId>& names,
                 const std::map<InodeId, std::string>& contents, NaiveTree& tree) const {
    for (const auto& [key, inode] : names) {
      if (key.first != above.back() || inode == no_inode) continue;
      const std::string path = prefix + key.second;
      const Inode& source = log_.inodes[inode];
      const auto content = contents.find(inode);
      tree[path] =
          naive_entry(source.type, source.type == FileType::symlink ? source.content.text()
                                   : content == contents.end()      ? std::string_view()
                                                               : std::string_view(content->second));
      if (source.type == FileType::directory && std::ranges::count(above, inode) == 0) {
        above.push_back(inode);
        add_names(above, path + "/", names, contents, tree);
        above.pop_back();
      }
    }
  }

  void each_subset(std::size_t index, std::size_t point, const Subset& forced, Subset& kept,
                   const Visit& visit) const {
    if (index == micros_.size() || micros_[index].operation >= point) {
      std::vector<std::size_t> holes;
      for (std::size_t micro = 0; micro < index && model_.garbage; ++micro) {
        if (may_hold_garbage(micro, kept)) holes.push_back(micro);
      }
      for (std::size_t choice = 0; choice < std::size_t{1} << holes.size(); ++choice) {
        NaiveDamage damage;
        for (std::size_t hole = 0; hole < holes.size(); ++hole) {
          if ((choice >> hole & 1U) != 0) damage.garbage.insert(holes[hole]);
        }
        visit(kept, damage);
        if (model_.tears) each_tear(forced, kept, damage, visit);
      }
      return;
    }
    bool possible = true;
    for (std::size_t first = 0; first < index && possible; ++first) {
      possible = kept[first] || !syncs_.precedes(first, index);
    }
    if (possible) {
      kept[index] = true;
      each_subset(index + 1, point, forced, kept, visit);
      kept[index] = false;
    }
    if (!forced[index]) each_subset(index + 1, point, forced, kept, visit);
  }

  // Is this the first write to a block that did not persist, and did the block hold nothing before?
  [[nodiscard]] bool may_hold_garbage(std::size_t number, const Subset& kept) const {
    const Micro& write = micros_[number];
    if (write.kind != Micro::Kind::block || write.zeros || kept[number]) return false;
    const Inode& inode = log_.inodes[write.inode];
    bool is_new = !inode.initial || write.page_number() * page >= inode.content.size();
    for (std::size_t before = 0; before < number; ++before) {
      const Micro& other = micros_[before];
      const bool in_block = other.kind == Micro::Kind::block && other.inode == write.inode &&
                            other.page_number() == write.page_number();
      const bool frees = other.inode == write.inode && other.frees(write.page_number());
      if (!in_block && !frees) continue;
      if (!kept[before]) return false;
      is_new = frees;
    }
    return is_new;
  }

  // The kept writes from `first` on to its block, if one request may have been all of them: none is
  // forced, and nothing else that is kept waits for one of them.
  [[nodiscard]] std::set<std::size_t> request(std::size_t first, const Subset& forced,
                                              const Subset& kept) const {
    std::set<std::size_t> found;
    for (std::size_t index = first; index < micros_.size(); ++index) {
      const Micro& micro = micros_[index];
      if (!kept[index] || micro.kind != Micro::Kind::block) continue;
      if (micro.inode != micros_[first].inode) continue;
      if (micro.page_number() == micros_[first].page_number()) found.insert(index);
    }
    for (const std::size_t index : found) {
      if (forced[index]) return {};
      for (std::size_t later = index + 1; later < micros_.size(); ++later) {
        const bool waits = kept[later] && syncs_.precedes(index, later);
        if (waits && !found.contains(later)) return {};
      }
    }
    return found;
  }

  void each_tear(const Subset& forced, const Subset& kept, NaiveDamage damage,
                 const Visit& visit) const {
    for (std::size_t first = 0; first < micros_.size(); ++first) {
      if (!kept[first] || micros_[first].kind != Micro::Kind::block) continue;
      const std::set<std::size_t> torn = request(first, forced, kept);
      if (torn.empty()) continue;
      std::uint64_t begin = micros_[first].begin;
      std::uint64_t end = micros_[first].end;
      for (const std::size_t index : torn) {
        begin = std::min(begin, micros_[index].begin);
        end = std::max(end, micros_[index].end);
      }
      const std::uint64_t first_end = (begin / sector + 1) * sector;
      const std::uint64_t last_begin = (end - 1) / sector * sector;
      if (first_end >= end) continue;
      damage.tear = NaiveTear{torn, first_end};
      visit(kept, damage);
      damage.tear = NaiveTear{torn, last_begin};
      if (last_begin > first_end) visit(kept, damage);
    }
  }

  const OperationLog& log_;
  naive::Rules model_;
  std::vector<Micro> micros_;
  naive::Syncs syncs_;
};

std::size_t acknowledged_before(const OperationLog& log, std::size_t point) {
  return static_cast<std::size_t>(std::count_if(
      log.operations.begin(), log.operations.begin() + static_cast<std::ptrdiff_t>(point),
      [](const Operation& operation) { return operation.kind == OperationKind::acknowledge; }));
}

}  // namespace

std::string naive_entry(FileType type, std::string_view content) {
  switch (type) {
    case FileType::directory:
      return "directory";
    case FileType::symlink:
      return "link " + std::string(content);
    default:
      return "file " + std::string(content);
  }
}

std::size_t naive_size(const OperationLog& log) {
  return naive::micros_of(log).size();
}

std::set<NaiveState> naive_power_states(const OperationLog& log, Model model) {
  const PowerEnumerator enumerator(log, model);
  std::set<NaiveState> states;
  for (std::size_t point = 0; point <= log.operations.size(); ++point) {
    const std::size_t acknowledged = acknowledged_before(log, point);
    enumerator.each_state(point, [&](const Subset& kept, const NaiveDamage& damage) {
      states.insert({enumerator.tree(kept, damage), acknowledged});
    });
  }
  return states;
}

std::uint64_t naive_power_count(const OperationLog& log, Model model) {
  const PowerEnumerator enumerator(log, model);
  const std::vector<Micro>& micros = enumerator.micros();
  std::uint64_t count = 0;
  for (std::size_t point = 0; point <= log.operations.size(); ++point) {
    // An epoch ends where a sync forces something that begun and was not forced before.
    if (point < log.operations.size()) {
      const Subset before = enumerator.forced_at(point);
      const Subset after = enumerator.forced_at(point + 1);
      if (before == after) continue;
    }
    using Micros = std::set<std::size_t>;
    std::set<std::tuple<Subset, Micros, std::uint64_t, Micros>> seen;
    enumerator.each_state(point, [&](const Subset& kept, const NaiveDamage& damage) {
      const std::set<InodeId> alive = enumerator.alive(kept);
      const auto visible = [&](std::size_t index) {
        return micros[index].kind == Micro::Kind::unit || alive.contains(micros[index].inode);
      };
      const auto& tear = damage.tear;
      if (tear && !std::ranges::all_of(tear->micros, visible)) return;
      if (!std::ranges::all_of(damage.garbage, visible)) return;
      Subset choice = kept;
      for (std::size_t index = 0; index < micros.size(); ++index) {
        if (!visible(index)) choice[index] = false;
      }
      seen.emplace(choice, tear ? tear->micros : Micros{}, tear ? tear->end : 0, damage.garbage);
    });
    count += seen.size();
  }
  return count;
}

namespace {

// Rule K4: the sets of operations that had happened, of which not all are prefixes of the log.
class OverlapEnumerator {
 public:
  OverlapEnumerator(const OperationLog& log, const PowerEnumerator& enumerator,
                    std::set<NaiveState>& states)
      : log_(log), enumerator_(enumerator), states_(states) {}

  void run() {
    std::vector<bool> happened(log_.operations.size());
    choose(0, happened);
  }

 private:
  void choose(std::size_t index, std::vector<bool>& happened) {
    if (index == happened.size()) {
      add(happened);
      return;
    }
    bool possible = true;
    for (std::size_t missing = 0; missing < index && possible; ++missing) {
      possible = happened[missing] || !is_relevant(missing) || may_overtake(missing, index);
    }
    if (possible) {
      happened[index] = true;
      choose(index + 1, happened);
      happened[index] = false;
    }
    if (is_relevant(index)) choose(index + 1, happened);
  }

  [[nodiscard]] bool is_relevant(std::size_t index) const {
    return std::ranges::any_of(enumerator_.micros(),
                               [&](const Micro& micro) { return micro.operation == index; });
  }

  // May `later` have happened although `earlier` had not?
  [[nodiscard]] bool may_overtake(std::size_t earlier, std::size_t later) const {
    if (!is_relevant(later)) return true;
    if (naive::entered(log_, later) > earlier) return false;
    if (log_.operations[earlier].thread == log_.operations[later].thread) return false;
    for (const Micro& a : enumerator_.micros()) {
      for (const Micro& b : enumerator_.micros()) {
        if (a.operation == earlier && b.operation == later && naive::in_one_place(a, b))
          return false;
      }
    }
    return true;
  }

  void add(const std::vector<bool>& happened) {
    Subset kept;
    std::size_t missing = log_.operations.size();
    for (const Micro& micro : enumerator_.micros()) {
      kept.push_back(happened[micro.operation]);
      if (!kept.back()) missing = std::min(missing, micro.operation);
    }
    states_.insert({enumerator_.tree(kept, {}), acknowledged_before(log_, missing)});
  }

  const OperationLog& log_;
  const PowerEnumerator& enumerator_;
  std::set<NaiveState>& states_;
};

}  // namespace

std::set<NaiveState> naive_kill_states(const OperationLog& log) {
  const PowerEnumerator enumerator(log, Model::kill);
  const std::vector<Micro>& micros = enumerator.micros();
  std::set<NaiveState> states;
  OverlapEnumerator(log, enumerator, states).run();
  for (std::size_t point = 0; point <= log.operations.size(); ++point) {
    Subset kept(micros.size());
    for (std::size_t index = 0; index < micros.size(); ++index) {
      kept[index] = micros[index].operation < point;
    }
    const std::size_t acknowledged = acknowledged_before(log, point);
    states.insert({enumerator.tree(kept, {}), acknowledged});
    if (point == log.operations.size()) continue;
    // A write in flight: its pages one after the other, each with the size that it needs.
    if (log.operations[point].kind != OperationKind::write) continue;
    for (std::size_t index = 0; index < micros.size(); ++index) {
      if (micros[index].operation != point || micros[index].kind != Micro::Kind::block) continue;
      kept[index] = true;
      for (std::size_t size = 0; size < micros.size(); ++size) {
        if (micros[size].operation == point && micros[size].kind == Micro::Kind::size &&
            micros[size].size <= micros[index].end) {
          kept[size] = true;
        }
      }
      states.insert({enumerator.tree(kept, {}), acknowledged});
    }
  }
  return states;
}

}  // namespace untorn::crash
