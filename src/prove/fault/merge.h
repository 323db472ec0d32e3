// SPDX-License-Identifier: Apache-2.0
//
// From the findings of many runs to violations: one for each path, check and call that failed, by
// an error or by a short write. The simplest fault stands for the others.
//
// Threads: a value.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "prove/fault/fault.h"
#include "prove/fault/injector.h"
#include "prove/fault/run_record.h"

namespace untorn::prove {

class Merger {
 public:
  // `index`: the fault's place in the plan; the simpler ones come first.
  void add(std::size_t index, const Fault& fault, RunRecord record);
  // Hands over violations and reasons for being undecided.
  void finish(FaultFindings& findings);

 private:
  // Path, check, site, whether it was a short write.
  using Key = std::tuple<std::string, Check, Hash128, bool>;
  struct Merged {
    std::size_t index = 0;
    Violation violation;
    std::set<std::string> faults;
    std::set<Observed> observed;
  };

  void add_finding(std::size_t index, const Fault& fault, const RunRecord& record,
                   EndFinding finding);

  std::map<Key, Merged> merged_;
  std::vector<Undecided> undecided_;
  std::set<std::pair<Reason, std::string>> said_;
};

}  // namespace untorn::prove
