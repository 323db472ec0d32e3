// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_set>

#include "crash/engine.h"
#include "crash/epoch_space.h"
#include "crash/footprint.h"
#include "crash/history.h"
#include "crash/model_names.h"
#include "crash/models/kill.h"
#include "crash/passes.h"
#include "crash/power_epochs.h"
#include "crash/power_state.h"
#include "crash/state_code.h"
#include "crash/visits.h"

namespace untorn::crash {

namespace {

// Configurations of the names of one component that are worth listing; to count the states takes
// some of them, however few states are to be shown.
constexpr std::uint64_t configurations_max = 1U << 16U;
constexpr std::uint64_t configurations_min = 1U << 12U;

class PowerEnumeration {
 public:
  PowerEnumeration(const History::Impl& history, const Rules& rules, const Footprint& footprint,
                   const Budget& budget, Visits& visits)
      : history_(history),
        rules_(rules),
        footprint_(footprint),
        budget_(budget),
        visits_(visits),
        hashes_(history),
        buffers_(history) {}

  Enumeration run() {
    Enumeration result;
    result.total = count();
    const bool sampled = sampled_epochs_ > 0;
    using Pass = bool (Passes::*)(const ShowSelection&) const;
    for (const Pass pass : {&Passes::prefixes, &Passes::one_lost, &Passes::one_early}) {
      if (!visits_.ended()) run_pass(pass, false);
    }
    if (!visits_.ended()) run_all();
    if (sampled && !visits_.ended()) run_pass(&Passes::pairs, true);
    if (sampled && !visits_.ended()) run_random();
    result.checked =
        visits_.ended() ? std::max(visits_.checked(), visits_.distinct()) : visits_.checked();
    result.distinct = visits_.distinct();
    result.exhaustive = !sampled && !visits_.ended();
    result.seed = result.exhaustive ? 0 : budget_.seed;
    return result;
  }

 private:
  struct Plan {
    bool sampled = false;
    std::uint64_t combinations = 0;
  };

  // Calls visit(epoch, plan number) for each epoch until it returns false.
  template <class Visit>
  void each_epoch(const Visit& visit) {
    PowerEpochs epochs(history_, footprint_, rules_);
    EpochBounds bounds;
    for (std::size_t number = 0; epochs.next(bounds); ++number) {
      if (!visit(Epoch(history_, rules_, footprint_, bounds), number)) return;
    }
  }

  [[nodiscard]] std::uint64_t listed_max() const noexcept {
    return std::clamp(budget_.states, configurations_min, configurations_max);
  }

  // Counts all states, and decides for each epoch whether all of them fit the budget.
  Count count() {
    Count total;
    std::uint64_t left = budget_.states;
    each_epoch([&](const Epoch& epoch, std::size_t) {
      if (!visits_.may_go_on()) return false;
      const EpochSpace space(epoch, hashes_, listed_max());
      const Count states = space.total();
      total.value = add_counts(total.value, states.value);
      total.exact = total.exact && states.exact;
      const auto choices = space.choices(left);
      if (choices) {
        left -= choices->combinations;
        plans_.push_back({false, choices->combinations});
      } else {
        plans_.push_back({true, 0});
        ++sampled_epochs_;
      }
      return true;
    });
    total.exact = total.exact && total.value != count_max && !visits_.ended();
    return total;
  }

  // Shows one state; false when the enumeration must end.
  bool show(const Epoch& epoch, std::size_t number, Selection&& selection, HashSum hash) {
    const std::uint32_t acknowledged = history_.acknowledged_before(epoch.end());
    if (!visits_.is_new(hash, acknowledged)) return true;
    return visits_.show(PowerState(epoch, number, buffers_, std::move(selection), hash));
  }

  // A state of an epoch that is not enumerated as a whole counts when it is drawn first.
  bool draw(const Epoch& epoch, std::size_t number, Selection&& selection) {
    if (!visits_.may_go_on() || drawn_.size() >= budget_.states) return false;
    if (plans_[number].sampled) {
      if (!drawn_.insert(key(number, selection)).second) return true;
      visits_.add_checked(1);
    }
    const HashSum hash = selection_hash(epoch, hashes_, selection);
    return show(epoch, number, std::move(selection), hash);
  }

  [[nodiscard]] static Hash128 key(std::size_t number, const Selection& selection) {
    Hash128 key = combine(Hash128{}, number);
    for (const bool kept : selection.elements) key = combine(key, kept ? 1 : 2);
    for (const FileVariant& file : selection.files) {
      key = combine(key, file.sizes);
      for (const std::uint32_t steps : file.steps) key = combine(key, steps);
      key = combine(key, file.torn == no_index ? 0 : std::uint64_t{file.torn} + 1);
      key = combine(key, std::uint64_t{file.tear.over} << 16U | file.tear.at);
    }
    return key;
  }

  template <class Pass>
  void run_pass(Pass pass, bool sampled_only) {
    each_epoch([&](const Epoch& epoch, std::size_t number) {
      if (sampled_only && !plans_[number].sampled) return true;
      const Passes passes(epoch);
      (passes.*pass)([&](Selection&& selection) {
        return draw(epoch, number, std::move(selection)) && !half_is_spent(number);
      });
      return !visits_.ended();
    });
  }

