// SPDX-License-Identifier: Apache-2.0
//
// The scalars of JSON as text, in both directions, as Python's json module has them.
#pragma once
#include <string>
#include <string_view>

namespace untorn::document {

// What stands between the quotes of a JSON string, as UTF-8; a lone surrogate becomes its three
// bytes. `source` was accepted by the reader.
[[nodiscard]] std::string unescape(std::string_view source);

// The other direction, appended to `out` without quotes. Bytes that are not UTF-8 become \udc80 to
// \udcff, surrogates their escapes.
void escape_into(std::string& out, std::string_view text, bool ensure_ascii);

// As repr() of a Python float, and NaN, Infinity, -Infinity.
[[nodiscard]] std::string real_text(double value);

// The double that is nearest to an accepted number.
[[nodiscard]] double real_of(std::string_view source);

// The length of the well-formed UTF-8 sequence at `at`, which is not ASCII; 0 if it is none. An
// encoded surrogate is accepted: Python can write it.
[[nodiscard]] std::size_t sequence_length(std::string_view text, std::size_t at) noexcept;

}  // namespace untorn::document
