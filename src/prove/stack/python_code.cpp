// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/python_code.h"

#include <utility>

#include "prove/stack/memory.h"
#include "prove/stack/python_lines.h"

namespace untorn::prove {
namespace {

// UTF-8, and for what Python could not decode the byte that it stands for (surrogateescape).
void append_character(std::string& out, std::uint32_t character) {
  const auto add = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto continuation = [&](unsigned shift) { add(0x80U | ((character >> shift) & 0x3fU)); };
  if (character < 0x80U) {
    add(character);
  } else if (character >= 0xdc80U && character <= 0xdcffU) {
    add(character - 0xdc00U);
  } else if (character < 0x800U) {
    add(0xc0U | (character >> 6U));
    continuation(0);
  } else if (character < 0x10000U) {
    add(0xe0U | (character >> 12U));
    continuation(6);
    continuation(0);
  } else {
    add(0xf0U | ((character >> 18U) & 7U));
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

template <class Character>
std::string decode(std::span<const std::byte> data) {
  std::string result;
  for (std::size_t at = 0; at + sizeof(Character) <= data.size(); at += sizeof(Character)) {
    append_character(result, field<Character>(data, at));
  }
  return result;
}

}  // namespace

std::string python_text(std::span<const std::byte> characters, std::size_t width) {
  switch (width) {
    case 1:
      return decode<std::uint8_t>(characters);
    case 2:
      return decode<std::uint16_t>(characters);
    case 4:
      return decode<std::uint32_t>(characters);
    default:
      return {};
  }
}

std::uint32_t PythonCodeTable::add(PythonCode code) {
  std::string key = code.path;
  key.append(1, '\0').append(code.function).append(1, '\0');
  key += std::to_string(code.minor) + ',' + std::to_string(code.first_line) + ',';
  for (const std::byte byte : code.lines) key.push_back(static_cast<char>(byte));
  const auto [entry, added] =
      by_content_.try_emplace(std::move(key), static_cast<std::uint32_t>(codes_.size()));
  if (added) codes_.push_back(std::move(code));
  return entry->second;
}

Frame PythonCodeTable::frame(const PythonPosition& position) const {
  const PythonCode& code = codes_.at(position.code);
  return {.path = code.path,
          .line = python_line(code.minor, code.lines, code.first_line, position.offset),
          .function = code.function,
          .runtime = code.runtime};
}

}  // namespace untorn::prove
