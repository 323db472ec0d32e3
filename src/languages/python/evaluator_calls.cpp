// SPDX-License-Identifier: Apache-2.0
//
// What calls mean: os.path, pathlib, tempfile, texts, and functions of the same file.
#include <algorithm>
#include <array>

#include "languages/python/evaluator.h"
#include "languages/python/text.h"

namespace untorn::languages {
namespace {

template <std::size_t Size>
bool is_one_of(std::string_view name, const std::array<std::string_view, Size>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What gives the same file by another spelling.
bool is_same_path(std::string_view api) {
  static constexpr std::array<std::string_view, 13> names = {"os.path.abspath",
                                                             "os.path.realpath",
                                                             "os.path.normpath",
                                                             "os.path.expanduser",
                                                             "os.path.expandvars",
                                                             "os.fspath",
                                                             "str",
                                                             "os.path.normcase",
                                                             "os.fsencode",
                                                             "os.fsdecode",
                                                             "typing.cast",
                                                             "unicode",
                                                             "os.path.relpath"};
  return is_one_of(api, names);
}

// What keeps the items of its argument.
bool is_same_items(std::string_view api) {
  static constexpr std::array<std::string_view, 6> names = {"list",     "sorted", "set",
                                                            "reversed", "tuple",  "iter"};
  return is_one_of(api, names);
}

// What makes a name that nothing else has, or had at another time.
bool is_unique_source(std::string_view api) {
  static constexpr std::array<std::string_view, 6> prefixes = {
      "uuid.uuid", "secrets.", "random.", "time.", "datetime.", "os.urandom"};
  return api == "os.getpid" || api == "threading.get_ident" ||
         std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return api.starts_with(prefix); });
}

// Conversions that projects write for themselves: the path stays the same.
bool is_conversion(std::string_view name) {
  static constexpr std::array<std::string_view, 10> names = {
      "to_bytes",    "to_text",       "to_native", "to_unicode", "ensure_str",
      "ensure_text", "ensure_binary", "to_str",    "text_type",  "fspath"};
  return is_one_of(name, names);
}

bool has_word(const std::vector<std::string>& words, std::string_view wanted) {
  return std::find(words.begin(), words.end(), wanted) != words.end();
}

// A class such as TempDirectory, of whatever project.
bool names_temporary_folder(std::string_view name) {
  std::vector<std::string> words;
  add_words(name, words);
  const bool is_temporary =
      has_word(words, "temp") || has_word(words, "tmp") || has_word(words, "temporary");
  return is_temporary &&
         (has_word(words, "dir") || has_word(words, "directory") || has_word(words, "folder"));
}

// By the custom of Python alone.
bool names_class(std::string_view name) {
  return name.size() > 1 && name[0] >= 'A' && name[0] <= 'Z';
}

}  // namespace

Value Evaluator::argument_value(const CallArguments& arguments, std::size_t position,
                                std::string_view name) {
  const CallArgument* const argument = arguments.find(position, name);
  return argument == nullptr || argument->starred ? Value{} : value(argument->value);
}

Value Evaluator::call_value(NodeId call) {
  const NodeId called = bare(tree_.child(call, grammar_.function));
  if (called == NodeId::none) return {};
  const CallArguments arguments = call_arguments(tree_, call);
  const std::string api = dotted(called);
  if (!api.empty()) {
    if (std::optional<Value> known = api_value(call, api, arguments)) return std::move(*known);
  } else if (tree_.kind(called) == grammar_.attribute) {
    if (std::optional<Value> known = method_value(call, arguments)) return std::move(*known);
  }
  const Callee found = callee(called);
  if (found.kind == Callee::Kind::local) return local_call_value(found, arguments);
  if (is_conversion(called_name(tree_, call)) && !arguments.all.empty()) {
    Value same = argument_value(arguments, 0, "");
    same.type = same.type == Type::path ? Type::text : same.type;
    return same;
  }
  Value result = unknown_call_value(call, arguments);
  const bool is_class = names_class(called_name(tree_, call));
  if (is_class && names_temporary_folder(called_name(tree_, call))) {
    result.type = Type::temporary_folder;
    result.is_temporary = result.is_unique = result.never_leaves = true;
    return result;
  }
  if (found.kind != Callee::Kind::unknown && names_class(last_word_of(found.name))) {
    result.type = Type::instance;
    result.class_name = found.name;
  }
  return result;
}

Value Evaluator::join_all(const CallArguments& arguments, Type type, bool is_certain) {
  Value joined;
  bool is_first = true;
  for (const CallArgument& argument : arguments.all) {
    if (!argument.name.empty()) continue;
    Value part = argument.starred ? Value{} : value(argument.value);
    if (argument.starred) part.words = value(argument.value).words;
    joined = is_first ? std::move(part) : join_path(joined, part);
    is_first = false;
  }
  if (is_first) joined = constant_value(".");
  joined.type = type;
  joined.is_certain = is_certain;
  return joined;
}

