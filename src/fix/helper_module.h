// SPDX-License-Identifier: Apache-2.0
//
// The dependency-free Python module that `untorn fix` writes into a project.
//
//   """Write files so that …
//   """
//   # Written by untorn fix 0.1.0, check 1f0c…; a newer one replaces it unless it was edited.
//   import contextlib
//
// The comment tells a later run whose file it is. It takes the place of the empty line in front of
// the first import, and its check covers all other bytes: a module that somebody has edited is
// never overwritten, nor is any file that is not ours.
//
// Threads: functions of their arguments alone.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace untorn::fix {

// vendor/atomic_file.py, as it was when the tool was built.
[[nodiscard]] std::string_view helper_source() noexcept;

// What is written: the source with the comment that names tool and check.
[[nodiscard]] std::string helper_text(std::string_view tool_version);

enum class HelperState : std::uint8_t {
  current,  // ours, as this tool would write it
  older,    // ours and untouched, by an older tool: may be replaced
  newer,    // ours, by a newer tool: used as it is
  edited,   // ours once, then changed by hand: used as it is
  foreign,  // not ours: never touched
};

// `text` is what the file holds now.
[[nodiscard]] HelperState judge_helper(std::string_view text, std::string_view tool_version);

}  // namespace untorn::fix
