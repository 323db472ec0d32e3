// SPDX-License-Identifier: Apache-2.0
#include "rules/role.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "rules/role_words.h"

namespace untorn::rules {
namespace {

using languages::Content;
using languages::PathFacts;

constexpr std::uint32_t executable_or_others_mask = 0177;

bool is_identifier_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '_' || letter == '.' ||
         static_cast<unsigned char>(letter) >= 0x80;
}

bool is_attribute_chain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_identifier_letter);
}

// `folder / name` → `name`, `os.path.join(folder, "x.json")` → `"x.json"`, `a.b.path` → `path`.
std::string_view last_part(std::string_view text) {
  while (!text.empty() && (text.back() == ')' || text.back() == ' ')) text.remove_suffix(1);
  const std::size_t cut = text.find_last_of("/,(");
  if (cut != std::string_view::npos) text.remove_prefix(cut + 1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (!is_attribute_chain(text)) return text;
  const std::size_t dot = text.rfind('.');
  return dot == std::string_view::npos ? text : text.substr(dot + 1);
}

// A history that nobody reads back is kept for people, if they can read it.
bool is_history_for_people(const RoleQuestion& question) {
  return question.target.read_back.empty() && question.content != Content::bytes &&
         question.content != Content::pickle;
}

bool says_history(const PathFacts& path) {
  return std::ranges::find(path.words, "history") != path.words.end();
}

std::vector<std::string> last_words(const PathFacts& path) {
  std::vector<std::string> words = split_words(last_part(path.text));
  for (std::string& word : split_words(path.file_name)) words.push_back(std::move(word));
  // What the ending says is asked for on its own.
  if (!path.extension.empty()) std::erase(words, path.extension.substr(1));
  return words;
}

// `config.output_path` is what the configuration names, and no configuration.
// The `source` of a copy is no source code, a name made unique by a pid is no pid file, a session
// and a progress are what a path is asked of, and what is made from a temporary need not be one.
std::vector<std::string> other_words(const PathFacts& path, bool is_published) {
  std::vector<std::string> words = path.words;
  for (const char* word : {"module", "pid", "progress", "session", "source", "src"})
    std::erase(words, word);
  if (!path.extension.empty()) std::erase(words, path.extension.substr(1));
  if (is_published)
    for (const char* word : {"temp", "temporary", "tmp"}) std::erase(words, word);
  const std::size_t dot = is_attribute_chain(path.text) ? path.text.rfind('.') : std::string::npos;
  if (dot == std::string::npos) return words;
  for (const std::string& word : split_words(std::string_view(path.text).substr(0, dot)))
    std::erase(words, word);
  return words;
}

std::string quoted(std::string_view before, std::string_view word) {
  return std::string(before) + " \"" + std::string(word) + '"';
}

RoleAnswer named(const NamedRole& found, std::string_view before) {
  const bool is_private = found.role == Role::temporary && !found.word.starts_with('.') &&
                          !found.word.starts_with("pid");
  return {found.role, false, is_private, quoted(before, found.word)};
}

RoleAnswer answer(Role role, std::string why) {
  return {role, false, false, std::move(why)};
}

RoleAnswer that_matters(std::string why) {
  return {Role::unknown, true, false, std::move(why)};
}

// What is called so matters even among temporaries.
bool outweighs_temporary(Role role) {
  constexpr std::array roles = {Role::temporary, Role::cache,      Role::state,
                                Role::config,    Role::credential, Role::registry};
  return std::ranges::find(roles, role) != roles.end();
}

// S1 to S3.
std::optional<RoleAnswer> role_by_path(const PathFacts& path, bool is_published,
                                       bool is_history_state) {
  if (const auto found = role_of_extension(path.extension))
    return named(*found, "the name ends in");
  std::vector<std::string> last = last_words(path);
  std::vector<std::string> others = other_words(path, is_published);
  if (!is_history_state) {
    std::erase(last, "history");
    std::erase(others, "history");
  }
  const bool is_temporary = path.looks_temporary && !is_published;
  for (const auto& words : {last, others}) {
    const auto found = role_of_words(words);
    if (found && (!is_temporary || outweighs_temporary(found->role)))
      return named(*found, "the path says");
  }
  if (is_temporary) return RoleAnswer{Role::temporary, false, true, "the path is a temporary's"};
  return std::nullopt;
}

// S5 to S7.
std::optional<RoleAnswer> role_by_file(const RoleQuestion& question) {
  if (question.permissions && *question.permissions != 0 &&
      (*question.permissions & executable_or_others_mask) == 0)
    return answer(Role::credential, "only its owner may read it");
  if (const auto found = suggested_role(question.target.path.extension))
    return named(*found, "the name ends in");
  switch (question.content) {
    case Content::ini:
    case Content::toml:
      return answer(Role::config, "it holds settings");
    case Content::csv:
      return answer(Role::report, "it holds a table");
    case Content::image:
      return answer(Role::report, "it holds a picture");
    default:
      return std::nullopt;
  }
}

// What is appended for people, and lies among logs, is one: also a log of prompts, or of reports.
std::optional<NamedRole> log_word(const PathFacts& path) {
  for (const std::string& word : path.words) {
    const auto found = role_of_words(std::span(&word, 1));
    if (found && found->role == Role::log) return found;
  }
  return std::nullopt;
}

bool is_kept(Role role) {
  return role != Role::document && role != Role::report && role != Role::unknown;
}

// Words that say what is done, and not to what: `store` as a verb makes no store. The token of a
// class is as often a parser's as a credential.
std::vector<std::string> nouns(std::string_view name) {
  std::vector<std::string> words = split_words(name);
  for (const char* word : {"module", "token"}) std::erase(words, word);
  std::erase_if(
      words, [](const std::string& word) { return keeping_word(std::span(&word, 1)).has_value(); });
  return words;
}

struct Split {
  std::string_view owner;
  std::string_view last;
};

Split split_last(std::string_view dotted) {
  const std::size_t dot = dotted.rfind('.');
  if (dot == std::string_view::npos) return {{}, dotted};
  return {dotted.substr(0, dot), dotted.substr(dot + 1)};
}

// What a folder of modules is called says less than what a module is called.
bool says_what_modules_keep(Role role) {
  constexpr std::array roles = {Role::state, Role::config, Role::registry, Role::credential,
                                Role::cache, Role::log,    Role::backup};
  return std::ranges::find(roles, role) != roles.end();
}

// S8.
std::optional<RoleAnswer> role_by_names(const RoleQuestion& question) {
  const auto role_of_name = [&](std::string_view name) {
    std::vector<std::string> words = nouns(name);
    if (is_history_for_people(question)) std::erase(words, "history");
    return role_of_words(words);
  };
  const std::array functions = {split_last(question.function), split_last(question.writer)};
  for (const Split& function : functions)
    if (const auto found = role_of_name(function.last))
      return named(*found, "the function's name says");
  for (const Split& function : functions)
    if (const auto found = role_of_name(function.owner))
      return named(*found, "the class's name says");
  for (const std::string_view module : {question.module, question.writer_module})
    if (const auto found = role_of_name(split_last(module).last))
      return named(*found, "the module's name says");
  const auto package = role_of_name(split_last(split_last(question.module).owner).last);
  if (package && says_what_modules_keep(package->role))
    return named(*package, "the package's name says");
  return std::nullopt;
}

std::optional<std::string_view> structure(Content content) {
  switch (content) {
    case Content::json:
      return "it holds JSON";
    case Content::yaml:
      return "it holds YAML";
    case Content::pickle:
      return "it holds pickled objects";
    case Content::toml:
    case Content::ini:
      return "it holds settings";
    default:
      return std::nullopt;
  }
}

RoleAnswer unknown_role(const RoleQuestion& question) {
  if (const auto phrase = structure(question.content)) return that_matters(std::string(*phrase));
  if (question.target.edited_at != 0)
    return that_matters("edited in place: read at line " +
                        std::to_string(question.target.edited_at));
  if (question.is_updated) return that_matters("a part of it is overwritten");
  const std::vector<std::string> words = split_words(split_last(question.function).last);
  if (const auto word = keeping_word(words))
    return that_matters(quoted("the function's name says", *word));
  return answer(Role::unknown, "nothing says what the file is");
}

// S4 against S2 and S3: what is structured and loaded again is no log, and no document.
bool yields_to_reader(Role role, Content content) {
  if (role == Role::state || role == Role::report) return true;
  return (role == Role::log || role == Role::document) && structure(content).has_value();
}

// What a class or module of that name writes is read back, and no state for it.
bool is_read_back_too(Role role) {
  constexpr std::array roles = {Role::config, Role::registry, Role::credential, Role::cache};
  return std::ranges::find(roles, role) != roles.end();
}

}  // namespace

