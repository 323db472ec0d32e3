// SPDX-License-Identifier: Apache-2.0
//
// Says what a failure means for the program: which call was lost, which one exposed the loss,
// where both stand in the source, and which call is missing between them.
//
// Threads: one thread; the stack collector resolves lazily.
#pragma once
#include <cstddef>
#include <string>

#include "crash/engine.h"
#include "prove/judge/judge.h"
#include "prove/prove.h"
#include "prove/stack/stack.h"

namespace untorn::prove {

class Explainer {
 public:
  // `stacks` may be null: then no source is known. `root` shortens source paths.
  Explainer(const crash::History& history, StackCollector* stacks, std::string root);

  [[nodiscard]] Violation explain(const Failure& failure) const;
  [[nodiscard]] OperationNote note(std::size_t operation) const;
  // "app.py line 6", or "" if unknown.
  [[nodiscard]] std::string place(std::size_t operation) const;

 private:
  struct Choice {
    std::size_t lost;
    std::size_t kept;
  };
  [[nodiscard]] Choice choose(const Failure& failure) const;
  [[nodiscard]] std::size_t choose_lost(const Failure& failure) const;
  [[nodiscard]] std::size_t choose_kept(const Failure& failure, std::size_t lost) const;
  [[nodiscard]] std::string missing(const Failure& failure, const Choice& choice) const;
  [[nodiscard]] std::string missing_sync(const Failure& failure, const Choice& choice) const;
  [[nodiscard]] std::size_t written_in_place(const Failure& failure) const;
  [[nodiscard]] std::string at(std::size_t operation) const;
  [[nodiscard]] std::string replay_token(const Failure& failure) const;

  const crash::History& history_;
  const OperationLog& log_;
  StackCollector* stacks_;
  std::string root_;
  std::string log_hash_;
};

}  // namespace untorn::prove
