// SPDX-License-Identifier: Apache-2.0
//
// A proved fix for a reader: its steps at their lines, and one sentence.
//
// Threads: one thread; sources are resolved lazily.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "crash/engine.h"
#include "prove/prove.h"
#include "prove/repair/fix_words.h"
#include "prove/repair/virtual_syncs.h"
#include "prove/report/counterexample.h"

namespace untorn::prove {

// A file that is replaced instead of changed under its name.
struct Replacement {
  crash::Path path;
  std::size_t first = 0;  // the first operation of the program's log that is done by replacing
};

class FixTeller {
 public:
  // All about the log that the program wrote. `database`: SQLite writes the files, and the program
  // can only tell it to sync.
  FixTeller(const crash::History& history, const Explainer& explainer, const ProveOptions& options,
            bool database)
      : history_(history), explainer_(explainer), options_(options), database_(database) {}

  // `syncs` are places in `base`, whose origins are places in the program's log.
  [[nodiscard]] ProvedFix tell(const std::vector<Replacement>& replaced, const EditedLog& base,
                               const std::vector<VirtualSync>& syncs, std::uint64_t states,
                               bool exhaustive) const;

 private:
  struct Told {
    ProvedFix::Step step;
    std::string text;
  };
  [[nodiscard]] Told tell_sync(const EditedLog& base, const crash::History& base_history,
                               const VirtualSync& sync) const;
  [[nodiscard]] Told tell_replacement(const Replacement& replacement) const;
  [[nodiscard]] Language language_at(std::size_t operation) const;
  // "app.py line 6", or "the write of a.tmp".
  [[nodiscard]] std::string at(std::size_t operation) const;
  [[nodiscard]] bool is_last_before_close(std::size_t operation) const;

  const crash::History& history_;
  const Explainer& explainer_;
  const ProveOptions& options_;
  bool database_;
};

}  // namespace untorn::prove
