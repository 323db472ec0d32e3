// SPDX-License-Identifier: Apache-2.0
#include "registry/schema_words.h"

#include <algorithm>
#include <array>

#include "registry/schema_form.h"

namespace untorn::registry {
namespace {

std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  const std::size_t end = text.rfind(after);
  if (begin == std::string_view::npos || end == std::string_view::npos) return std::string(text);
  const std::size_t from = begin + before.size();
  return std::string(end < from ? text.substr(from) : text.substr(from, end - from));
}

}  // namespace

bool is_summary(std::string_view message) {
  constexpr std::array<std::string_view, 5> beginnings = {
      "Failed to validate against schema associated with", "Failed to validate item #",
      "Failed to validate against additional properties schema",
      "Failed to validate against child schema #", "Failed to validate against dependent schema"};
  return std::ranges::any_of(
      beginnings, [message](std::string_view beginning) { return message.starts_with(beginning); });
}

std::string in_our_words(std::string_view message, const JsonValue* found) {
  const std::string found_text = found == nullptr ? "nothing" : described(*found);
  if (message.starts_with(own_mark)) {
    return std::string(message.substr(1)) + "; found " + found_text;
  }
  if (message.starts_with("Missing required property ")) {
    return "the member \"" + between(message, "'", "'") + "\" is missing";
  }
  if (message.starts_with("Missing dependency ")) {
    return "the member \"" + between(message, "'", "'") + "\" is missing, which another one needs";
  }
  if (message.starts_with("Object contains a property")) {
    return "the member \"" + between(message, "constraints: '", "'") + "\" is not allowed";
  }
  if (message.starts_with("Failed to validate against any"))
    return "none of the forms allowed fits";
  if (message.starts_with("Failed to validate against exactly")) {
    return "more than one of the forms allowed fits";
  }
  if (message.starts_with("Failed to any values")) return "'contains': no item is as it asks";
  if (message.starts_with("Target should not")) return "'not': it is of a form that is excluded";
  if (message.starts_with("Failed to validate against a conditional")) {
    return "'if': what then or else holds is not so";
  }
  if (is_summary(message)) return "it is not allowed here; found " + found_text;
  return std::string(message) + " Found " + found_text;
}

}  // namespace untorn::registry
