// SPDX-License-Identifier: Apache-2.0
#include "prove/report/source_lines.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

namespace untorn::prove {

namespace {

constexpr std::uintmax_t file_bytes_max = 4U << 20U;
constexpr std::size_t line_bytes_max = 200;

// Without the blanks around it; "" if there is no such line.
std::string line_of(std::string_view text, std::uint32_t wanted) {
  for (std::uint32_t number = 1; number < wanted; ++number) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  std::string_view line = text.substr(0, std::min(text.find('\n'), text.size()));
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  line = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
  return std::string(line.substr(0, line_bytes_max));
}

}  // namespace

const std::string& SourceLines::file(const std::string& path) {
  const auto [place, is_new] = files_.try_emplace(path);
  if (!is_new) return place->second;
  const std::filesystem::path full = std::filesystem::path(root_) / path;
  std::error_code error;
  if (!std::filesystem::is_regular_file(full, error)) return place->second;
  const auto size = std::filesystem::file_size(full, error);
  if (error || size > file_bytes_max) return place->second;
  std::ifstream in(full, std::ios::binary);
  place->second.assign(std::istreambuf_iterator<char>(in), {});
  return place->second;
}

void SourceLines::fill(std::optional<Source>& source) {
  if (!source || source->line == 0 || source->path.empty()) return;
  source->text = line_of(file(source->path), source->line);
}

}  // namespace untorn::prove
