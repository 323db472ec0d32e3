// SPDX-License-Identifier: Apache-2.0
//
// A fix in the words of the language that the program is written in.
//
// Threads: pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::prove {

enum class Language : std::uint8_t { python, c, cpp, go, node, rust, shell, other };

// By the name of the source file, and where that says nothing, by the command.
[[nodiscard]] Language language_of(std::string_view source,
                                   const std::vector<std::string>& command);

// "f.flush(); os.fsync(f.fileno())"; `path` is the file.
[[nodiscard]] std::string sync_file_call(Language language, const std::string& path);
// "os.fsync() of the directory d"; `path` is the directory, "" for the root.
[[nodiscard]] std::string sync_directory_call(Language language, const std::string& path);
// What replaces a file atomically: "untorn.write_text".
[[nodiscard]] std::string replace_call(Language language);

}  // namespace untorn::prove
