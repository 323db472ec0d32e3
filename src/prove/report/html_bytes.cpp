// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "prove/report/html_parts.h"
#include "prove/report/words.h"
#include "report/html.h"

namespace untorn::prove {

namespace {

constexpr std::size_t row_bytes = 8;  // three versions fit beside each other

// A text of which only the head is known.
struct Known {
  std::string_view head;
  std::optional<std::uint64_t> size;  // nothing: there is no file

  // Nothing where the file has no byte, or none that is known.
  [[nodiscard]] std::optional<char> at(std::size_t place) const {
    if (!size || place >= head.size()) return {};
    return head[place];
  }
};

enum class Agreement : std::uint8_t { both, old_only, new_only, neither };

std::string_view style_of(Agreement agreement) {
  switch (agreement) {
    case Agreement::both:
      return "";
    case Agreement::old_only:
      return "is-old";
    case Agreement::new_only:
      return "is-new";
    case Agreement::neither:
      return "is-wrong";
  }
  return "";
}

Agreement agreement_of(char byte, std::optional<char> before, std::optional<char> after) {
  const bool as_before = before == byte;
  const bool as_after = after == byte;
  if (as_before && as_after) return Agreement::both;
  if (as_before) return Agreement::old_only;
  return as_after ? Agreement::new_only : Agreement::neither;
}

std::string hexadecimal(char byte) {
  return fmt::format("{:02x}", static_cast<unsigned char>(byte));
}

std::string readable(char byte) {
  return byte >= 0x20 && byte < 0x7F ? report::html(std::string_view(&byte, 1)) : "·";
}

// A cell after the other, those that follow each other with the same mark in one element.
template <class Cell, class Style>
std::string run_of(std::string_view row, std::string_view between, Cell cell, Style style) {
  std::string text;
  std::string_view open;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string_view wanted = style(i);
    if (i > 0 && wanted != open && !open.empty()) text += "</mark>";
    if (i > 0) text += between;
    if (!wanted.empty() && (i == 0 || wanted != open))
      text += fmt::format("<mark class=\"{}\">", wanted);
    text += cell(row[i]);
    open = wanted;
  }
  if (!open.empty()) text += "</mark>";
  return text;
}

// `style` gives the mark of the byte at a place of the whole file.
template <class Style>
std::string dump(const Known& file, Style style) {
  if (!file.size) return "<p class=\"soft\">no file</p>\n";
  if (*file.size == 0) return "<p class=\"soft\">empty</p>\n";
  std::string text = "<pre class=\"bytes\">";
  for (std::size_t at = 0; at < file.head.size(); at += row_bytes) {
    const std::string_view row = file.head.substr(at, row_bytes);
    const auto mark = [&](std::size_t i) { return style(at + i); };
    text += fmt::format(
        "<span class=\"soft\">{:06x}</span>  {}{}  {}\n", at, run_of(row, " ", hexadecimal, mark),
        std::string(3 * (row_bytes - row.size()), ' '), run_of(row, "", readable, mark));
  }
  text += "</pre>\n";
  const std::uint64_t shown = file.head.size();
  if (*file.size > shown)
    text += fmt::format("<p class=\"soft\">and {} more bytes</p>\n", *file.size - shown);
  return text;
}

}  // namespace

std::string html_bytes(const StateBytes& bytes) {
  const Known before{bytes.old_head, bytes.old_size};
  const Known after{bytes.new_head, bytes.new_size};
  const Known crash{bytes.head, bytes.present ? std::optional(bytes.size) : std::nullopt};
  const auto plain = [](std::size_t) { return std::string_view(); };
  const auto marked = [&](std::size_t at) {
    return style_of(agreement_of(bytes.head[at], before.at(at), after.at(at)));
  };
  std::string text = "<div class=\"versions\">\n";
  const std::array<std::pair<std::string_view, const Known*>, 3> columns = {
      {{"before the run", &before}, {"in the crash state", &crash}, {"after the run", &after}}};
  for (const auto& [title, file] : columns) {
    const bool is_crash = file == &crash;
    text += fmt::format("<div{}><h4>{} <span class=\"soft\">{}</span></h4>\n{}</div>\n",
                        is_crash ? " class=\"crash\"" : "", title, size_words(file->size),
                        is_crash ? dump(*file, marked) : dump(*file, plain));
  }
  text += "</div>\n";
  if (crash.size.value_or(0) == 0) return text;
  return text +
         "<p class=\"soft legend\">In the crash state: <mark class=\"is-old\">as before</mark>, "
         "<mark class=\"is-new\">as after</mark>, <mark class=\"is-wrong\">as neither</mark>, "
         "unmarked: as both.</p>\n";
}

}  // namespace untorn::prove
