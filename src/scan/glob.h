// SPDX-License-Identifier: Apache-2.0
//
// One pattern of the kind that .gitignore holds.
//
//   const Glob glob = *Glob::parse("/build/**/*.py");
//   glob.matches("build/lib/a.py", false);
//
// The rules are git's, byte by byte: `*`, `?`, `[a-z]`, `[!a-z]` and `[[:alpha:]]` never match a
// slash; `**/`, `/**/` and `/**` stand for folders; a slash inside or in front ties the pattern to
// its folder, otherwise it speaks of the last component; a slash at the end asks for a folder; `!`
// in front takes back what an earlier pattern said; a backslash takes the next byte as it is.
// A pattern that git would never match (an open bracket, a backslash at the end) never matches.
//
// The time to match grows with the length of pattern times the length of path, whatever they hold.
// Threads: immutable.
#pragma once
#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::scan {

class Glob {
 public:
  // One line of a .gitignore, without its line end. Nothing for an empty line or a comment.
  [[nodiscard]] static std::optional<Glob> parse(std::string_view line);

  // `path` is relative to the folder of the pattern, with '/', without one at either end.
  [[nodiscard]] bool matches(std::string_view path, bool is_directory) const;
  // The same for the path of a file, or for a folder that holds it.
  [[nodiscard]] bool matches_within(std::string_view path) const;

  [[nodiscard]] bool negated() const noexcept { return negated_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  enum class Kind : std::uint8_t {
    byte,
    one,      // ?
    set,      // [a-z]
    star,     // *
    folders,  // **/ : nothing, or anything up to a slash
    rest,     // /** : everything, slashes too
  };
  struct Token {
    Kind kind = Kind::byte;
    char byte = 0;
    std::uint32_t set = 0;  // index in sets_
  };
  using Set = std::bitset<256>;

  void compile(std::string_view pattern);
  // Of what stands between brackets; the index behind them, or nothing if they stay open.
  [[nodiscard]] std::optional<std::size_t> compile_set(std::string_view pattern, std::size_t at);
  [[nodiscard]] bool consumes(const Token& token, char byte) const;
  [[nodiscard]] bool run(std::string_view path) const;

  std::string text_;
  std::string literal_;  // the whole pattern, or what follows its one leading star
  std::vector<Token> tokens_;
  std::vector<Set> sets_;
  enum class Shape : std::uint8_t { general, exact, suffix, never } shape_ = Shape::general;
  bool negated_ = false;
  bool directory_only_ = false;
  bool tied_ = false;  // to its folder: the whole path must match, not the last component
};

// What a list of patterns says, the last that matches deciding.
enum class Verdict : std::uint8_t { silent, excluded, included };
[[nodiscard]] Verdict judge(const std::vector<Glob>& globs, std::string_view path,
                            bool is_directory);

// The patterns of a whole .gitignore: a byte order mark and carriage returns are left out.
[[nodiscard]] std::vector<Glob> parse_globs(std::string_view text);

}  // namespace untorn::scan
