// SPDX-License-Identifier: Apache-2.0
//
// Parts of the page of a report: see html.cpp.
//
// Threads: pure functions.
#pragma once
#include <string>
#include <string_view>

#include "prove/prove.h"

namespace untorn::prove {

// The file before the run, in the crash state and after the run: each as rows of eight bytes, in
// hexadecimal and as text. Bytes of the crash state are marked by which version they agree with.
// Long files show their first bytes, and say so.
[[nodiscard]] std::string html_bytes(const StateBytes& bytes);

// What the page adds to the style that all pages share: marks, timelines, bytes, paper.
[[nodiscard]] std::string_view report_style() noexcept;

}  // namespace untorn::prove
