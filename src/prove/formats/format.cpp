// SPDX-License-Identifier: Apache-2.0
#include "prove/formats/format.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/escape.h"
#include "prove/formats/parsers.h"
#include "prove/judge/json_syntax.h"
#include "settings/toml.h"

namespace untorn::prove {

namespace {

constexpr std::size_t text_bytes_max = 16U << 20U;
constexpr std::size_t problem_bytes_max = 300;

using Named = std::pair<std::string_view, Format>;

constexpr std::array extensions = {
    Named{".json", Format::json}, Named{".ipynb", Format::json}, Named{".geojson", Format::json},
    Named{".toml", Format::toml}, Named{".yaml", Format::yaml},  Named{".yml", Format::yaml},
    Named{".gz", Format::gzip},   Named{".tgz", Format::gzip},   Named{".svgz", Format::gzip},
    Named{".zip", Format::zip},   Named{".jar", Format::zip},    Named{".whl", Format::zip},
    Named{".docx", Format::zip},  Named{".xlsx", Format::zip},   Named{".pptx", Format::zip},
    Named{".odt", Format::zip},   Named{".ods", Format::zip},    Named{".odp", Format::zip},
    Named{".epub", Format::zip},  Named{".npz", Format::zip},    Named{".png", Format::png},
};

// Files whose name is all they have.
constexpr std::array whole_names = {
    Named{"Cargo.lock", Format::toml},   Named{"poetry.lock", Format::toml},
    Named{"uv.lock", Format::toml},      Named{"Pipfile", Format::toml},
    Named{"Pipfile.lock", Format::json}, Named{"composer.lock", Format::json},
};

bool ends_with_in_any_case(std::string_view text, std::string_view end) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return text.size() > end.size() &&
         std::equal(end.begin(), end.end(), text.end() - static_cast<std::ptrdiff_t>(end.size()),
                    [&](char wanted, char found) { return wanted == lower(found); });
}

std::string problem_with_json(std::string_view content) {
  const auto fault = json_fault(content);
  if (!fault) return {};
  if (*fault >= content.size()) return "the document ends early";
  return "no JSON at byte " + std::to_string(*fault);
}

std::string problem_with_toml(std::string_view content) {
  if (content.size() > text_bytes_max) return "text over 16 MiB is not judged";
  // The parser reads a NUL as the end of the text, and so would take a cut file for a whole one.
  const auto nul = content.find('\0');
  if (nul != std::string_view::npos) return "a NUL at byte " + std::to_string(nul);
  const auto table = settings::parse_toml({}, content);
  return table ? std::string() : std::string(table.error().detail());
}

std::string find_problem(Format format, std::string_view content) {
  switch (format) {
    case Format::json:
      return problem_with_json(content);
    case Format::toml:
      return problem_with_toml(content);
    case Format::yaml:
      if (content.size() > text_bytes_max) return "text over 16 MiB is not judged";
      return problem_with_yaml(content);
    case Format::gzip:
      return problem_with_gzip(content);
    case Format::zip:
      return problem_with_zip(content);
    case Format::png:
      return problem_with_png(content);
  }
  return {};
}

}  // namespace

std::string_view to_string(Format format) noexcept {
  switch (format) {
    case Format::json:
      return "JSON";
    case Format::toml:
      return "TOML";
    case Format::yaml:
      return "YAML";
    case Format::gzip:
      return "gzip";
    case Format::zip:
      return "zip";
    case Format::png:
      return "PNG";
  }
  return "unknown";
}

std::optional<Format> format_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const auto& [whole, format] : whole_names) {
    if (name == whole) return format;
  }
  for (const auto& [extension, format] : extensions) {
    if (ends_with_in_any_case(name, extension)) return format;
  }
  return {};
}

std::string problem_with(Format format, std::string_view content) {
  const std::string problem = find_problem(format, content);
  if (problem.empty()) return {};
  return std::string(to_string(format)) + ": " +
         escape_controls(std::string_view(problem).substr(0, problem_bytes_max));
}

}  // namespace untorn::prove
