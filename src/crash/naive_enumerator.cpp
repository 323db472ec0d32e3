// SPDX-License-Identifier: Apache-2.0
#include "crash/naive_enumerator.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <tuple>

namespace untorn::crash {

namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t sector = 512;

struct NameValue {
  InodeId directory = no_inode;
  std::string name;
  InodeId inode = no_inode;
};

struct Micro {
  enum class Kind { unit, size, block };
  Kind kind = Kind::unit;
  std::size_t operation = 0;
  InodeId inode = no_inode;
  std::vector<NameValue> names;  // unit
  std::uint64_t size = 0;        // size
  bool cuts = false;             // size: a truncation that shrinks, from `old_size`
  std::uint64_t old_size = 0;
  std::uint64_t begin = 0;  // block: file offsets, within one page
  std::uint64_t end = 0;
  bool zeros = false;  // block: of a truncation

  [[nodiscard]] std::uint64_t page_number() const { return begin / page; }
  // Does this truncation free the page as a whole?
  [[nodiscard]] bool frees(std::uint64_t number) const {
    return kind == Kind::size && cuts && number * page >= size && number * page < old_size;
  }
};

void add_unit(std::vector<Micro>& micros, const Operation& operation, std::size_t index) {
  Micro unit;
  unit.operation = index;
  const NameValue at{operation.directory, operation.name, operation.inode};
  const NameValue to{operation.target_directory, operation.target_name, operation.inode};
  switch (operation.kind) {
    case OperationKind::create:
    case OperationKind::make_directory:
    case OperationKind::make_symlink:
      if (operation.directory == no_inode) return;
      unit.names = {at};
      break;
    case OperationKind::link:
      unit.names = {to};
      break;
    case OperationKind::unlink:
    case OperationKind::remove_directory:
      unit.names = {{at.directory, at.name, no_inode}};
      break;
    case OperationKind::rename:
      unit.names = {{at.directory, at.name, no_inode}, to};
      break;
    case OperationKind::exchange:
      unit.names = {{at.directory, at.name, operation.replaced}, to};
      break;
    default:
      return;
  }
  micros.push_back(unit);
}

void add_content(std::vector<Micro>& micros, const Operation& operation, std::size_t index,
                 std::uint64_t& size) {
  Micro micro;
  micro.operation = index;
  micro.inode = operation.inode;
  if (operation.kind == OperationKind::write) {
    const std::uint64_t end = operation.offset + operation.payload.size();
    micro.kind = Micro::Kind::block;
    for (std::uint64_t at = operation.offset; at < end; at = micro.end) {
      micro.begin = at;
      micro.end = std::min(end, (at / page + 1) * page);
      micros.push_back(micro);
    }
    micro.kind = Micro::Kind::size;
    for (std::uint64_t at = std::max(size, operation.offset) + 1; at <= end; ++at) {
      if (at % page != 0 && at != end) continue;
      micro.size = at;
      micros.push_back(micro);
    }
    size = std::max(size, end);
  } else if (operation.kind == OperationKind::truncate && operation.size != size) {
    micro.kind = Micro::Kind::size;
    micro.size = operation.size;
    micro.cuts = operation.size < size;
    micro.old_size = size;
    micros.push_back(micro);
    if (micro.cuts && operation.size % page != 0) {
      micro.kind = Micro::Kind::block;
      micro.cuts = false;
      micro.zeros = true;
      micro.begin = operation.size;
      micro.end = (operation.size / page + 1) * page;
      micros.push_back(micro);
    }
    size = operation.size;
  }
}

std::vector<Micro> micros_of(const OperationLog& log) {
  std::vector<Micro> micros;
  std::map<InodeId, std::uint64_t> sizes;
  for (InodeId inode = 0; inode < log.inodes.size(); ++inode) {
    const Inode& source = log.inodes[inode];
    const bool file = source.type == FileType::regular && source.initial;
    sizes[inode] = file ? source.content.size() : 0;
  }
  for (std::size_t index = 0; index < log.operations.size(); ++index) {
    const Operation& operation = log.operations[index];
    add_unit(micros, operation, index);
    if (operation.inode != no_inode) add_content(micros, operation, index, sizes[operation.inode]);
  }
  return micros;
}

// Rule P5: must `first` have persisted if `second`, which is later, did?
bool precedes(const Micro& first, const Micro& second) {
  using Kind = Micro::Kind;
  if (first.kind == Kind::unit || second.kind == Kind::unit) {
    if (first.kind != second.kind) return false;
    for (const NameValue& a : first.names) {
      for (const NameValue& b : second.names) {
        if (a.directory == b.directory && a.name == b.name) return true;
      }
    }
    return false;
  }
  if (first.inode != second.inode) return false;
  if (first.kind == Kind::size && second.kind == Kind::size) return true;
  if (first.kind == Kind::block && second.kind == Kind::block) {
    return first.page_number() == second.page_number();
  }
  return first.kind == Kind::size ? first.frees(second.page_number())
                                  : second.frees(first.page_number());
}

InodeId synced(const Operation& operation) {
  return operation.inode != no_inode ? operation.inode : operation.directory;
}

bool forces(const Operation& sync, const Micro& micro) {
  switch (sync.kind) {
    case OperationKind::sync_all:
      return true;
    case OperationKind::sync_file:
    case OperationKind::sync_data:
    case OperationKind::sync_directory:
      break;
    default:
      return false;
  }
  if (micro.kind != Micro::Kind::unit) return micro.inode == synced(sync);
  return std::ranges::any_of(
      micro.names, [&](const NameValue& value) { return value.directory == synced(sync); });
}

using Subset = std::vector<bool>;
struct NaiveTear {
  std::size_t micro = 0;
  std::uint64_t end = 0;
};

class PowerEnumerator {
 public:
  explicit PowerEnumerator(const OperationLog& log) : log_(log), micros_(micros_of(log)) {}

