// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/python_layout.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "prove/stack/memory.h"

namespace untorn::prove {
namespace {

// The offsets do not move between the patch releases of one minor version. Each row is the output
// of tools/python_offsets.c, which says how to make it again.
constexpr std::array known_layouts{
    PythonLayout{
        .minor = 8,
        .interpreters_head = 32,
        .interpreter_next = 0,
        .interpreter_threads = 8,
        .thread_next = 8,
        .thread_id = 176,
        .thread_frame = 24,
        .frame_back = 24,
        .frame_code = 32,
        .frame_instruction = 104,
        .code_filename = 104,
        .code_name = 112,
        .code_lines = 120,
        .code_first_line = 40,
        .object_type = 8,
        .unicode_length = 16,
        .unicode_state = 32,
        .ascii_data = 48,
        .compact_data = 72,
        .bytes_size = 16,
        .bytes_data = 32,
    },
    PythonLayout{
        .minor = 9,
        .interpreters_head = 32,
        .interpreter_next = 0,
        .interpreter_threads = 8,
        .thread_next = 8,
        .thread_id = 176,
        .thread_frame = 24,
        .frame_back = 24,
        .frame_code = 32,
        .frame_instruction = 104,
        .code_filename = 104,
        .code_name = 112,
        .code_lines = 120,
        .code_first_line = 40,
        .object_type = 8,
        .unicode_length = 16,
        .unicode_state = 32,
        .ascii_data = 48,
        .compact_data = 72,
        .bytes_size = 16,
        .bytes_data = 32,
    },
    PythonLayout{
        .minor = 10,
        .interpreters_head = 32,
        .interpreter_next = 0,
        .interpreter_threads = 8,
        .thread_next = 8,
        .thread_id = 176,
        .thread_frame = 24,
        .frame_back = 24,
        .frame_code = 32,
        .frame_instruction = 96,
        .code_filename = 104,
        .code_name = 112,
        .code_lines = 120,
        .code_first_line = 40,
        .object_type = 8,
        .unicode_length = 16,
        .unicode_state = 32,
        .ascii_data = 48,
        .compact_data = 72,
        .bytes_size = 16,
        .bytes_data = 32,
    },
    PythonLayout{
        .minor = 11,
        .interpreters_head = 40,
        .interpreter_next = 0,
        .interpreter_threads = 16,
        .thread_next = 8,
        .thread_id = 152,
        .thread_frame = 56,
        .cframe_frame = 8,
        .frame_back = 48,
        .frame_code = 32,
        .frame_instruction = 56,
        .frame_owner = 69,
        .code_filename = 112,
        .code_name = 120,
        .code_lines = 136,
        .code_first_line = 72,
        .code_first_traceable = 168,
        .code_instructions = 184,
        .object_type = 8,
        .unicode_length = 16,
        .unicode_state = 32,
        .ascii_data = 48,
        .compact_data = 72,
        .bytes_size = 16,
        .bytes_data = 32,
    },
    PythonLayout{
        .minor = 12,
        .interpreters_head = 40,
        .interpreter_next = 0,
        .interpreter_threads = 72,
        .thread_next = 8,
        .thread_id = 136,
        .thread_frame = 56,
        .cframe_frame = 0,
        .frame_back = 8,
        .frame_code = 0,
        .frame_instruction = 56,
        .frame_owner = 70,
        .code_filename = 112,
        .code_name = 120,
        .code_lines = 136,
        .code_first_line = 68,
        .code_first_traceable = 176,
        .code_instructions = 192,
        .object_type = 8,
        .unicode_length = 16,
        .unicode_state = 32,
        .ascii_data = 40,
        .compact_data = 56,
        .bytes_size = 16,
        .bytes_data = 32,
    },
    PythonLayout{
        .minor = 13,
        .interpreters_head = 632,
        .interpreter_next = 7264,
        .interpreter_threads = 7344,
        .thread_next = 8,
        .thread_id = 152,
        .thread_frame = 72,
        .frame_back = 8,
        .frame_code = 0,
        .frame_instruction = 56,
        .frame_owner = 70,
        .code_filename = 112,
        .code_name = 120,
        .code_lines = 136,
        .code_first_line = 68,
        .code_first_traceable = 184,
        .code_instructions = 200,
        .object_type = 8,
        .unicode_length = 16,
        .unicode_state = 32,
        .ascii_data = 40,
        .compact_data = 56,
        .bytes_size = 16,
        .bytes_data = 32,
    },
};

// _Py_DebugOffsets of 3.13: offsets of the fields, each of which is an offset of 8 bytes.
namespace debug {
constexpr std::string_view cookie = "xdebugpy";
constexpr std::size_t version = 8;
constexpr std::size_t free_threaded = 16;
constexpr std::size_t interpreters_head = 40;
constexpr std::size_t interpreter_next = 64;
constexpr std::size_t interpreter_threads = 72;
constexpr std::size_t thread_next = 168;
constexpr std::size_t thread_frame = 184;
constexpr std::size_t thread_id = 192;
constexpr std::size_t frame_back = 232;
constexpr std::size_t frame_code = 240;
constexpr std::size_t frame_instruction = 248;
constexpr std::size_t frame_owner = 264;
constexpr std::size_t code_filename = 280;
constexpr std::size_t code_name = 288;
constexpr std::size_t code_lines = 304;
constexpr std::size_t code_first_line = 312;
constexpr std::size_t code_instructions = 344;
constexpr std::size_t object_type = 360;
constexpr std::size_t bytes_size = 520;
constexpr std::size_t bytes_data = 528;
constexpr std::size_t unicode_state = 544;
constexpr std::size_t unicode_length = 552;
constexpr std::size_t unicode_ascii_size = 560;
}  // namespace debug

constexpr std::uint64_t known_debug_version = 0x030d;  // 3.14 has another table
// PyCompactUnicodeObject adds a length and a pointer to PyASCIIObject.
constexpr std::size_t compact_unicode_extra_bytes = 16;

bool plausible(const PythonLayout& layout) {
  constexpr std::size_t structure_size_bytes_max = 1U << 20U;
  const std::array offsets{
      layout.interpreters_head, layout.interpreter_next, layout.interpreter_threads,
      layout.thread_next,       layout.thread_id,        layout.thread_frame,
      layout.frame_back,        layout.frame_code,       layout.frame_instruction,
      layout.frame_owner,       layout.code_filename,    layout.code_name,
      layout.code_lines,        layout.code_first_line,  layout.code_instructions,
      layout.object_type,       layout.unicode_length,   layout.unicode_state,
      layout.ascii_data,        layout.bytes_size,       layout.bytes_data};
  return std::ranges::all_of(offsets,
                             [](std::size_t offset) { return offset < structure_size_bytes_max; });
}

}  // namespace

const PythonLayout* python_layout(std::size_t minor) {
  const auto* found = std::ranges::find(known_layouts, minor, &PythonLayout::minor);
  return found == known_layouts.end() ? nullptr : found;
}

std::optional<PythonLayout> python_debug_layout(std::span<const std::byte> head) {
  if (head.size() < python_debug_offsets_size_bytes) return std::nullopt;
  if (!std::ranges::equal(
          head.first(debug::cookie.size()), debug::cookie,
          [](std::byte left, char right) { return left == static_cast<std::byte>(right); })) {
    return std::nullopt;
  }
  const auto at = [head](std::size_t offset) { return field<std::uint64_t>(head, offset); };
  if (at(debug::version) >> 16U != known_debug_version) return std::nullopt;

  PythonLayout layout{
      .minor = 13,
      .interpreters_head = at(debug::interpreters_head),
      .interpreter_next = at(debug::interpreter_next),
      .interpreter_threads = at(debug::interpreter_threads),
      .thread_next = at(debug::thread_next),
      .thread_id = at(debug::thread_id),
      .thread_frame = at(debug::thread_frame),
      .frame_back = at(debug::frame_back),
      .frame_code = at(debug::frame_code),
      .frame_instruction = at(debug::frame_instruction),
      .frame_owner = at(debug::frame_owner),
      .code_filename = at(debug::code_filename),
      .code_name = at(debug::code_name),
      .code_lines = at(debug::code_lines),
      .code_first_line = at(debug::code_first_line),
      .code_instructions = at(debug::code_instructions),
      .object_type = at(debug::object_type),
      .unicode_length = at(debug::unicode_length),
      .unicode_state = at(debug::unicode_state),
      .ascii_data = at(debug::unicode_ascii_size),
      .compact_data = at(debug::unicode_ascii_size) + compact_unicode_extra_bytes,
      .bytes_size = at(debug::bytes_size),
      .bytes_data = at(debug::bytes_data),
  };
  if (at(debug::free_threaded) == 0) {
    layout.code_first_traceable = python_layout(layout.minor)->code_first_traceable;
  }
  if (!plausible(layout)) return std::nullopt;
  return layout;
}

}  // namespace untorn::prove
