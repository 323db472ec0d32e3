// SPDX-License-Identifier: Apache-2.0
//
// Where the operations of a log stand in the source: asked of the collector that traced the run, or
// of a trace that was kept.
//
// Threads: one thread.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "prove/stack/stack.h"

namespace untorn::prove {

class Sources {
 public:
  Sources() = default;
  Sources(const Sources&) = delete;
  Sources& operator=(const Sources&) = delete;
  virtual ~Sources() = default;

  // The stack with the number that Operation::stack holds; empty if there is none. Valid as long as
  // the object.
  [[nodiscard]] virtual const Stack& stack(std::uint32_t number) = 0;
};

// Resolves a stack when it is first asked for.
class CollectedSources final : public Sources {
 public:
  explicit CollectedSources(StackCollector& collector) : collector_(collector) {}
  [[nodiscard]] const Stack& stack(std::uint32_t number) override {
    return collector_.resolve(number);
  }

 private:
  StackCollector& collector_;
};

// Stacks of a trace file.
class StoredSources final : public Sources {
 public:
  explicit StoredSources(std::vector<Stack> stacks) : stacks_(std::move(stacks)) {}
  [[nodiscard]] const Stack& stack(std::uint32_t number) override {
    return number < stacks_.size() ? stacks_[number] : none_;
  }

 private:
  std::vector<Stack> stacks_;
  Stack none_;
};

}  // namespace untorn::prove
