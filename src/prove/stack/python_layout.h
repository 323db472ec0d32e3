// SPDX-License-Identifier: Apache-2.0
//
// Where CPython keeps what a stack needs: offsets in its structures, per minor version.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace untorn::prove {

// Offsets in bytes. "Frame" is PyFrameObject up to 3.10 and _PyInterpreterFrame from 3.11 on.
struct PythonLayout {
  std::size_t minor = 0;              // 8 for Python 3.8
  std::size_t interpreters_head = 0;  // in _PyRuntime
  std::size_t interpreter_next = 0;
  std::size_t interpreter_threads = 0;
  std::size_t thread_next = 0;
  std::size_t thread_id = 0;     // pthread_self()
  std::size_t thread_frame = 0;  // the innermost frame, or the _PyCFrame that holds it
  std::optional<std::size_t> cframe_frame = std::nullopt;  // 3.11 and 3.12: in _PyCFrame
  std::size_t frame_back = 0;
  std::size_t frame_code = 0;
  std::size_t frame_instruction = 0;  // an index up to 3.10, then an address
  std::size_t frame_owner = 0;        // from 3.11 on
  std::size_t code_filename = 0;
  std::size_t code_name = 0;
  std::size_t code_lines = 0;  // co_lnotab up to 3.9, then co_linetable
  std::size_t code_first_line = 0;
  std::optional<std::size_t> code_first_traceable = std::nullopt;  // from 3.11 on
  std::size_t code_instructions = 0;                               // from 3.11 on
  std::size_t object_type = 0;
  std::size_t unicode_length = 0;
  std::size_t unicode_state = 0;
  std::size_t ascii_data = 0;    // characters of an ASCII string
  std::size_t compact_data = 0;  // characters of any other compact string
  std::size_t bytes_size = 0;
  std::size_t bytes_data = 0;
};

// The layout of Python 3.`minor` by its headers; nullptr for one that is not known.
[[nodiscard]] const PythonLayout* python_layout(std::size_t minor);

// From 3.13 on _PyRuntime begins with the offsets of its own build, which also tell a
// free-threaded build apart. `head` is the beginning of _PyRuntime.
inline constexpr std::size_t python_debug_offsets_size_bytes = 584;
[[nodiscard]] std::optional<PythonLayout> python_debug_layout(std::span<const std::byte> head);

}  // namespace untorn::prove
