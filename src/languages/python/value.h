// SPDX-License-Identifier: Apache-2.0
//
// What is known of the value of an expression, as far as it may name a file.
//
// A value is a pattern and not a text: `shape` holds unknown_part where the source does not show
// what stands there, so "\1/state.json" is a file of that name in some folder.
//
// Threads: plain values.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "languages/facts.h"
#include "languages/python/module.h"

namespace untorn::languages {

enum class Type : std::uint8_t {
  unknown,
  none,
  path,                 // a pathlib path
  text,                 // str; also what os.path and tempfile give
  bytes,                // bytes
  number,               // an int: a descriptor, where a path is asked for
  handle,               // an open file
  temporary_file,       // of NamedTemporaryFile: its .name is the path that the value describes
  temporary_folder,     // of TemporaryDirectory: the same
  paths,                // items are paths as described
  texts,                // items are texts as described
  walk,                 // of os.walk: items are (folder as described, names, names)
  descriptor_and_path,  // of mkstemp
  pair,                 // of os.path.split and splitext: (as described, the rest)
  instance,             // of a class of the project, or of a module that we do not know
  other,                // surely no name of a file: a list, a lambda, True
};

struct Value {
  Type type = Type::unknown;
  bool is_certain = false;  // of that type whatever the run does
  // As PathFacts::key.
  std::string key;
  bool is_stable = false;      // evaluated again elsewhere, the key means the same file
  bool has_parameter = false;  // some part of the key is a parameter
  std::string shape = "\x01";
  std::vector<std::string> words;
  std::int32_t parameter = -1;
  bool is_whole_parameter = false;
  bool has_other_source = false;  // it may be something that has nothing to do with `parameter`
  std::string made_from;
  bool is_temporary = false;
  bool is_unique = false;
  bool never_leaves = false;
  bool in_system_temp = false;
  bool is_special = false;
  bool is_regular = false;
  bool is_member = false;  // an attribute of an object whose class is known, but not this attribute
  bool is_folder = false;  // the parent of a path
  bool is_result = false;  // of a call that is not known
  // Of an instance: the class, as Call::callee names it; and its scope if it is of this file.
  std::string class_name;
  ScopeId class_scope = ScopeId::none;
};

[[nodiscard]] Value unknown_value();
// A constant text.
[[nodiscard]] Value constant_value(std::string_view text, Type type = Type::text);

// folder / name, as os.path.join and pathlib do it: an absolute name stands alone.
[[nodiscard]] Value join_path(const Value& folder, const Value& name);
// first + second.
[[nodiscard]] Value concatenate(const Value& first, const Value& second);
// The key of a path whose last component is made of parts, with "*" for what is not known there.
[[nodiscard]] std::string with_pattern(const Value& path);
// The folder of a path.
[[nodiscard]] Value folder_of(const Value& path);
// The last component of a path, as text.
[[nodiscard]] Value name_of(const Value& path);
// with_suffix(suffix).
[[nodiscard]] Value with_suffix(const Value& path, const Value& suffix);
// The shape of what "%s.json" % … and "{}.json".format(…) give.
[[nodiscard]] std::string without_holes(std::string_view pattern);
// The shape of what a pattern of glob finds.
[[nodiscard]] std::string glob_shape(std::string_view pattern);
// One or the other: what is known of both.
[[nodiscard]] Value either(const Value& first, const Value& second);
// Adds the marks and the parameter that `part` brings into a value made from it.
void take_marks(const Value& part, Value& whole);
// The same, and the words.
void take_over(const Value& part, Value& whole);

// The constant text that the shape is, or empty if some of it is unknown.
[[nodiscard]] std::string_view constant_shape(const Value& value) noexcept;

// `text` is the expression as written.
[[nodiscard]] PathFacts to_facts(const Value& value, std::string_view text);

}  // namespace untorn::languages
