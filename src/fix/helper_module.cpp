// SPDX-License-Identifier: Apache-2.0
#include "fix/helper_module.h"

#include <array>
#include <charconv>
#include <cstddef>

namespace untorn::fix {
namespace {

constexpr std::string_view comment_begin = "# Written by untorn fix ";
constexpr std::string_view check_begin = ", check ";
constexpr std::string_view comment_end = "; a newer one replaces it unless it was edited.";
constexpr std::string_view first_import = "\n\nimport ";
constexpr std::size_t check_digits = 16;

// FNV-1a, 64 bits: enough to notice an edit, and easy to repeat in any language.
std::string check_of(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char each : text) hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001B3U;
  std::string digits(check_digits, '0');
  for (std::size_t at = check_digits; at-- > 0; hash >>= 4U) {
    digits[at] = "0123456789abcdef"[hash & 0xFU];
  }
  return digits;
}

using Version = std::array<unsigned, 3>;

Version version_of(std::string_view text) {
  Version version = {};
  for (unsigned& part : version) {
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, part);
    if (problem != std::errc() || stop == end || *stop != '.') break;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  }
  return version;
}

}  // namespace

std::string helper_text(std::string_view tool_version) {
  std::string text(helper_source());
  std::string comment(comment_begin);
  comment.append(tool_version).append(check_begin).append(check_of(text)).append(comment_end);
  const std::size_t import = text.find(first_import);
  return text.insert(import == std::string::npos ? 0 : import + 1, comment);
}

HelperState judge_helper(std::string_view text, std::string_view tool_version) {
  if (text == helper_source() || text == helper_text(tool_version)) return HelperState::current;
  const std::size_t begin = text.find(comment_begin);
  const bool at_line = begin != std::string_view::npos && begin > 0 && text[begin - 1] == '\n';
  const std::string_view comment =
      at_line ? text.substr(begin, text.find('\n', begin) - begin) : std::string_view();
  const std::size_t check_at = comment.find(check_begin);
  if (check_at == std::string_view::npos || !comment.ends_with(comment_end)) {
    return HelperState::foreign;
  }
  std::string source(text);
  source.erase(begin, comment.size());
  if (comment.substr(check_at + check_begin.size(), check_digits) != check_of(source)) {
    return HelperState::edited;
  }
  const Version theirs =
      version_of(comment.substr(comment_begin.size(), check_at - comment_begin.size()));
  return theirs > version_of(tool_version) ? HelperState::newer : HelperState::older;
}

}  // namespace untorn::fix
