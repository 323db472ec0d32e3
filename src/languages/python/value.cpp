// SPDX-License-Identifier: Apache-2.0
#include "languages/python/value.h"

#include <algorithm>
#include <array>
#include <functional>

#include "languages/python/text.h"

namespace untorn::languages {
namespace {

constexpr std::size_t key_limit_bytes = 200;
constexpr std::size_t shape_limit_bytes = 400;

std::string limited_key(std::string key) {
  if (key.size() <= key_limit_bytes) return key;
  const std::string hash = std::to_string(std::hash<std::string>{}(key));
  return key.substr(0, key_limit_bytes - hash.size() - 1) + "~" + hash;
}

// The end names the file: what is cut is the begin.
std::string limited_shape(std::string shape) {
  if (shape.size() <= shape_limit_bytes) return shape;
  return unknown_part + shape.substr(shape.size() - shape_limit_bytes);
}

bool has_unknown(std::string_view shape) noexcept {
  return shape.find(unknown_part) != std::string_view::npos;
}

bool names_special(std::string_view path) noexcept {
  if (path == "-" || path == "NUL" || path == "nul" || path == "CON" || path == "con") return true;
  if (path == "CONIN$" || path == "CONOUT$" || path.starts_with("\\\\.\\")) return true;
  return (path.starts_with("/dev/") && !path.starts_with("/dev/shm/")) ||
         path.starts_with("/proc/") || path.starts_with("/sys/");
}

bool is_format_digit(char each) noexcept {
  return (each >= '0' && each <= '9') || each == '-' || each == '.' || each == '#' || each == ' ';
}

// tty_name, slave_pty.
bool names_terminal(const Value& value) {
  return value.shape.size() == 1 && has_unknown(value.shape) &&
         std::any_of(value.words.begin(), value.words.end(), [](const std::string& word) {
           return word == "tty" || word == "pty" || word == "ttyname" || word == "ptsname";
         });
}

// The key without its last component, if that is a plain one.
std::string folder_key(std::string_view key) {
  const std::size_t slash = key.find_last_of('/');
  if (slash == std::string_view::npos || slash == 0 ||
      key.find('(', slash) != std::string_view::npos || key.substr(slash + 1) == "..") {
    return std::string(key) + "/..";
  }
  return std::string(key.substr(0, slash));
}

// As part of a path in a folder, a name of which a part is known stands for all names of that form,
// so that `folder / f"{x}.json"` and an item of folder.glob("*.json") have one key.
bool is_pattern(const Value& name) {
  return has_unknown(name.shape) && name.shape.find('/') == std::string::npos &&
         !known_extension(name.shape).empty() && !(name.is_temporary && !name.made_from.empty());
}

std::string pattern_key(const Value& name) {
  std::string key = name.shape;
  std::replace(key.begin(), key.end(), unknown_part, '*');
  return key;
}

}  // namespace

Value unknown_value() {
  return {};
}

Value constant_value(std::string_view text, Type type) {
  Value value;
  value.type = type;
  value.is_certain = true;
  value.key = limited_key(std::string(text));
  value.is_stable = true;
  value.shape = limited_shape(std::string(text));
  add_words(text, value.words);
  value.is_special = names_special(text);
  value.is_temporary = text.starts_with("/tmp/") || text.starts_with("/var/tmp/") || text == "/tmp";
  value.in_system_temp = value.is_temporary;
  return value;
}

void take_over(const Value& part, Value& whole) {
  for (const std::string& word : part.words) add_words(word, whole.words);
  take_marks(part, whole);
}

void take_marks(const Value& part, Value& whole) {
  if (whole.parameter < 0) whole.parameter = part.parameter;
  whole.is_whole_parameter = false;
  whole.has_parameter = whole.has_parameter || part.has_parameter;
  whole.has_other_source = whole.has_other_source || part.has_other_source;
  whole.is_temporary = whole.is_temporary || part.is_temporary;
  whole.is_unique = whole.is_unique || part.is_unique;
}

Value join_path(const Value& folder, const Value& name) {
  if (name.shape.starts_with('/')) return name;
  Value joined;
  joined.type = folder.type == Type::path || name.type == Type::path ? Type::path : Type::text;
  joined.is_certain = folder.type == Type::path ? folder.is_certain : name.is_certain;
  const bool any_name = is_pattern(name);
  joined.is_stable = folder.is_stable && (any_name || name.is_stable);
  const bool here = folder.shape.empty() || folder.shape == ".";
  const std::string name_key = any_name ? pattern_key(name) : name.key;
  if (here) {
    joined.key = name_key;
  } else if (!folder.key.empty() && !name_key.empty()) {
    joined.key = limited_key(folder.key + (folder.key.ends_with('/') ? "" : "/") + name_key);
  }
  joined.shape =
      here ? name.shape
           : limited_shape(folder.shape + (folder.shape.ends_with('/') ? "" : "/") + name.shape);
  joined.parameter = name.parameter;
  take_over(folder, joined);
  take_over(name, joined);
  joined.has_parameter = folder.has_parameter || (!any_name && name.has_parameter);
  joined.never_leaves = folder.never_leaves;
  joined.in_system_temp = folder.in_system_temp;
  joined.made_from = name.made_from;
  joined.is_special = !has_unknown(joined.shape) && names_special(joined.shape);
  return joined;
}

std::string without_holes(std::string_view pattern) {
  std::string shape;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char each = pattern[at];
    const char next = at + 1 < pattern.size() ? pattern[at + 1] : '\0';
    if (each == '{' && pattern.find('}', at) != std::string_view::npos) {
      at = pattern.find('}', at);
      shape += unknown_part;
    } else if (each == '%' && next == '(' && pattern.find(')', at) != std::string_view::npos) {
      at = std::min(pattern.find(')', at) + 1, pattern.size() - 1);
      shape += unknown_part;
    } else if (each == '%' && next == '%') {
      shape += '%';
      ++at;
    } else if (each == '%') {
      while (at + 1 < pattern.size() && is_format_digit(pattern[at + 1])) ++at;
      ++at;
      shape += unknown_part;
    } else {
      shape += each;
    }
  }
  return shape;
}

