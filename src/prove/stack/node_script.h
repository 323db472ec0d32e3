// SPDX-License-Identifier: Apache-2.0
//
// JavaScript stacks of Node.js programs. V8 keeps no stack that can be read from outside without
// knowing its build, so the program itself tells: a script that Node loads before the program
// (NODE_OPTIONS=--require) wraps the functions of `fs` that change files, and writes the stack to a
// descriptor that nobody has open. The tracer takes such a write for itself; the program sees it
// succeed.
//
// What is told, as text:
//   "begin\n\nFRAMES"      a synchronous call of this thread begins
//   "end\n\n"              it is over
//   "later\nKEYS\nFRAMES"  an asynchronous call, done later by another thread; a key is the last
//                          part of a path, or "#" and a descriptor; several are parted by "/"
// FRAMES are lines "LINE\tFUNCTION\tPATH", innermost first, without those of Node itself.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "prove/stack/stack.h"

namespace untorn::prove {

// No process has so many descriptors.
inline constexpr int told_stack_descriptor = 0x554e544e;
inline constexpr std::size_t told_stack_bytes_max = 64U << 10U;

// The script for --require.
[[nodiscard]] std::string_view node_script() noexcept;

struct ToldStack {
  enum class Kind : unsigned char { begin, end, later } kind = Kind::end;
  std::vector<std::string> keys;
  Stack stack;
};
// What makes no sense is an end.
[[nodiscard]] ToldStack parse_told_stack(std::string_view text);

}  // namespace untorn::prove
