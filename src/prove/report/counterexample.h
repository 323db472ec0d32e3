// SPDX-License-Identifier: Apache-2.0
//
// Says what a failure means for the program: which call was lost, which one exposed the loss,
// where both stand in the source, and which call is missing between them.
//
// Threads: one thread; sources are resolved lazily.
#pragma once
#include <cstddef>
#include <string>
#include <utility>

#include "crash/engine.h"
#include "prove/judge/judge.h"
#include "prove/prove.h"
#include "prove/replay/sources.h"

namespace untorn::prove {

class Explainer {
 public:
  // `sources` may be null: then no source is known. `root` shortens source paths; `model` is that
  // of the engine `power`.
  Explainer(const crash::History& history, Sources* sources, std::string root,
            crash::Model model = crash::Model::portable);

  [[nodiscard]] Violation explain(const Failure& failure) const;
  [[nodiscard]] OperationNote note(std::size_t operation) const;
  // Of the operation that was lost and of the one that exposed it: as place() says.
  [[nodiscard]] std::pair<std::string, std::string> places(const Failure& failure) const;
  // "app.py line 6", or "" if unknown.
  [[nodiscard]] std::string place(std::size_t operation) const;
  // Of the log: replay tokens begin with it.
  [[nodiscard]] const std::string& log_name() const noexcept { return log_name_; }

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
  Sources* sources_;
  std::string root_;
  crash::Model model_;
  std::string log_name_;
};

}  // namespace untorn::prove