RoleAnswer decide_role(const RoleQuestion& question) {
  const std::string& read_back = question.target.read_back;
  if (question.target.in_temporary && !question.is_published)
    return {Role::temporary, false, true, "the caller passes a temporary's path"};
  std::optional<RoleAnswer> found =
      role_by_path(question.target.path, question.is_published, !is_history_for_people(question));
  if (question.is_appended && is_history_for_people(question) && (!found || !is_kept(found->role)))
    if (const auto log = log_word(question.target.path)) return named(*log, "the path says");
  const bool may_be_state = !found || yields_to_reader(found->role, question.content);
  const std::optional<RoleAnswer> names = role_by_names(question);
  if (!read_back.empty() && may_be_state) {
    if (!found && names && is_read_back_too(names->role)) return *names;
    return answer(Role::state, "read back by " + read_back);
  }
  if (!found && question.is_appended && says_history(question.target.path))
    found = answer(Role::log, "appended to, and never read back");
  // Who renames a lock file takes a lock: there is nothing in it to lose.
  if (!found && question.is_published && question.target.path.extension == ".lock" &&
      !structure(question.content))
    return {Role::temporary, false, true, "the name ends in \".lock\""};
  if (!found) found = role_by_file(question);
  if (!found) found = names;
  return found ? *std::move(found) : unknown_role(question);
}

RoleAnswer flaw_role(const LinkedFile& file, std::uint32_t index) {
  const languages::RecoveryFlaw& flaw = file.source.facts.recovery_flaws[index];
  const std::string& writer = file.flaws[index].written_by;
  const std::optional<RoleAnswer> found = role_by_path(flaw.target, false, true);
  if (found && !yields_to_reader(found->role, Content::json)) return *found;
  return answer(Role::state, writer.empty() ? "loaded by the program" : "written by " + writer);
}

Severity severity_of(const RoleAnswer& answer) noexcept {
  switch (answer.role) {
    case Role::state:
    case Role::config:
    case Role::registry:
    case Role::credential:
      return Severity::critical;
    case Role::code:
    case Role::patch:
      return Severity::high;
    case Role::backup:
    case Role::document:
    case Role::log:
    case Role::report:
      return Severity::medium;
    case Role::cache:
    case Role::temporary:
      return Severity::low;
    case Role::unknown:
      return answer.matters ? Severity::high : Severity::medium;
  }
  return Severity::medium;
}

}  // namespace untorn::rules
