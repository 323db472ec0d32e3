// SPDX-License-Identifier: Apache-2.0
//
// What SIGKILL may leave. The rules are those of docs/internals/crash-model.md:
//
//  K1 The page cache survives: every call that was completed stays, whole and in order. So a state
//     is a prefix of the log.
//  K2 A write in flight that crosses a page boundary of the file may stop at each such boundary.
//  K3 Every other call is atomic: renames, links, truncations and writes within one page.
//  K4 Of calls of several threads that overlapped, any that had been entered may have happened,
//     whatever their order in the log.
//
// Only operations that change what the footprint can see at that moment make states. A state before
// the end is the one in which such an operation is in flight: it has begun, begun() is the index
// after it, and it is the one that is lost.
#include "crash/models/kill.h"

#include <algorithm>

#include "crash/content_buffers.h"
#include "crash/live_tree.h"
#include "crash/models/kill_overlaps.h"
#include "crash/random.h"
#include "crash/state_code.h"

namespace untorn::crash {

namespace {

// A write with more boundaries than this is sampled.
constexpr std::uint64_t boundaries_max = 1024;
constexpr std::uint64_t boundaries_sampled = 64;

class KillState final : public CrashState {
 public:
  // Operations [0, complete) are done. If one is in flight, its bytes up to the file offset
  // `reached` are written.
  KillState(const History::Impl& history, const Footprint& footprint, ContentBuffers& buffers,
            std::size_t complete, std::uint64_t reached, HashSum hash)
      : history_(history),
        footprint_(footprint),
        buffers_(buffers),
        complete_(complete),
        reached_(reached),
        hash_(hash) {}

  [[nodiscard]] std::size_t begun() const override {
    return std::min(complete_ + 1, history_.log.operations.size());
  }
  [[nodiscard]] std::optional<History::File> file(const Path& path) const override {
    const InodeId inode = history_.resolve(complete_, path);
    if (inode == no_inode) return std::nullopt;
    return make_file(inode);
  }
  [[nodiscard]] std::vector<std::pair<Path, History::File>> tree() const override {
    std::vector<std::pair<Path, History::File>> tree;
    footprint_.resolve(
        [&](NameId name) { return history_.names.inode_at(name, complete_); },
        [&](const Path& path, InodeId inode) { tree.emplace_back(path, make_file(inode)); });
    std::ranges::sort(tree, {}, [](const auto& entry) -> const Path& { return entry.first; });
    return tree;
  }
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> hash() const override {
    return {hash_.first, hash_.second};
  }
  [[nodiscard]] std::vector<std::size_t> lost() const override {
    if (complete_ == history_.log.operations.size()) return {};
    return {complete_};
  }
  [[nodiscard]] std::size_t lost_count() const override { return lost().size(); }
  [[nodiscard]] std::vector<std::size_t> kept() const override {
    std::vector<std::size_t> kept;
    for (UnitId unit = 0; unit < history_.names.units().size(); ++unit) {
      const std::size_t operation = history_.names.units()[unit].operation;
      if (operation < complete_ && footprint_.sees_unit(unit)) kept.push_back(operation);
    }
    for (InodeId inode = 0; inode < history_.contents.size(); ++inode) {
      if (!footprint_.sees_inode(inode)) continue;
      for (const std::uint32_t operation : history_.contents[inode].operations()) {
        if (operation < complete_) kept.push_back(operation);
      }
    }
    std::ranges::sort(kept);
    return kept;
  }
  [[nodiscard]] std::string code() const override {
    return kill_state_code(history_, complete_, reached_, {});
  }

 private:
  [[nodiscard]] History::File make_file(InodeId inode) const {
    History::File file = history_.file_without_content(inode, complete_);
    file.content = reached_ > 0 && inode == history_.log.operations[complete_].inode
                       ? torn_content(inode)
                       : buffers_.compose_at(inode, complete_);
    return file;
  }

  // The write in flight is taken as a whole, less the blocks and sizes after the boundary.
  [[nodiscard]] Bytes torn_content(InodeId inode) const {
    const Contents& contents = history_.contents[inode];
    ContentBuffers::Variant variant;
    variant.count = complete_ + 1;
    variant.sizes = contents.sizes_before(complete_);
    while (variant.sizes < contents.sizes_before(complete_ + 1) &&
           contents.sizes()[variant.sizes].size <= reached_) {
      ++variant.sizes;
    }
    const auto [first, last] = contents.chains_of(static_cast<std::uint32_t>(complete_));
    for (std::size_t index = first; index < last; ++index) {
      const BlockChain& chain = contents.blocks()[index];
      if (chain.block * block_bytes < reached_) continue;
      variant.changes.emplace_back(index, chain.steps_before(complete_));
    }
    return buffers_.compose(inode, std::move(variant));
  }

