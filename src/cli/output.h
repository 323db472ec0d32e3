// SPDX-License-Identifier: Apache-2.0
//
// Where a command's words go: results to stdout or to the file of --output, messages to stderr.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "report/json.h"
#include "untorn/error.h"

namespace untorn::cli {

enum class Style : std::uint8_t { bold, red, green, yellow, dim };

class Output {
 public:
  // Tries the file of --output, so that what can be refused is refused before the work begins.
  [[nodiscard]] static Result<Output> open(const CommonFlags& common);
  Output(Output&&) noexcept;
  Output& operator=(Output&&) noexcept;
  ~Output();

  // A line to stderr, unless --quiet.
  void message(std::string_view line) const;
  // The same, introduced by "warning:".
  void warning(std::string_view line) const;
  // A line to stderr, introduced by "error:", even with --quiet.
  void error(std::string_view line) const;

  // Collects a part of the result. Nothing is visible before finish().
  void result(std::string_view text);
  // Gives up the file of --output, which keeps what it holds; the result then goes to stdout.
  void abandon_file() noexcept;
  // Delivers the result: to the file, replaced whole, or to stdout. A reader that has gone away
  // (EPIPE) is no failure. On failure says so on stderr and returns false.
  [[nodiscard]] bool finish();

  [[nodiscard]] bool json() const noexcept;
  [[nodiscard]] bool quiet() const noexcept;
  [[nodiscard]] bool to_file() const noexcept;
  [[nodiscard]] bool result_in_color() const noexcept;
  [[nodiscard]] bool messages_in_color() const noexcept;

 private:
  struct State;
  explicit Output(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

// `text` between the escape sequences of `style`, or as it is when `colored` is false.
[[nodiscard]] std::string paint(Style style, std::string_view text, bool colored);

// A path as a JSON document names it.
struct NamedPath {
  std::string root;  // the folder that holds it, absolute
  std::string path;  // relative to root, with '/'
};
[[nodiscard]] NamedPath named_path(const std::string& path);

// The "error" object of a document: code, step, outcome, advice, message, path.
void write_error(report::JsonWriter& json, const Error& error, std::string_view path);

// A whole document for an error that no library call made, such as wrong usage.
struct ToolError {
  std::string code = "invalid_argument";
  std::string step = "usage";
  std::string message = {};
  std::string path = {};
};
[[nodiscard]] std::string error_document(std::string_view command, const ToolError& error);

}  // namespace untorn::cli