std::string glob_shape(std::string_view pattern) {
  std::string shape;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '[' && pattern.find(']', at) != std::string_view::npos) {
      at = pattern.find(']', at);
      shape += unknown_part;
    } else if (pattern[at] == '*' || pattern[at] == '?') {
      if (!shape.ends_with(unknown_part)) shape += unknown_part;
    } else {
      shape += pattern[at];
    }
  }
  return shape;
}

Value concatenate(const Value& first, const Value& second) {
  Value sum;
  sum.type = first.type == Type::bytes ? Type::bytes : Type::text;
  sum.is_certain = first.is_certain && second.is_certain;
  sum.is_stable = first.is_stable && second.is_stable;
  if (!first.key.empty() && !second.key.empty()) sum.key = limited_key(first.key + second.key);
  sum.shape = limited_shape(first.shape + second.shape);
  take_over(first, sum);
  take_over(second, sum);
  sum.never_leaves = first.never_leaves;
  sum.in_system_temp = first.in_system_temp;
  const std::string_view constant = constant_shape(second);
  if (!constant.empty() && constant.find('/') == std::string_view::npos &&
      says_temporary(constant)) {
    sum.is_temporary = true;
    sum.made_from = first.made_from.empty() ? first.key : first.made_from;
  } else {
    sum.made_from = second.made_from.empty() ? first.made_from : second.made_from;
  }
  sum.is_special = !has_unknown(sum.shape) && names_special(sum.shape);
  return sum;
}

std::string with_pattern(const Value& path) {
  const std::size_t slash = path.shape.find_last_of('/');
  const std::size_t key_slash = path.key.find_last_of('/');
  if (slash == std::string::npos || key_slash == std::string::npos) return path.key;
  Value name = path;
  name.shape = path.shape.substr(slash + 1);
  if (!is_pattern(name)) return path.key;
  return path.key.substr(0, key_slash + 1) + pattern_key(name);
}

Value folder_of(const Value& path) {
  Value folder = path;
  folder.is_folder = true;
  folder.is_whole_parameter = false;
  folder.made_from.clear();
  folder.is_regular = false;
  if (!path.key.empty()) folder.key = folder_key(path.key);
  const std::size_t slash = path.shape.find_last_of('/');
  if (slash != std::string::npos) {
    folder.shape = path.shape.substr(0, std::max<std::size_t>(slash, 1));
  } else {
    folder.shape = has_unknown(path.shape) ? std::string(1, unknown_part) : std::string(".");
  }
  return folder;
}

