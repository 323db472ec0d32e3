// SPDX-License-Identifier: Apache-2.0
//
// Comments that ask for silence: `untorn: allow RULE[,RULE] -- reason`, in whatever comment syntax
// the language has, on a line of the call or alone on the line above it (several such lines may
// stand one under the other). RULE is a code or a name.
//
//   f.write_text(x)  # untorn: allow truncate-write -- rebuilt at every start
//
// A comment silences a site whose `rule` it names. One that silences nothing is idle, and reported:
// what it was for may be gone.
//
// Threads: an object belongs to one thread.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "languages/facts.h"
#include "rules/finding.h"

namespace untorn::scan {

class Suppressions {
 public:
  struct Idle {
    std::uint32_t line = 0;
    std::string rule;  // as written
    std::string reason;
  };

  explicit Suppressions(std::span<const languages::Comment> comments, bool require_reasons = false);

  // True if a comment silences `rule` at a site that covers these lines; it is not idle then.
  [[nodiscard]] bool silence(rules::RuleId rule, const languages::Range& range);
  // What silenced nothing so far, in the order of the text. `judged` tells for which rules the file
  // was looked at: of the others nobody can say whether they are needed.
  template <class Judged>
  [[nodiscard]] std::vector<Idle> idle(const Judged& judged) const {
    std::vector<Idle> found = misunderstood_;
    for (const Ask& ask : asks_) {
      if (!ask.used && judged(ask.rule)) {
        found.push_back({.line = ask.line, .rule = ask.written, .reason = "silences nothing here"});
      }
    }
    sort(found);
    return found;
  }

 private:
  struct Ask {
    rules::RuleId rule = rules::RuleId::truncate_write;
    std::string written;
    std::uint32_t line = 0;
    std::uint32_t speaks_of = 0;  // the line whose site it silences
    bool used = false;
  };

  void read(const languages::Comment& comment, bool require_reasons);
  static void sort(std::vector<Idle>& idle);

  std::vector<Ask> asks_;
  std::vector<Idle> misunderstood_;
};

}  // namespace untorn::scan
