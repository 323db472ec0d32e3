// SPDX-License-Identifier: Apache-2.0
//
// The choices of one open file as nodes of a choice space: a size, then a content for each block
// below it that can be told from the others.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "crash/choice_space.h"
#include "crash/epoch.h"

namespace untorn::crash {

class FileNodes {
 public:
  FileNodes(const Epoch& epoch, FileHashes& hashes, ChoiceSpace& space,
            std::uint64_t combinations_max)
      : epoch_(epoch),
        hashes_(hashes),
        space_(space),
        combinations_max_(combinations_max),
        nodes_(epoch.variants().size()) {}

  // Nothing if the file alone has more than the largest number of combinations.
  [[nodiscard]] std::optional<ChoiceSpace::NodeId> node(std::uint32_t file);

 private:
  // The contents of a block that differ, and the states behind each.
  struct Alternatives {
    std::vector<Leaf> leaves;
    ChoiceSpace::NodeId node = 0;  // if there are several
  };
  [[nodiscard]] Alternatives alternatives(std::uint32_t file, std::uint32_t open,
                                          std::uint32_t sizes);
  [[nodiscard]] const Alternatives& shared_alternatives(std::uint32_t file, std::uint32_t open,
                                                        std::uint32_t sizes);
  [[nodiscard]] ChoiceSpace::NodeId size_node(std::uint32_t file, std::uint32_t sizes);

  const Epoch& epoch_;
  FileHashes& hashes_;
  ChoiceSpace& space_;
  std::uint64_t combinations_max_;
  std::vector<std::optional<ChoiceSpace::NodeId>> nodes_;
  // By (file, open block): those of a block that lies below the size as a whole.
  std::map<std::pair<std::uint32_t, std::uint32_t>, Alternatives> whole_;
  Alternatives scratch_;
};

}  // namespace untorn::crash
