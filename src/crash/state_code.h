// SPDX-License-Identifier: Apache-2.0
//
// Numbers as a short text of letters, digits, '-' and '_', with a check behind them: the names of
// crash states. Each character holds five bits of a number and a bit that says whether more follow,
// the low ones first.
//
//   kind  numbers…  check (five characters, 30 bits of a hash of the numbers and of a seal)
//
// The seal is something that only the same log, model and footprint give.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace untorn::crash {

inline constexpr char power_code = 'p';
inline constexpr char kill_code = 'k';

class CodeWriter {
 public:
  void number(std::uint64_t value);
  [[nodiscard]] std::string finish(char kind, Hash128 seal) &&;

 private:
  std::string text_;
  Hash128 sum_;
};

class CodeReader {
 public:
  CodeReader(std::string_view code, char kind);

  // Of the right kind and not damaged so far.
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  // The next number. 0, and no longer ok(), if there is none or it is larger than `most`.
  std::uint64_t number(std::uint64_t most);
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  // Is all read, and the check that of these numbers and this seal?
  [[nodiscard]] bool matches(Hash128 seal) const;

 private:
  char kind_;
  std::string_view rest_;
  std::string_view check_;
  Hash128 sum_;
  bool ok_ = true;
};

}  // namespace untorn::crash
