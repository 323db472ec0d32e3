// SPDX-License-Identifier: Apache-2.0
//
// The functions of Python and of well-known packages that change or read files.
//
//   if (const Api* api = find_api("os.replace")) …
//
// Only functions that are what they say whatever runs: a name that other objects share with paths
// (`replace`, `rename`) is a method, and methods are decided by what the object is.
#pragma once
#include <cstdint>
#include <string_view>

#include "languages/facts.h"

namespace untorn::languages {

enum class ApiForm : std::uint8_t {
  opens,        // gives a file; its mode decides
  opens_flags,  // os.open
  whole,        // reads or writes the whole file itself
  moves,        // source and target
  removes,
  temporary,  // mkstemp, NamedTemporaryFile
};

struct Api {
  std::string_view name;
  ApiForm form = ApiForm::whole;
  OperationKind kind = OperationKind::create;  // with the default mode
  // The argument that names the file, and where there is one the source or the mode.
  std::uint8_t target = 0;
  std::string_view target_name = {};
  std::uint8_t other = 0;
  std::string_view other_name = {};
  Content content = Content::unknown;
  // Recorded only where the argument surely names a file: other things are passed there too.
  bool needs_path = false;
};

[[nodiscard]] const Api* find_api(std::string_view dotted) noexcept;

// Methods that write to a path that is their argument, whatever the object: "to_csv".
[[nodiscard]] const Api* find_writing_method(std::string_view name) noexcept;

}  // namespace untorn::languages
