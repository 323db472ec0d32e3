// SPDX-License-Identifier: Apache-2.0
//
// For tests: small logs, one for each way in which programs change files.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "crash/log_maker.h"

namespace untorn::crash {

struct SampleLog {
  std::string name;
  std::function<void(LogMaker&)> make;
};

[[nodiscard]] const std::vector<SampleLog>& sample_logs();
// Those of them in which syncs, range syncs and threads decide: sample_logs() has them too.
void add_sync_logs(std::vector<SampleLog>& logs);

}  // namespace untorn::crash