Value name_of(const Value& path) {
  Value name = path;
  name.is_folder = false;
  name.made_from = path.key;
  name.type = Type::text;
  name.is_whole_parameter = false;
  name.is_special = false;
  name.never_leaves = false;
  name.in_system_temp = false;
  name.shape = std::string(last_component(path.shape));
  if (!path.key.empty()) name.key = limited_key("name(" + path.key + ")");
  // What the path is says nothing of another file that gets the same name.
  name.words.clear();
  if (!has_unknown(name.shape)) {
    name.key = name.shape;
    add_words(name.shape, name.words);
  }
  return name;
}

Value with_suffix(const Value& path, const Value& suffix) {
  Value result = path;
  result.is_whole_parameter = false;
  result.is_regular = false;
  const std::string_view last = last_component(path.shape);
  const std::string_view extension = known_extension(last);
  const std::string stem = path.shape.substr(0, path.shape.size() - extension.size());
  result.shape = limited_shape(stem + suffix.shape);
  if (!extension.empty() && path.key.ends_with(extension)) {
    result.key = limited_key(path.key.substr(0, path.key.size() - extension.size()) + suffix.key);
  } else if (!path.key.empty()) {
    result.key = limited_key(path.key + ".with_suffix(" + suffix.key + ")");
  }
  for (const std::string& word : suffix.words) add_words(word, result.words);
  result.is_unique = path.is_unique || suffix.is_unique;
  result.is_stable = path.is_stable && suffix.is_stable;
  if (says_temporary(suffix.shape) || suffix.is_temporary) {
    result.is_temporary = true;
    result.made_from = path.key;
  }
  return result;
}

Value either(const Value& first, const Value& second) {
  if (first.type == Type::none) return second;
  if (second.type == Type::none) return first;
  Value both;
  both.type = first.type == second.type ? first.type : Type::unknown;
  if (first.type == Type::unknown || second.type == Type::unknown) {
    const Type known = first.type == Type::unknown ? second.type : first.type;
    if (known == Type::path || known == Type::text) both.type = known;
  }
  both.is_certain = first.is_certain && second.is_certain && first.type == second.type;
  both.is_stable = first.is_stable && second.is_stable;
  if (first.key == second.key) both.key = first.key;
  if (first.shape == second.shape) {
    both.shape = first.shape;
  } else {
    const std::string_view one = known_extension(last_component(first.shape));
    const std::string_view two = known_extension(last_component(second.shape));
    if (one == two && !one.empty()) both.shape += one;
  }
  take_over(first, both);
  take_over(second, both);
  both.has_other_source = both.has_other_source || (first.parameter < 0) != (second.parameter < 0);
  both.is_temporary = first.is_temporary && second.is_temporary;
  both.is_unique = first.is_unique && second.is_unique;
  both.never_leaves = first.never_leaves && second.never_leaves;
  both.in_system_temp = first.in_system_temp && second.in_system_temp;
  both.is_special = first.is_special && second.is_special;
  both.is_regular = first.is_regular && second.is_regular;
  both.is_whole_parameter =
      first.is_whole_parameter && second.is_whole_parameter && first.parameter == second.parameter;
  if (first.class_name == second.class_name) {
    both.class_name = first.class_name;
    both.class_scope = first.class_scope;
  }
  return both;
}

std::string_view constant_shape(const Value& value) noexcept {
  return has_unknown(value.shape) ? std::string_view() : std::string_view(value.shape);
}

PathFacts to_facts(const Value& value, std::string_view text) {
  PathFacts facts;
  facts.text = on_one_line(text);
  facts.key = value.key;
  facts.words = value.words;
  const std::string_view last = last_component(value.shape);
  if (!has_unknown(last) && last != "." && last != "..") facts.file_name = last;
  facts.extension = to_lower(known_extension(last));
  facts.parameter = value.parameter;
  facts.is_whole_parameter = value.is_whole_parameter;
  facts.is_unique = value.is_unique;
  facts.looks_temporary = value.is_temporary || says_temporary(last);
  if (facts.looks_temporary || facts.is_unique) facts.made_from = value.made_from;
  facts.never_leaves = value.never_leaves;
  facts.in_system_temp = value.in_system_temp;
  facts.is_special = value.is_special || names_terminal(value);
  facts.is_descriptor = value.type == Type::number;
  facts.certainly_path_object = value.type == Type::path && value.is_certain;
  facts.certainly_regular =
      !value.is_special && (value.is_regular || (!facts.extension.empty() && last.size() > 1));
  return facts;
}

}  // namespace untorn::languages
