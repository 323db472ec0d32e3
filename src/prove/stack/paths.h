// SPDX-License-Identifier: Apache-2.0
//
// Whose code a file is, by its path: the program's, or the system's and the interpreter's.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace untorn::prove {

[[nodiscard]] bool file_exists(const std::string& path);

// Takes "." and ".." and double slashes out of an absolute path, without following links.
[[nodiscard]] std::string clean_path(std::string_view path);

// "/usr/lib/python3.11/json/encoder.py", but neither site-packages nor a folder that only looks
// like the library.
[[nodiscard]] bool is_python_library(const std::string& path, std::size_t minor);

// Source that came with a compiler: inlined into the program, but not written by its author.
[[nodiscard]] bool is_system_source(std::string_view path);

// A shared library of the system, or the C, C++ and Python run-time libraries wherever they lie.
[[nodiscard]] bool is_system_library(std::string_view path);

// An executable that runs programs in another language: its own code explains nothing about them.
[[nodiscard]] bool is_interpreter(std::string_view path);

}  // namespace untorn::prove
