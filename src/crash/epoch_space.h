// SPDX-License-Identifier: Apache-2.0
//
// All states of one epoch as a choice space: independent components, each the sum over what its
// elements may leave, each of those the product of what its files may hold.
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
  std::vector<bool> elements;      // by element of the epoch
  std::vector<FileVariant> files;  // by its variants(); of those that no path leads to, any
};

// Names and files that depend on each other: elements that wait for each other, a directory with
// what lies below it, and files with the names that may lead to them.
struct Component {
  std::vector<std::uint32_t> elements;
  // The names, below directories that cannot move, at which it begins.
  struct Entry {
    Footprint::Step step;
    Footprint::Place place;
  };
  std::vector<Entry> entries;
  std::vector<std::pair<Path, std::uint32_t>> settled_files;  // paths that lead to open files

  // What a choice of elements leaves visible.
  struct Configuration {
    std::vector<std::uint32_t> kept;  // of `elements`; the most, if several look alike
    HashSum hash;                     // of all that is settled in it
    // Open files as positions in Epoch::variants(), with their path factors.
    std::vector<std::pair<std::uint32_t, HashSum>> files;
    std::uint64_t states = 1;  // choices of elements that leave just this
  };
  std::vector<Configuration> configurations;
};

class EpochSpace {
 public:
  // `configurations_max` bounds the work on one component's elements.
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
  // Nothing if some component has too many configurations to list.
  [[nodiscard]] const std::vector<Component>* components() const noexcept {
    return listed_ ? &components_ : nullptr;
  }
  [[nodiscard]] Selection selection(std::span<const Leaf* const> leaves) const;

 private:
  class Partition;

  // Calls visit() for each choice of the component's elements that keeps what they wait for, with
  // `kept` set; ends when it returns false.
  bool each_choice(const Component& component, std::size_t position, std::vector<bool>& kept,
                   const std::function<bool()>& visit) const;
  bool each_prefix(const Component& component, std::vector<bool>& kept,
                   const std::function<bool()>& visit) const;
  [[nodiscard]] bool is_hidden_cut(const Component& component, const std::vector<bool>& kept,
                                   const Component::Configuration& found) const;
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
