// SPDX-License-Identifier: Apache-2.0
#include "scan/glob.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <utility>

namespace untorn::scan {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Without the blanks at the end that no backslash protects.
std::string_view without_trailing_blanks(std::string_view line) {
  std::size_t end = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\\' && at + 1 < line.size()) {
      end = ++at + 1;
    } else if (line[at] != ' ') {
      end = at + 1;
    }
  }
  return line.substr(0, end);
}

struct NamedClass {
  std::string_view name;
  int (*holds)(int);
};
constexpr std::array<NamedClass, 12> named_classes = {{{"alnum", std::isalnum},
                                                       {"alpha", std::isalpha},
                                                       {"blank", std::isblank},
                                                       {"cntrl", std::iscntrl},
                                                       {"digit", std::isdigit},
                                                       {"graph", std::isgraph},
                                                       {"lower", std::islower},
                                                       {"print", std::isprint},
                                                       {"punct", std::ispunct},
                                                       {"space", std::isspace},
                                                       {"upper", std::isupper},
                                                       {"xdigit", std::isxdigit}}};

std::size_t index_of(char byte) {
  return static_cast<unsigned char>(byte);
}

}  // namespace

std::optional<Glob> Glob::parse(std::string_view line) {
  if (line.starts_with('#')) return std::nullopt;
  std::string_view pattern = without_trailing_blanks(line);
  if (pattern.empty()) return std::nullopt;
  Glob glob;
  glob.text_ = pattern;
  if (pattern.starts_with('!')) {
    glob.negated_ = true;
    pattern.remove_prefix(1);
  }
  if (pattern.ends_with('/')) {
    glob.directory_only_ = true;
    pattern.remove_suffix(1);
  }
  glob.tied_ = pattern.find('/') != std::string_view::npos;
  if (pattern.starts_with('/')) pattern.remove_prefix(1);
  glob.compile(pattern);
  return glob;
}

void Glob::compile(std::string_view pattern) {
  constexpr std::string_view special = "*?[\\";
  if (pattern.empty()) {
    shape_ = Shape::never;
    return;
  }
  if (pattern.find_first_of(special) == std::string_view::npos) {
    shape_ = Shape::exact;
    literal_ = pattern;
    return;
  }
  if (!tied_ && pattern.front() == '*' &&
      pattern.find_first_of(special, 1) == std::string_view::npos) {
    shape_ = Shape::suffix;
    literal_ = pattern.substr(1);
    return;
  }
  std::size_t at = 0;
  while (at < pattern.size()) {
    const char byte = pattern[at];
    if (byte == '*') {
      const std::size_t begin = at;
      while (at < pattern.size() && pattern[at] == '*') ++at;
      const bool alone = at - begin == 2 && (begin == 0 || pattern[begin - 1] == '/');
      if (alone && at < pattern.size() && pattern[at] == '/') {
        tokens_.push_back({.kind = Kind::folders});
        ++at;
      } else {
        tokens_.push_back({.kind = alone && at == pattern.size() ? Kind::rest : Kind::star});
      }
    } else if (byte == '?') {
      tokens_.push_back({.kind = Kind::one});
      ++at;
    } else if (byte == '[') {
      const auto end = compile_set(pattern, at + 1);
      if (!end) {
        shape_ = Shape::never;
        return;
      }
      at = *end;
    } else {
      if (byte == '\\' && ++at == pattern.size()) {
        shape_ = Shape::never;
        return;
      }
      tokens_.push_back({.kind = Kind::byte, .byte = pattern[at]});
      ++at;
    }
  }
}