std::optional<Value> Evaluator::api_value(NodeId call, std::string_view api,
                                          const CallArguments& arguments) {
  if (std::optional<Value> known = path_api_value(api, arguments)) return known;
  if (std::optional<Value> known = temporary_value(call, api, arguments)) return known;
  Value result;
  if (is_unique_source(api)) {
    result = unknown_call_value(call, arguments);
    result.is_unique = true;
    return result;
  }
  if (is_same_items(api)) return argument_value(arguments, 0, "iterable");
  if (api == "glob.glob" || api == "glob.iglob") {
    result = argument_value(arguments, 0, "pathname");
    if (const std::string_view pattern = constant_shape(result); !pattern.empty()) {
      result.shape = glob_shape(pattern);
    } else {
      result.shape = glob_shape(result.shape);
    }
    result.type = Type::texts;
    result.is_regular = true;
    return result;
  }
  if (api == "os.listdir" || api == "os.scandir") {
    Value item;
    take_over(argument_value(arguments, 0, "path"), item);
    item.type = Type::texts;
    return item;
  }
  if (api == "os.walk") {
    result = argument_value(arguments, 0, "top");
    result.type = Type::walk;
    result.shape = std::string(1, unknown_part);
    result.is_whole_parameter = false;
    return result;
  }
  if (api == "open" || api == "io.open" || api == "codecs.open" || api == "os.fdopen" ||
      api == "gzip.open" || api == "bz2.open" || api == "lzma.open") {
    result = argument_value(arguments, 0, "file");
    result.type = Type::handle;
    return result;
  }
  if (api == "os.open" || api == "os.dup" || api == "os.pipe" || api == "os.openpty" ||
      api == "pty.openpty" || api == "os.memfd_create" || api == "os.pidfd_open") {
    result.type = Type::number;
    return result;
  }
  return std::nullopt;
}

std::optional<Value> Evaluator::path_api_value(std::string_view api,
                                               const CallArguments& arguments) {
  if (api == "pathlib.Path" || api == "pathlib.PurePath" || api == "pathlib.PurePosixPath") {
    return join_all(arguments, Type::path, true);
  }
  if (api == "os.path.join") return join_all(arguments, Type::text, true);
  if (is_same_path(api)) {
    const std::size_t position = api == "typing.cast" ? 1 : 0;
    Value same = argument_value(arguments, position, "path");
    if (api != "typing.cast" && same.type != Type::text) {
      same.is_certain = same.type == Type::path;
      same.type = Type::text;
    }
    return same;
  }
  if (api == "os.path.dirname") {
    Value folder = folder_of(argument_value(arguments, 0, "p"));
    folder.type = Type::text;
    return folder;
  }
  if (api == "os.path.basename") return name_of(argument_value(arguments, 0, "p"));
  if (api == "os.path.splitext" || api == "os.path.split") {
    const Value whole = argument_value(arguments, 0, "p");
    Value head = api == "os.path.split" ? folder_of(whole) : with_suffix(whole, constant_value(""));
    if (api == "os.path.splitext") head.made_from = whole.key;
    head.type = Type::pair;
    return head;
  }
  const auto place = [](std::string_view name, Type type) {
    Value folder = constant_value(name, type);
    folder.words.clear();
    folder.shape = std::string(1, unknown_part);
    return folder;
  };
  if (api == "pathlib.Path.home") return place("~", Type::path);
  if (api == "pathlib.Path.cwd") return constant_value(".", Type::path);
  if (api == "os.getcwd" || api == "os.getcwdu") return constant_value(".", Type::text);
  if (api == "os.environ.get" || api == "os.getenv") {
    Value variable = argument_value(arguments, 0, "key");
    variable.key = "$" + variable.key;
    variable.shape = std::string(1, unknown_part);
    variable.is_certain = variable.is_special = false;
    return variable;
  }
  return std::nullopt;
}

// mkstemp, mkdtemp and what else makes or names temporaries.
std::optional<Value> Evaluator::temporary_value(NodeId call, std::string_view api,
                                                const CallArguments& arguments) {
  if (!api.starts_with("tempfile.")) return std::nullopt;
  const std::string_view name = api.substr(9);
  Value result;
  result.type = Type::text;
  result.is_certain = true;
  result.is_temporary = true;
  result.is_unique = name != "gettempdir" && name != "gettempdirb";
  result.is_stable = true;
  result.key = result.is_unique ? std::string(name) + "@" + std::to_string(tree_.span(call).begin) +
                                      " of " + module_.name()
                                : std::string("/tmp");
  add_words("temporary", result.words);
  // mkstemp(suffix, prefix, dir), NamedTemporaryFile(mode, buffering, …, suffix, prefix, dir)
  const bool is_file =
      name == "NamedTemporaryFile" || name == "TemporaryFile" || name == "SpooledTemporaryFile";
  const CallArgument* const dir = arguments.find(is_file ? 6 : 2, "dir");
  const bool in_system_temp = dir == nullptr || tree_.kind(dir->value) == grammar_.none;
  if (in_system_temp) {
    result.in_system_temp = true;
    result.never_leaves = true;
  } else {
    const Value& folder = value(dir->value);
    take_over(folder, result);
    result.never_leaves = folder.never_leaves;
    result.in_system_temp = folder.in_system_temp;
  }
  for (const std::string_view part : {std::string_view("prefix"), std::string_view("suffix")}) {
    const std::size_t position = name == "mkstemp" || name == "mkdtemp" ? (part == "prefix") : 99;
    const Value affix = argument_value(arguments, position, part);
    for (const std::string& word : affix.words) add_words(word, result.words);
    if (part == "suffix") result.shape += constant_shape(affix);
  }
  if (name == "mkstemp") {
    result.type = Type::descriptor_and_path;
  } else if (is_file) {
    result.type = Type::temporary_file;
    const CallArgument* const remove = arguments.find(99, "delete");
    const CallArgument* const later = arguments.find(99, "delete_on_close");
    if (remove == nullptr && later == nullptr) result.never_leaves = true;
    if (remove != nullptr && tree_.kind(remove->value) == grammar_.true_literal)
      result.never_leaves = true;
  } else if (name == "TemporaryDirectory") {
    result.type = Type::temporary_folder;
    result.never_leaves = true;
  } else if (name == "mkdtemp" || name == "gettempdir" || name == "gettempdirb") {
    result.never_leaves = true;
  } else if (name != "mktemp") {
    return std::nullopt;
  }
  return result;
}

}  // namespace untorn::languages
