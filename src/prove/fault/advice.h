// SPDX-License-Identifier: Apache-2.0
//
// Words for a call that was made to fail, and for what the program has to do about it.
//
// Threads: pure functions of their arguments; sources may resolve lazily.
#pragma once
#include <string>
#include <vector>

#include "crash/engine.h"
#include "prove/fault/injector.h"
#include "prove/fault/run_record.h"
#include "prove/judge/versions.h"
#include "prove/prove.h"
#include "prove/replay/sources.h"

namespace untorn::prove {

// What the call was about: "" where it has no such path.
struct CallPaths {
  crash::Path path;
  crash::Path target;  // the new name of a rename or link
};
[[nodiscard]] CallPaths paths_of(const CallRecord& call, const crash::History& history);

// Without its fault, which only the injector knows.
[[nodiscard]] OperationNote describe_call(const CallRecord& call, const crash::History& history,
                                          Sources& sources, const std::string& root);

class Adviser {
 public:
  // The history is that of the run with the fault; `call` failed in it, and `note` names it.
  Adviser(const crash::History& history, Sources& sources, std::string root, const CallRecord& call,
          const OperationNote& note);

  // One phrase: "check the return value of close at app.c line 12".
  [[nodiscard]] std::string advice(const EndFinding& finding, bool done,
                                   const std::vector<PathStory>& stories) const;

 private:
  [[nodiscard]] std::string advice_when_done(const EndFinding& finding) const;
  [[nodiscard]] std::string advice_for_sync() const;
  [[nodiscard]] std::string check_result() const;
  // "write at app.c line 12"
  [[nodiscard]] std::string call_at() const;
  // The place of the operation that gave the file its name after the call had failed, if any did.
  [[nodiscard]] std::string published_at() const;

  const crash::History& history_;
  Sources& sources_;
  std::string root_;
  const CallRecord& call_;
  const OperationNote& note_;
};

}  // namespace untorn::prove
