// SPDX-License-Identifier: Apache-2.0
//
// The reader of Python on arbitrary bytes: facts whose places lie in the text, or a reason.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "languages/language.h"

namespace {

using untorn::languages::Call;
using untorn::languages::Operation;
using untorn::languages::RecoveryFlaw;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto facts = untorn::languages::python().read("fuzz.py", source);
  if (!facts) {
    require(facts.error().reason.starts_with("line "));
    return 0;
  }
  for (const Operation& each : facts->operations) {
    require(each.range.span.begin < each.range.span.end && each.range.span.end <= size);
    require(each.function < facts->functions.size());
    const auto parameters =
        static_cast<std::int64_t>(facts->functions[each.function].parameters.size());
    require(each.target.parameter < parameters && each.mode_parameter < parameters);
  }
  for (const Call& each : facts->calls) require(each.function < facts->functions.size());
  for (const RecoveryFlaw& each : facts->recovery_flaws) {
    require(each.function < facts->functions.size());
  }
  require(facts->import_place.offset <= size);
  return 0;
}
