// SPDX-License-Identifier: Apache-2.0
//
// What lies in PROJECT/.pipeline/patches: names, records and the counter, and how they are read.
//
// Threads: functions of their arguments.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/patch_source.h"
#include "untorn/error.h"
#include "untorn/json.h"
#include "untorn/pipeline/patch_manager.h"

namespace untorn::pipeline {

inline constexpr std::string_view patches_folder = ".pipeline/patches";
inline constexpr std::string_view patch_counter_file = ".pipeline/patches/counter.json";

// ".pipeline/patches/" + name + ".patch", and the same with ".json".
[[nodiscard]] std::string patch_path(std::string_view name);
[[nodiscard]] std::string record_path(std::string_view name);
// "0001_fix_the_greeting": letters and digits of the description, the rest as '_'.
[[nodiscard]] std::string patch_name(std::uint64_t number, std::string_view description);

// A name of the folder that belongs to a patch.
struct PatchName {
  std::uint64_t number = 0;
  std::string name;
  bool has_record = false;
};
// By number. A patch file without a record is someone else's, but takes its number.
[[nodiscard]] Result<std::vector<PatchName>> patch_names(const PatchSource& source);

// One record with its patch, read and checked. `info.status` is `damaged` if something is wrong
// with them (Q5); `json` is then null.
struct StoredPatch {
  PatchInfo info;
  JsonDocument json;
  std::string text;
};
// Code::unsupported for a record of a newer format.
[[nodiscard]] Result<StoredPatch> read_patch(const PatchSource& source, const PatchName& name);

// A new record, and one with another status.
[[nodiscard]] std::string new_record(const PatchInfo& info, std::string_view patch);
[[nodiscard]] std::string changed_record(JsonDocument record, const PatchInfo& info);

// The last number that was given, by the counter. 0 without one; nothing if it is damaged.
// Code::unsupported if it is of a newer format.
[[nodiscard]] Result<std::optional<std::uint64_t>> read_counter(const PatchSource& source);
[[nodiscard]] std::string counter_text(std::uint64_t last);

}  // namespace untorn::pipeline
