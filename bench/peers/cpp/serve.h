// SPDX-License-Identifier: Apache-2.0
//
// What all programs of this folder share: each is a set of variants, ways to save files, that does
// what a line on its standard input says, and tells how long each operation took.
//
//   PEER VARIANT                 reads lines FOLDER BYTES FILES THREADS OPERATIONS and answers each
//                                by `done NANOSECONDS…`, one figure an operation
//   PEER VARIANT FOLDER BYTES FILES THREADS OPERATIONS
//                                does that once, and prints `saved` after each operation
//
// One operation replaces FOLDER/file-0 to file-(FILES - 1), divided among the threads. With several
// threads each makes OPERATIONS operations on its own part. The programs in other languages speak
// the same protocol.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace peers {

// Replaces each of the files by `content`. Throws std::runtime_error.
using SaveAll = std::function<void(std::span<const std::string> paths, std::string_view content)>;

struct Variant {
  std::string_view name;
  // Called once by each thread, before anything is timed; what it returns is used by that thread
  // alone.
  std::function<SaveAll(const std::string& folder)> prepare;
};

// A variant that saves one file after the other and needs no preparation.
[[nodiscard]] Variant one_by_one(std::string_view name,
                                 void (*save)(const std::string& path, std::string_view content));

// The main function: its exit code.
[[nodiscard]] int serve(std::span<const char* const> arguments, std::span<const Variant> variants);

}  // namespace peers
