// SPDX-License-Identifier: Apache-2.0
#include "rules/role_words.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace untorn::rules {
namespace {

struct Word {
  Role role;
  std::string_view word;
};

// By role, the first that matches wins: a log of a state is a log, a cached token is a token.
constexpr auto words = std::to_array<Word>({
    {Role::credential, "apikey"},
    {Role::credential, "cookie"},
    {Role::credential, "cookies"},
    {Role::credential, "credential"},
    {Role::credential, "keyfile"},
    {Role::credential, "keyring"},
    {Role::credential, "keystore"},
    {Role::credential, "netrc"},
    {Role::credential, "passwd"},
    {Role::credential, "password"},
    {Role::credential, "secret"},
    {Role::credential, "token"},
    {Role::credential, "wallet"},
    {Role::cache, "cache"},
    {Role::cache, "cached"},
    {Role::cache, "pycache"},
    {Role::temporary, "pid"},
    {Role::temporary, "pidfile"},
    {Role::temporary, "scratch"},
    {Role::temporary, "temp"},
    {Role::temporary, "temporary"},
    {Role::temporary, "tmp"},
    {Role::backup, "backup"},
    {Role::backup, "bak"},
    {Role::log, "audit"},
    {Role::log, "debug"},
    {Role::log, "debugging"},
    {Role::log, "log"},
    {Role::log, "logfile"},
    {Role::log, "logger"},
    {Role::log, "logging"},
    {Role::log, "trace"},
    {Role::log, "traceback"},
    {Role::log, "transcript"},
    {Role::patch, "diff"},
    {Role::patch, "patch"},
    {Role::patch, "patched"},
    {Role::registry, "catalog"},
    {Role::registry, "catalogue"},

    {Role::registry, "lockfile"},
    {Role::registry, "manifest"},
    {Role::registry, "registry"},
    {Role::config, "cfg"},
    {Role::config, "conf"},
    {Role::config, "config"},
    {Role::config, "configuration"},
    {Role::config, "dotenv"},
    {Role::config, "preference"},
    {Role::config, "prefs"},
    {Role::config, "rcfile"},
    {Role::config, "setting"},
    {Role::config, "inifile"},
    {Role::state, "checkpoint"},
    {Role::state, "counter"},
    {Role::state, "database"},
    {Role::state, "db"},
    {Role::state, "history"},
    {Role::state, "journal"},
    {Role::state, "ledger"},
    {Role::state, "memory"},
    {Role::state, "progress"},
    {Role::state, "queue"},
    {Role::state, "session"},
    {Role::state, "snapshot"},
    {Role::state, "state"},
    {Role::state, "storage"},
    {Role::state, "store"},
    {Role::code, "code"},
    {Role::code, "module"},
    {Role::code, "script"},
    {Role::code, "source"},
    {Role::code, "src"},
    {Role::document, "changelog"},
    {Role::document, "doc"},
    {Role::document, "document"},
    {Role::document, "documentation"},
    {Role::document, "html"},
    {Role::document, "markdown"},
    {Role::document, "note"},
    {Role::document, "prompt"},
    {Role::document, "readme"},
    {Role::document, "rst"},
    {Role::report, "chart"},
    {Role::report, "csv"},
    {Role::report, "dump"},
    {Role::report, "export"},
    {Role::report, "figure"},
    {Role::report, "metrics"},
    {Role::report, "outfile"},
    {Role::report, "output"},
    {Role::report, "plot"},
    {Role::report, "profile"},
    {Role::report, "report"},
    {Role::report, "result"},
    {Role::report, "statistics"},
    {Role::report, "stats"},
    {Role::report, "summary"},
});

// Never anything else, whatever the other words say.
constexpr auto certain_extensions = std::to_array<Word>({
    {Role::code, ".bash"},      {Role::code, ".bat"},       {Role::code, ".c"},
    {Role::code, ".cc"},        {Role::code, ".cpp"},       {Role::code, ".cs"},
    {Role::code, ".css"},       {Role::code, ".cxx"},       {Role::code, ".go"},
    {Role::code, ".h"},         {Role::code, ".hpp"},       {Role::code, ".java"},
    {Role::code, ".js"},        {Role::code, ".jsx"},       {Role::code, ".kt"},
    {Role::code, ".lua"},       {Role::code, ".php"},       {Role::code, ".pl"},
    {Role::code, ".ps1"},       {Role::code, ".py"},        {Role::code, ".pyi"},
    {Role::code, ".pyx"},       {Role::code, ".rb"},        {Role::code, ".rs"},
    {Role::code, ".scala"},     {Role::code, ".sh"},        {Role::code, ".sql"},
    {Role::code, ".swift"},     {Role::code, ".ts"},        {Role::code, ".tsx"},
    {Role::patch, ".diff"},     {Role::patch, ".patch"},    {Role::log, ".log"},
    {Role::backup, ".bak"},     {Role::backup, ".orig"},    {Role::backup, ".backup"},
    {Role::cache, ".cache"},    {Role::cache, ".pyc"},      {Role::temporary, ".part"},
    {Role::temporary, ".pid"},  {Role::temporary, ".temp"}, {Role::temporary, ".tmp"},
    {Role::credential, ".p12"}, {Role::credential, ".pem"}, {Role::credential, ".pfx"},
    {Role::config, ".cfg"},     {Role::config, ".conf"},    {Role::config, ".env"},
    {Role::config, ".ini"},     {Role::config, ".toml"},
});

constexpr auto suggesting_extensions = std::to_array<Word>({
    {Role::state, ".db"},       {Role::state, ".sqlite"}, {Role::state, ".sqlite3"},
    {Role::document, ".adoc"},  {Role::document, ".htm"}, {Role::document, ".html"},
    {Role::document, ".md"},    {Role::document, ".pdf"}, {Role::document, ".rst"},
    {Role::document, ".tex"},   {Role::document, ".txt"}, {Role::log, ".jsonl"},
    {Role::log, ".err"},        {Role::log, ".out"},      {Role::report, ".csv"},
    {Role::report, ".gif"},     {Role::report, ".jpeg"},  {Role::report, ".jpg"},
    {Role::report, ".parquet"}, {Role::report, ".png"},   {Role::report, ".svg"},
    {Role::report, ".tsv"},     {Role::report, ".xlsx"},  {Role::temporary, ".lock"},
});

constexpr auto keeping = std::to_array<std::string_view>(
    {"checkpoint", "commit", "persist", "record", "remember", "save", "store", "update"});

bool is_upper(char letter) {
  return letter >= 'A' && letter <= 'Z';
}
bool is_lower(char letter) {
  return letter >= 'a' && letter <= 'z';
}
// Singular and plural count alike, unless the plural is another word: tokens are what a parser
// reads, and a class of notes is no note.
bool same_word(std::string_view known, std::string_view word) {
  if (known == word) return true;
  if (known == "token" || known == "history" || known.ends_with('s')) return false;
  if (known.ends_with('y'))
    return word.size() == known.size() + 2 && word.starts_with(known.substr(0, known.size() - 1)) &&
           word.ends_with("ies");
  const bool has_known = word.starts_with(known);
  const std::string_view rest = has_known ? word.substr(known.size()) : std::string_view{};
  return rest == "s" || (rest == "es" && known.ends_with('h'));
}

template <std::size_t Size>
std::optional<NamedRole> find_extension(const std::array<Word, Size>& table,
                                        std::string_view extension) {
  const auto found = std::ranges::find(table, extension, &Word::word);
  if (found == table.end()) return std::nullopt;
  return NamedRole{found->role, found->word};
}

}  // namespace