  const History::Impl& history_;
  const Footprint& footprint_;
  ContentBuffers& buffers_;
  std::size_t complete_;
  std::uint64_t reached_;
  HashSum hash_;
};

// The boundaries strictly inside a write.
struct Boundaries {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

Boundaries boundaries_of(const Operation& operation) {
  if (operation.kind != OperationKind::write || operation.payload.size() == 0) return {};
  const std::uint64_t first = (operation.offset / block_bytes + 1) * block_bytes;
  const std::uint64_t end = operation.offset + operation.payload.size();
  if (first >= end) return {};
  return {first, (end - 1 - first) / block_bytes + 1};
}

// What the first bytes of a write add to the hash of its file, up to the file offset `reached`.
HashSum torn_change(const History::Impl& history, FileHashes& hashes, std::size_t position,
                    std::uint64_t reached) {
  const InodeId inode = history.log.operations[position].inode;
  const Contents& contents = history.contents[inode];
  const std::uint64_t size = contents.size_after(contents.sizes_before(position));
  const std::uint32_t sizes_after = contents.sizes_before(position + 1);
  HashSum change = size_term(std::max(size, reached)) - size_term(size);
  const auto [first, last] = contents.chains_of(static_cast<std::uint32_t>(position));
  for (std::size_t chain = first; chain < last; ++chain) {
    if ((contents.blocks()[chain].block + 1) * block_bytes > reached) break;
    const std::uint32_t steps = contents.blocks()[chain].steps_before(position + 1);
    change += hashes.block(inode, chain, steps, no_tear, sizes_after);
    change -= hashes.block_at(inode, position, chain);
  }
  return change;
}

class KillEnumeration {
 public:
  KillEnumeration(const History::Impl& history, const Footprint& footprint, const Budget& budget,
                  Visits& visits)
      : history_(history),
        footprint_(footprint),
        budget_(budget),
        visits_(visits),
        hashes_(history),
        buffers_(history) {}

  Enumeration run() {
    Enumeration result;
    each_visible([&](const LiveTree&) {
      states_ = add_counts(states_, 1);
      const Operation& operation = history_.log.operations[position_];
      states_ = add_counts(states_, boundaries_of(operation).count);
      return true;
    });
    const KillOverlaps overlaps(history_, footprint_);
    states_ = add_counts(states_, 1 + overlaps.choices().size());
    result.total.value = states_;
    result.total.exact = overlaps.complete();
    bool complete = show_prefixes();
    complete = show_boundaries() && complete;
    complete = show_overlaps(overlaps) && complete && overlaps.complete();
    result.checked = visits_.checked();
    result.distinct = visits_.distinct();
    result.exhaustive = complete && result.checked == result.total.value;
    result.seed = result.exhaustive ? 0 : budget_.seed;
    return result;
  }

 private:
  // Calls visit(tree before the operation) for each operation that the footprint sees.
  template <class Visit>
  void each_visible(const Visit& visit) {
    LiveTree tree(history_, footprint_, hashes_);
    for (position_ = 0; position_ < history_.log.operations.size(); ++position_) {
      if (tree.next_is_visible() && !visit(tree)) return;
      tree.advance();
    }
    last_hash_ = tree.hash();
  }

  // False when the enumeration must end.
  bool show(std::size_t complete, std::uint64_t reached, HashSum hash) {
    if (visits_.checked() >= budget_.states || !visits_.may_go_on()) return false;
    visits_.add_checked(1);
    const std::uint32_t acknowledged = history_.acknowledged_before(complete);
    if (!visits_.is_new(hash, acknowledged)) return true;
    return visits_.show(KillState(history_, footprint_, buffers_, complete, reached, hash));
  }

  bool show_prefixes() {
    bool go_on = true;
    each_visible([&](const LiveTree& tree) {
      go_on = show(position_, 0, tree.hash());
      return go_on;
    });
    return go_on && show(history_.log.operations.size(), 0, last_hash_);
  }

  bool show_boundaries() {
    bool go_on = true;
    each_visible([&](const LiveTree& tree) {
      const Operation& operation = history_.log.operations[position_];
      const Boundaries boundaries = boundaries_of(operation);
      if (boundaries.count > 0) go_on = show_write(tree, operation, boundaries);
      return go_on;
    });
    return go_on;
  }

  bool show_overlaps(const KillOverlaps& overlaps) {
    for (const KillOverlaps::Choice& choice : overlaps.choices()) {
      if (visits_.checked() >= budget_.states || !visits_.may_go_on()) return false;
      visits_.add_checked(1);
      bool go_on = true;
      const std::uint32_t acknowledged = history_.acknowledged_before(choice.missing);
      (void)overlaps.make(choice, hashes_, buffers_, [&](const CrashState& state, HashSum hash) {
        go_on = !visits_.is_new(hash, acknowledged) || visits_.show(state);
      });
      if (!go_on) return false;
    }
    return true;
  }