std::optional<std::size_t> Glob::compile_set(std::string_view pattern, std::size_t at) {
  Set set;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  int range_begin = -1;  // the byte that a '-' may follow, or none
  for (const std::size_t first = at; at < pattern.size(); ++at) {
    char byte = pattern[at];
    if (byte == ']' && at > first) {
      if (negated) set.flip();
      set.reset(index_of('/'));
      tokens_.push_back({.kind = Kind::set, .set = static_cast<std::uint32_t>(sets_.size())});
      sets_.push_back(set);
      return at + 1;
    }
    if (byte == '[' && pattern.substr(at).starts_with("[:")) {
      const std::size_t end = pattern.find(":]", at + 2);
      if (end == std::string_view::npos) return std::nullopt;
      const std::string_view name = pattern.substr(at + 2, end - at - 2);
      const auto* known = std::find_if(named_classes.begin(), named_classes.end(),
                                       [&](const NamedClass& each) { return each.name == name; });
      if (known == named_classes.end()) return std::nullopt;
      for (std::size_t each = 0; each < 128; ++each) {
        if (known->holds(static_cast<int>(each)) != 0) set.set(each);
      }
      range_begin = -1;
      at = end + 1;
      continue;
    }
    const bool is_range =
        byte == '-' && range_begin >= 0 && at + 1 < pattern.size() && pattern[at + 1] != ']';
    if (is_range) byte = pattern[++at];
    if (byte == '\\') {
      if (++at == pattern.size()) return std::nullopt;
      byte = pattern[at];
    }
    if (is_range) {
      for (auto each = static_cast<std::size_t>(range_begin); each <= index_of(byte); ++each) {
        set.set(each);
      }
      range_begin = -1;
    } else {
      set.set(index_of(byte));
      range_begin = static_cast<int>(index_of(byte));
    }
  }
  return std::nullopt;
}

bool Glob::consumes(const Token& token, char byte) const {
  switch (token.kind) {
    case Kind::byte:
      return token.byte == byte;
    case Kind::one:
    case Kind::star:
      return byte != '/';
    case Kind::set:
      return sets_[token.set].test(index_of(byte));
    case Kind::folders:
    case Kind::rest:
      return true;
  }
  return false;
}

// All ways through the pattern at once: `alive[i]` means that the tokens before the i-th explain
// the path so far. Nothing is tried twice, so no pattern costs more than its length for each byte.
bool Glob::run(std::string_view path) const {
  const std::size_t end = tokens_.size();
  std::vector<bool> alive(end + 1);
  std::vector<bool> inside(end + 1);  // of `folders`: past its first byte, before its slash
  const auto close = [&](std::vector<bool>& states) {
    for (std::size_t at = 0; at < end; ++at) {
      const Kind kind = tokens_[at].kind;
      const bool optional = kind == Kind::star || kind == Kind::folders || kind == Kind::rest;
      if (states[at] && optional) states[at + 1] = true;
    }
  };
  alive[0] = true;
  close(alive);
  for (const char byte : path) {
    std::vector<bool> next(end + 1);
    std::vector<bool> next_inside(end + 1);
    for (std::size_t at = 0; at < end; ++at) {
      const Token& token = tokens_[at];
      if (token.kind == Kind::folders) {
        if (!alive[at] && !inside[at]) continue;
        next_inside[at] = true;
        if (byte == '/') next[at + 1] = true;
      } else if (alive[at] && consumes(token, byte)) {
        const bool stays = token.kind == Kind::star || token.kind == Kind::rest;
        next[stays ? at : at + 1] = true;
      }
    }
    close(next);
    alive = std::move(next);
    inside = std::move(next_inside);
  }
  return alive[end];
}

bool Glob::matches(std::string_view path, bool is_directory) const {
  if (directory_only_ && !is_directory) return false;
  if (!tied_) path.remove_prefix(path.rfind('/') + 1);
  switch (shape_) {
    case Shape::exact:
      return path == literal_;
    case Shape::suffix:
      return path.ends_with(literal_);
    case Shape::never:
      return false;
    case Shape::general:
      return run(path);
  }
  return false;
}

bool Glob::matches_within(std::string_view path) const {
  for (std::size_t at = path.find('/'); at != std::string_view::npos; at = path.find('/', at + 1)) {
    if (matches(path.substr(0, at), true)) return true;
  }
  return matches(path, false);
}

Verdict judge(const std::vector<Glob>& globs, std::string_view path, bool is_directory) {
  const auto decisive = std::find_if(globs.rbegin(), globs.rend(), [&](const Glob& glob) {
    return glob.matches(path, is_directory);
  });
  if (decisive == globs.rend()) return Verdict::silent;
  return decisive->negated() ? Verdict::included : Verdict::excluded;
}

std::vector<Glob> parse_globs(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::vector<Glob> globs;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (end < text.size() && line.ends_with('\r')) line.remove_suffix(1);
    if (auto glob = Glob::parse(line)) globs.push_back(*std::move(glob));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return globs;
}

}  // namespace untorn::scan