  // What completed syncs before crash point `point` forced, with all that it waits for.
  [[nodiscard]] Subset forced_at(std::size_t point) const {
    Subset forced(micros_.size());
    for (std::size_t sync = 0; sync < point; ++sync) {
      for (std::size_t micro = 0; micro < micros_.size(); ++micro) {
        if (micros_[micro].operation < sync && forces(log_.operations[sync], micros_[micro])) {
          forced[micro] = true;
        }
      }
    }
    for (std::size_t second = micros_.size(); second > 0; --second) {
      if (!forced[second - 1]) continue;
      for (std::size_t first = 0; first + 1 < second; ++first) {
        if (precedes(micros_[first], micros_[second - 1])) forced[first] = true;
      }
    }
    return forced;
  }

  using Visit = std::function<void(const Subset&, const std::optional<NaiveTear>&)>;
  void each_state(std::size_t point, const Visit& visit) const {
    Subset kept(micros_.size());
    each_subset(0, point, forced_at(point), kept, visit);
  }

  [[nodiscard]] NaiveTree tree(const Subset& kept, const std::optional<NaiveTear>& tear) const {
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
      if (!kept[index]) continue;
      const Micro& micro = micros_[index];
      for (const NameValue& value : micro.names) {
        names[{value.directory, value.name}] = value.inode;
      }
      std::string& content = contents[micro.inode];
      if (micro.kind == Micro::Kind::size) {
        sizes[micro.inode] = micro.size;
        if (micro.cuts && content.size() > micro.size) content.resize(micro.size);
      } else if (micro.kind == Micro::Kind::block) {
        const std::uint64_t end = tear && tear->micro == index ? tear->end : micro.end;
        if (content.size() < end) content.resize(end, '\0');
        for (std::uint64_t at = micro.begin; at < end; ++at) {
          const Operation& write = log_.operations[micro.operation];
          content[at] = micro.zeros ? '\0' : write.payload.text()[at - write.offset];
        }
      }
    }
    for (auto& [inode, content] : contents) content.resize(sizes[inode], '\0');
    NaiveTree tree;
    add_names(root_inode, "", names, contents, tree);
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
  void add_names(InodeId directory, const std::string& prefix,
                 const std::map<std::pair<InodeId, std::string>, InodeId>& names,
                 const std::map<InodeId, std::string>& contents, NaiveTree& tree) const {
    for (const auto& [key, inode] : names) {
      if (key.first != directory || inode == no_inode) continue;
      const std::string path = prefix + key.second;
      const Inode& source = log_.inodes[inode];
      const auto content = contents.find(inode);
      tree[path] =
          naive_entry(source.type, source.type == FileType::symlink ? source.content.text()
                                   : content == contents.end()      ? std::string_view()
                                                               : std::string_view(content->second));
      if (source.type == FileType::directory) {
        add_names(inode, path + "/", names, contents, tree);
      }
    }
  }