  bool show_write(const LiveTree& tree, const Operation& write, const Boundaries& boundaries) {
    std::vector<std::uint64_t> chosen = choose(boundaries.count);
    const InodeId inode = write.inode;
    const Contents& contents = history_.contents[inode];
    const HashSum factor = *tree.factor(inode);
    const std::uint64_t size = contents.size_after(contents.sizes_before(position_));
    const std::uint32_t sizes_after = contents.sizes_before(position_ + 1);
    auto [chain, last] = contents.chains_of(static_cast<std::uint32_t>(position_));
    HashSum difference;  // of the blocks that are written
    for (const std::uint64_t number : chosen) {
      const std::uint64_t reached = boundaries.first + number * block_bytes;
      for (; chain < last && (contents.blocks()[chain].block + 1) * block_bytes <= reached;
           ++chain) {
        const std::uint32_t steps = contents.blocks()[chain].steps_before(position_ + 1);
        difference += hashes_.block(inode, chain, steps, no_tear, sizes_after);
        difference -= hashes_.block_at(inode, position_, chain);
      }
      HashSum change = difference;
      change += size_term(std::max(size, reached)) - size_term(size);
      if (!show(position_, reached, tree.hash() + factor * change)) return false;
    }
    return true;
  }

  [[nodiscard]] std::vector<std::uint64_t> choose(std::uint64_t count) const {
    std::vector<std::uint64_t> chosen;
    if (count <= boundaries_max) {
      for (std::uint64_t number = 0; number < count; ++number) chosen.push_back(number);
      return chosen;
    }
    Random random(budget_.seed + position_);
    chosen = {0, count / 2, count - 1};
    for (std::uint64_t i = 0; i < boundaries_sampled; ++i) chosen.push_back(random.below(count));
    std::ranges::sort(chosen);
    chosen.erase(std::ranges::unique(chosen).begin(), chosen.end());
    return chosen;
  }

  const History::Impl& history_;
  const Footprint& footprint_;
  const Budget& budget_;
  Visits& visits_;
  FileHashes hashes_;
  ContentBuffers buffers_;
  std::size_t position_ = 0;
  std::uint64_t states_ = 0;
  HashSum last_hash_;
};

}  // namespace

std::string kill_state_code(const History::Impl& history, std::size_t complete,
                            std::uint64_t reached, const std::vector<std::uint32_t>& early) {
  CodeWriter code;
  code.number(complete);
  code.number(reached / block_bytes);
  for (const std::uint32_t operation : early) code.number(operation);
  return std::move(code).finish(kill_code, history.identity);
}

bool rebuild_kill(const History::Impl& history, const Footprint& footprint, std::string_view code,
                  const Visitor& visit) {
  const auto& operations = history.log.operations;
  CodeReader reader(code, kill_code);
  const std::uint64_t complete = reader.number(operations.size());
  const std::uint64_t reached = reader.number(count_max / block_bytes) * block_bytes;
  KillOverlaps::Choice choice{static_cast<std::uint32_t>(complete), {}};
  while (reader.ok() && !reader.at_end()) {
    choice.early.push_back(static_cast<std::uint32_t>(reader.number(operations.size())));
  }
  if (!reader.matches(history.identity)) return false;
  FileHashes hashes(history);
  ContentBuffers buffers(history);
  if (!choice.early.empty()) {
    const KillOverlaps overlaps(history, footprint);
    return reached == 0 && overlaps.is_possible(choice) &&
           overlaps.make(choice, hashes, buffers,
                         [&](const CrashState& state, HashSum) { (void)visit(state); });
  }
  if (reached > 0) {
    const Boundaries boundaries =
        complete < operations.size() ? boundaries_of(operations[complete]) : Boundaries{};
    if (boundaries.count == 0 || reached < boundaries.first ||
        (reached - boundaries.first) / block_bytes >= boundaries.count) {
      return false;
    }
  }
  LiveTree tree(history, footprint, hashes);
  while (tree.count() < complete) tree.advance();
  HashSum hash = tree.hash();
  if (reached > 0) {
    if (const HashSum* factor = tree.factor(operations[complete].inode)) {
      hash += *factor * torn_change(history, hashes, complete, reached);
    }
  }
  (void)visit(KillState(history, footprint, buffers, complete, reached, hash));
  return true;
}

Enumeration enumerate_kill(const History::Impl& history, const Footprint& footprint,
                           const Budget& budget, Visits& visits) {
  return KillEnumeration(history, footprint, budget, visits).run();
}

}  // namespace untorn::crash