  // The passes leave half of the budget to the random states.
  [[nodiscard]] bool half_is_spent(std::size_t number) const {
    return plans_[number].sampled && drawn_.size() >= budget_.states / 2;
  }

  void run_all() {
    each_epoch([&](const Epoch& epoch, std::size_t number) {
      if (plans_[number].sampled) return true;
      const EpochSpace space(epoch, hashes_, listed_max());
      const auto choices = space.choices(plans_[number].combinations);
      const std::uint32_t acknowledged = history_.acknowledged_before(epoch.end());
      return choices->space.enumerate(
          choices->root, space.base(),
          [&](std::span<const Leaf* const> leaves, HashSum hash, std::uint64_t states) {
            if (!visits_.may_go_on()) return false;
            visits_.add_checked(states);
            if (!visits_.is_new(hash, acknowledged)) return true;
            return visits_.show(PowerState(epoch, number, buffers_, space.selection(leaves), hash));
          });
    });
  }

  void run_random() {
    const std::uint64_t left =
        budget_.states - std::min<std::uint64_t>(budget_.states, drawn_.size());
    const std::uint64_t share = left / std::max<std::uint64_t>(sampled_epochs_, 1);
    each_epoch([&](const Epoch& epoch, std::size_t number) {
      if (!plans_[number].sampled) return true;
      const Passes passes(epoch);
      Random random(budget_.seed * 0x9E3779B97F4A7C15U + number);
      for (std::uint64_t state = 0; state < share; ++state) {
        if (!draw(epoch, number, passes.random(random))) break;
      }
      return !visits_.ended();
    });
  }

  const History::Impl& history_;
  const Rules& rules_;
  const Footprint& footprint_;
  const Budget& budget_;
  Visits& visits_;
  FileHashes hashes_;
  ContentBuffers buffers_;
  std::vector<Plan> plans_;  // by epoch
  std::uint64_t sampled_epochs_ = 0;
  std::unordered_set<Hash128, Hash128Hasher> drawn_;
};

bool visit_rebuilt(const ModelNames& names, const History::Impl& history,
                   const std::vector<Path>& paths, std::string_view code, const Visitor& visit) {
  CodeReader reader(code, power_code);
  const std::uint64_t number = reader.number(history.log.operations.size());
  if (!reader.ok()) return false;
  const Footprint footprint(history, names.table(), paths);
  PowerEpochs epochs(history, footprint, names.rules());
  EpochBounds bounds;
  for (std::uint64_t next = 0; next <= number; ++next) {
    if (!epochs.next(bounds)) return false;
  }
  const Epoch epoch(history, names.rules(), footprint, bounds);
  std::optional<Selection> selection = read_selection(epoch, reader);
  if (!selection) return false;
  FileHashes hashes(history);
  const HashSum hash = selection_hash(epoch, hashes, *selection);
  if (!reader.matches({hash.first, hash.second})) return false;
  ContentBuffers buffers(history);
  (void)visit(PowerState(epoch, number, buffers, *std::move(selection), hash));
  return true;
}

}  // namespace

Enumeration enumerate(const History& history, Model model, const std::vector<Path>& footprint,
                      const Budget& budget, const Visitor& visit) {
  Visits visits(budget, visit);
  const ModelNames names(history.impl(), model);
  const Footprint seen(history.impl(), names.table(), footprint);
  if (model == Model::kill) return enumerate_kill(history.impl(), seen, budget, visits);
  return PowerEnumeration(history.impl(), names.rules(), seen, budget, visits).run();
}

bool rebuild(const History& history, Model model, const std::vector<Path>& footprint,
             std::string_view code, const Visitor& visit) {
  const ModelNames names(history.impl(), model);
  if (model != Model::kill) return visit_rebuilt(names, history.impl(), footprint, code, visit);
  const Footprint seen(history.impl(), names.table(), footprint);
  return rebuild_kill(history.impl(), seen, code, visit);
}

bool lose(const History& history, Model model, const std::vector<Path>& footprint,
          std::size_t begun, const std::vector<std::size_t>& lost, const Visitor& visit) {
  if (model == Model::kill) return false;
  const ModelNames names(history.impl(), model);
  const Footprint seen(history.impl(), names.table(), footprint);
  PowerEpochs epochs(history.impl(), seen, names.rules());
  EpochBounds bounds;
  for (std::uint64_t number = 0; epochs.next(bounds) && bounds.end <= begun; ++number) {
    if (bounds.end != begun) continue;
    const Epoch epoch(history.impl(), names.rules(), seen, bounds);
    Selection selection = Passes(epoch).without([&](std::uint32_t operation, Part, std::uint64_t) {
      return !std::ranges::binary_search(lost, std::size_t{operation});
    });
    FileHashes hashes(history.impl());
    const HashSum hash = selection_hash(epoch, hashes, selection);
    ContentBuffers buffers(history.impl());
    (void)visit(PowerState(epoch, number, buffers, std::move(selection), hash));
    return true;
  }
  return false;
}

}  // namespace untorn::crash