  void each_subset(std::size_t index, std::size_t point, const Subset& forced, Subset& kept,
                   const Visit& visit) const {
    if (index == micros_.size() || micros_[index].operation >= point) {
      visit(kept, std::nullopt);
      each_tear(forced, kept, visit);
      return;
    }
    bool possible = true;
    for (std::size_t first = 0; first < index && possible; ++first) {
      possible = kept[first] || !precedes(micros_[first], micros_[index]);
    }
    if (possible) {
      kept[index] = true;
      each_subset(index + 1, point, forced, kept, visit);
      kept[index] = false;
    }
    if (!forced[index]) each_subset(index + 1, point, forced, kept, visit);
  }

  void each_tear(const Subset& forced, const Subset& kept, const Visit& visit) const {
    for (std::size_t index = 0; index < micros_.size(); ++index) {
      const Micro& micro = micros_[index];
      if (!kept[index] || forced[index] || micro.kind != Micro::Kind::block) continue;
      bool last = true;
      for (std::size_t later = index + 1; later < micros_.size(); ++later) {
        last = last && !(kept[later] && precedes(micro, micros_[later]));
      }
      if (!last) continue;
      const std::uint64_t first_end = (micro.begin / sector + 1) * sector;
      const std::uint64_t last_begin = (micro.end - 1) / sector * sector;
      if (first_end >= micro.end) continue;
      visit(kept, NaiveTear{index, first_end});
      if (last_begin > first_end) visit(kept, NaiveTear{index, last_begin});
    }
  }

  const OperationLog& log_;
  std::vector<Micro> micros_;
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
  return micros_of(log).size();
}

std::set<NaiveState> naive_power_states(const OperationLog& log) {
  const PowerEnumerator enumerator(log);
  std::set<NaiveState> states;
  for (std::size_t point = 0; point <= log.operations.size(); ++point) {
    const std::size_t acknowledged = acknowledged_before(log, point);
    enumerator.each_state(point, [&](const Subset& kept, const std::optional<NaiveTear>& tear) {
      states.insert({enumerator.tree(kept, tear), acknowledged});
    });
  }
  return states;
}

std::uint64_t naive_power_count(const OperationLog& log) {
  const PowerEnumerator enumerator(log);
  const std::vector<Micro>& micros = enumerator.micros();
  std::uint64_t count = 0;
  Subset everything(micros.size(), true);
  for (std::size_t point = 0; point <= log.operations.size(); ++point) {
    // An epoch ends where a sync forces something that begun and was not forced before.
    if (point < log.operations.size()) {
      const Subset before = enumerator.forced_at(point);
      const Subset after = enumerator.forced_at(point + 1);
      if (before == after) continue;
    }
    std::set<std::tuple<Subset, std::size_t, std::uint64_t>> seen;
    enumerator.each_state(point, [&](const Subset& kept, const std::optional<NaiveTear>& tear) {
      const std::set<InodeId> alive = enumerator.alive(kept);
      const auto visible = [&](std::size_t index) {
        return micros[index].kind == Micro::Kind::unit || alive.contains(micros[index].inode);
      };
      if (tear && !visible(tear->micro)) return;
      Subset choice = kept;
      for (std::size_t index = 0; index < micros.size(); ++index) {
        if (!visible(index)) choice[index] = false;
      }
      seen.emplace(choice, tear ? tear->micro + 1 : 0, tear ? tear->end : 0);
    });
    count += seen.size();
  }
  return count;
}

std::set<NaiveState> naive_kill_states(const OperationLog& log) {
  const PowerEnumerator enumerator(log);
  const std::vector<Micro>& micros = enumerator.micros();
  std::set<NaiveState> states;
  for (std::size_t point = 0; point <= log.operations.size(); ++point) {
    Subset kept(micros.size());
    for (std::size_t index = 0; index < micros.size(); ++index) {
      kept[index] = micros[index].operation < point;
    }
    const std::size_t acknowledged = acknowledged_before(log, point);
    states.insert({enumerator.tree(kept, std::nullopt), acknowledged});
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
      states.insert({enumerator.tree(kept, std::nullopt), acknowledged});
    }
  }
  return states;
}

}  // namespace untorn::crash
