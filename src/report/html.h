// SPDX-License-Identifier: Apache-2.0
//
// Text on its way into HTML.
#pragma once
#include <string>
#include <string_view>

namespace untorn::report {

// For element content and for quoted attributes, whatever bytes it has: markup is escaped, control
// characters and direction marks are written out, what is no UTF-8 becomes U+FFFD.
[[nodiscard]] std::string html(std::string_view text);

// The style that pages share: light and dark, as the reader's system prefers.
[[nodiscard]] std::string_view page_style() noexcept;

}  // namespace untorn::report