std::optional<NamedRole> role_of_words(std::span<const std::string> given) {
  for (const Word& known : words) {
    const auto matches = [&](const std::string& word) { return same_word(known.word, word); };
    if (std::ranges::any_of(given, matches)) return NamedRole{known.role, known.word};
  }
  return std::nullopt;
}

std::optional<NamedRole> role_of_extension(std::string_view extension) {
  return find_extension(certain_extensions, extension);
}

std::optional<NamedRole> suggested_role(std::string_view extension) {
  return find_extension(suggesting_extensions, extension);
}

std::optional<std::string_view> keeping_word(std::span<const std::string> given) {
  const auto found = std::ranges::find_if(keeping, [&](std::string_view known) {
    return std::ranges::find(given, known) != given.end();
  });
  return found == keeping.end() ? std::nullopt : std::optional(*found);
}

std::vector<std::string> split_words(std::string_view name) {
  std::vector<std::string> result;
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) result.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t at = 0; at < name.size(); ++at) {
    const char letter = name[at];
    const bool follows_lower = at > 0 && (is_lower(name[at - 1]) || is_digit(name[at - 1]));
    const bool precedes_lower = at + 1 < name.size() && is_lower(name[at + 1]);
    const bool follows_upper = at > 0 && is_upper(name[at - 1]);
    if (is_upper(letter) && (follows_lower || (follows_upper && precedes_lower))) finish();
    if (is_upper(letter))
      word += static_cast<char>(letter - 'A' + 'a');
    else if (is_lower(letter) || static_cast<unsigned char>(letter) >= 0x80)
      word += letter;
    else
      finish();
  }
  finish();
  return result;
}

}  // namespace untorn::rules
