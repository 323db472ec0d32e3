// SPDX-License-Identifier: Apache-2.0
//
// read_trace() on any bytes: it answers; what it accepts can be written again without loss, and the
// crash engine can work on its log. The checksum is made right first, or nothing would be read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "crash/engine.h"
#include "prove/replay/log_name.h"
#include "prove/replay/trace_file.h"
#include "prove/replay/trace_format.h"

namespace {

constexpr std::uint64_t states_max = 200;
constexpr std::uint64_t file_bytes_max = std::uint64_t{1} << 20U;
constexpr std::size_t operations_max = 200;

bool is_small(const untorn::OperationLog& log) {
  if (log.operations.size() > operations_max || log.inodes.size() > operations_max) return false;
  for (const untorn::Operation& operation : log.operations) {
    if (operation.offset + operation.size > file_bytes_max) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using untorn::prove::read_trace;
  using untorn::prove::write_trace;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)read_trace(bytes, "fuzz");
  bytes += untorn::prove::trace_format::checksum(bytes);
  const auto run = read_trace(bytes, "fuzz");
  if (!run) return 0;
  const auto again = read_trace(write_trace(*run), "fuzz");
  if (!again) std::abort();
  if (untorn::prove::log_name(again->trace.log) != untorn::prove::log_name(run->trace.log)) {
    std::abort();
  }
  if (!is_small(run->trace.log)) return 0;
  const untorn::crash::History history(run->trace.log);
  untorn::crash::Budget budget;
  budget.states = states_max;
  (void)untorn::crash::enumerate(history, untorn::crash::Model::portable, {}, budget,
                                 [](const untorn::crash::CrashState& state) {
                                   (void)state.tree();
                                   return true;
                                 });
  return 0;
}
