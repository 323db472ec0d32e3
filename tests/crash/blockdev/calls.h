// SPDX-License-Identifier: Apache-2.0
//
// Calls of workloads that have to succeed: a failure is a LabError that names the call.
#pragma once
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tests/crash/blockdev/workload.h"

namespace untorn::lab {

template <class Value>
Value need(SystemResult<Value> result, const std::string& what) {
  if (!result) throw LabError(what + ": " + std::strerror(number(result.error())));
  if constexpr (!std::is_void_v<Value>) return std::move(*result);
}

void write_all(FileSystem& fs, Handle file, std::string_view text);
// From the beginning, in place; the file then ends where the text ends.
void overwrite_all(FileSystem& fs, Handle file, std::string_view text);
void make_folder(FileSystem& fs, const std::string& path);  // it may be there
void sync_folder(FileSystem& fs, const std::string& path);
// A file that was not there, open for writing.
[[nodiscard]] OwnedHandle make_file(FileSystem& fs, const std::string& path);

}  // namespace untorn::lab
