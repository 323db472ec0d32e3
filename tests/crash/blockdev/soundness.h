// SPDX-License-Identifier: Apache-2.0
//
// Whether what a real file system left is among what a crash model says it may leave.
//
//   Soundness soundness({crash::Model::ext4, crash::Model::portable});
//   run_lab(setup, options, folder, soundness.observer());
//   soundness.answers()[0].outside;   // must be 0
//
// Threads: belongs to the thread of the lab.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "crash/engine.h"
#include "crash/membership.h"
#include "tests/crash/blockdev/lab.h"

namespace untorn::lab {

class Soundness {
 public:
  struct Answers {
    crash::Model model = crash::Model::portable;
    std::size_t asked = 0;
    std::size_t outside = 0;
    std::size_t undecided = 0;
    std::vector<std::string> examples = {};  // of what is outside: the cut, the log, the tree
  };

  explicit Soundness(const std::vector<crash::Model>& models);
  [[nodiscard]] Observer observer();
  [[nodiscard]] const std::vector<Answers>& answers() const noexcept { return answers_; }

 private:
  void ask(const RecordedRun& run, const PowerCut& cut, const Tree& tree);
  void begin(const RecordedRun& run);

  std::vector<Answers> answers_;
  const RecordedRun* run_ = nullptr;  // the one that the rest belongs to
  std::unique_ptr<crash::History> history_;
  std::vector<crash::Membership> memberships_;
};

}  // namespace untorn::lab
