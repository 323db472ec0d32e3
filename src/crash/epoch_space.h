// SPDX-License-Identifier: Apache-2.0
//
// All states of one epoch as a choice space: independent components, each the sum over what its
// units may leave, each of those the product of what its files may hold.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "crash/choice_space.h"
#include "crash/epoch.h"

namespace untorn::crash {

// One state of an epoch: what persisted.
struct Selection {
  std::vector<bool> units;         // by open unit of the epoch
  std::vector<FileVariant> files;  // by open file; of those that no path leads to, any
};

// Names and files that depend on each other: units that share a name, a directory with what lies
// below it, and files with the names that may lead to them.
struct Component {
  std::vector<std::uint32_t> units;
  // The names, below directories that cannot move, at which it begins.
  struct Entry {
    Footprint::Step step;
    Path prefix;
  };
  std::vector<Entry> entries;
  std::vector<std::pair<Path, std::uint32_t>> settled_files;  // paths that lead to open files

  // What a choice of units leaves visible.
  struct Configuration {
    std::vector<std::uint32_t> kept;  // of `units`; the one with the most, if several look alike
    HashSum hash;                     // of all that is settled in it
    std::vector<std::pair<std::uint32_t, HashSum>> files;  // open files, with their path factors
    std::uint64_t states = 1;                              // choices of units that leave just this
  };
  std::vector<Configuration> configurations;
};

class EpochSpace {
 public:
  // `configurations_max` bounds the work on one component's units.
  EpochSpace(const Epoch& epoch, FileHashes& hashes, std::uint64_t configurations_max);

  // Exact unless some component has too many configurations to list.
  [[nodiscard]] Count total() const;
  // The choices that leave different files, if they are at most `combinations_max`.
  struct Choices {
    ChoiceSpace space;
    ChoiceSpace::NodeId root = 0;
    std::uint64_t combinations = 0;
  };
  [[nodiscard]] std::optional<Choices> choices(std::uint64_t combinations_max) const;
  [[nodiscard]] HashSum base() const noexcept { return base_; }
  [[nodiscard]] Selection selection(std::span<const Leaf* const> leaves) const;

 private:
  class Partition;

  // Calls visit() for each choice of the component's units that P5 allows, with `kept` set; ends
  // when it returns false.
  bool each_choice(const Component& component, std::size_t position, std::vector<bool>& kept,
                   const std::function<bool()>& visit) const;
  void list_configurations(Component& component, std::uint64_t configurations_max);
  [[nodiscard]] Component::Configuration configuration(const Component& component,
                                                       const std::vector<bool>& kept) const;

  const Epoch& epoch_;
  FileHashes& hashes_;
  std::vector<Component> components_;
  HashSum base_;
  bool listed_ = true;
};

}  // namespace untorn::crash
