// SPDX-License-Identifier: Apache-2.0
//
// The picture of a run: its operations in order, and which of them a bad state lacks.
//
//   PictureMaker pictures(history, explainer, options.model);
//   pictures.add(failure, violation);  // for each violation
//   pictures.draw(report);             // once, when all are in the report
//   for (const PictureLine& line : picture_of(report, violation, 14)) …
//
// Limits: a timeline has at most 400 operations; of longer runs those are kept that a violation
// lost or kept, and then what stands nearest to them. A violation lists at most 1,000 operations of
// each kind. Heads are 256 bytes.
// Threads: one thread; the explainer resolves sources lazily.
#pragma once
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "crash/engine.h"
#include "prove/judge/judge.h"
#include "prove/prove.h"
#include "prove/report/counterexample.h"

namespace untorn::prove {

class PictureMaker {
 public:
  PictureMaker(const crash::History& history, const Explainer& explainer, crash::Model model);

  // Fills what the picture of one violation needs: the operations that did not persist, the later
  // ones that did, where the crash came, the first bytes before and after the run, the window.
  void add(const Failure& failure, Violation& violation);

  // Fills ProveReport::timeline with what concerns those violations, and the text of the source
  // lines that the report names.
  void draw(ProveReport& report) const;

 private:
  [[nodiscard]] bool concerns(const Operation& operation) const;
  [[nodiscard]] std::vector<std::size_t> choose() const;

  const crash::History& history_;
  const Explainer& explainer_;
  crash::Model model_;
  std::set<InodeId> inodes_;       // that stood at the paths of violations
  std::set<InodeId> directories_;  // in which those had names
  std::set<std::size_t> telling_;  // operations that were lost or kept, and the first not begun
};

// A line of the picture of one violation.
struct PictureLine {
  enum class Mark : std::uint8_t {
    done,       // it had begun before the crash, and is no part of the story
    lost,       // it did not persist, or not in full
    kept,       // it persisted although it came after something that did not
    cut,        // the crash: no operation
    not_begun,  // it came after the crash
    left_out,   // `left_out` operations are not shown
  };
  Mark mark = Mark::done;
  const TimelineEntry* entry = nullptr;  // of the report; none for cut and left_out
  std::size_t left_out = 0;
};

// At most `lines_max` lines: what was lost and kept, the cut, and what stands around them. Empty if
// the report has no timeline for the violation, as for those of the engine `fault`.
[[nodiscard]] std::vector<PictureLine> picture_of(const ProveReport& report,
                                                  const Violation& violation,
                                                  std::size_t lines_max);

}  // namespace untorn::prove
