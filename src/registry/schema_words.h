// SPDX-License-Identifier: Apache-2.0
//
// What the library that evaluates schemas says, in the words of the rest of Untorn.
#pragma once
#include <string>
#include <string_view>

#include "untorn/json.h"

namespace untorn::registry {

// By which our own messages are told from the library's.
inline constexpr char own_mark = '\x01';

// The library's word for "something below is wrong", which follows the words for what it is.
[[nodiscard]] bool is_summary(std::string_view message);

// `found` is the value that the message is about; null if it is not known.
[[nodiscard]] std::string in_our_words(std::string_view message, const JsonValue* found);

}  // namespace untorn::registry
