// SPDX-License-Identifier: Apache-2.0
//
// For tests: a tree in which everything is broken that `untorn doctor --repair` can repair.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "health/doctor.h"
#include "untorn/filesystem.h"

namespace untorn::test {

inline constexpr std::string_view broken_temporary_name =
    ".untorn-tmp-0123456789abcdef0123456789abcdef";

// In the folder `root` (absolute), which is made: documents, a log and a registry, all well; then
// torn, damaged, and with a transaction that was cut off after its commit point. A failure of these
// calls is a failure of the test.
void make_whole_tree(FileSystem& fs, const std::string& root);
void break_tree(FileSystem& fs, const std::string& root);

[[nodiscard]] health::Options doctor_options(const std::string& root, bool repair);
// A line for each problem and each thing that could not be looked at.
[[nodiscard]] std::vector<std::string> lines_of(const health::Report& report);
[[nodiscard]] std::string joined(const std::vector<std::string>& lines);

using Texts = std::map<std::string, std::string>;
// Every file of the tree that is not ours alone, by its path below it.
[[nodiscard]] Texts texts_of(FileSystem& fs, const std::string& root);
// As a repair leaves them that nobody interrupts.
[[nodiscard]] const Texts& repaired_texts();

// "" if a repair now brings everything into order and nothing is lost; else what is wrong.
[[nodiscard]] std::string finish_repair(FileSystem& fs, const std::string& root);

}  // namespace untorn::test
