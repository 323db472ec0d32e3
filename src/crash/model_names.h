// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "crash/history.h"
#include "crash/models/rules.h"

namespace untorn::crash {

// The names of a log as a model of a power cut sees them, with its rules.
class ModelNames {
 public:
  ModelNames(const History::Impl& history, Model model)
      : rules_(rules_of(model)), shared_(history.names) {
    if (rules_.renames != Renames::whole) own_.emplace(history.log, rules_.renames);
  }

  [[nodiscard]] const Rules& rules() const noexcept { return rules_; }
  [[nodiscard]] const NameTable& table() const noexcept { return own_ ? *own_ : shared_; }

 private:
  const Rules& rules_;
  const NameTable& shared_;
  std::optional<NameTable> own_;
};

}  // namespace untorn::crash
