// SPDX-License-Identifier: Apache-2.0
//
// crash_test() on a file system that is there already, such as a crash state of another run: a
// crash during the recovery from a crash.
#pragma once
#include <functional>
#include <string>

#include "filesystem/memory_file_system.h"
#include "untorn/crash.h"

namespace untorn::crash {

// What `memory` holds is durable when `workload` begins. options.initial_files is not used.
[[nodiscard]] CrashTestReport crash_test_on(
    InMemoryFileSystem& memory, const std::function<void(FileSystem&, CrashLog&)>& workload,
    const std::function<std::string(FileSystem&, const CrashPoint&)>& check,
    const CrashTestOptions& options = {});

}  // namespace untorn::crash
