// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "cli/interrupt.h"
#include "untorn/replace.h"

namespace untorn::cli {
namespace {

// A report can be made again, so a whole version is enough and no flush is paid for it.
ReplaceOptions file_options() {
  return {.durability = Durability::ordered};
}

bool set_and_not_empty(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

// The flag decides; then NO_COLOR; then FORCE_COLOR; then whether a terminal shows it.
bool wants_color(const std::string& flag, int descriptor) {
  if (flag != "auto") return flag == "always";
  if (set_and_not_empty("NO_COLOR")) return false;
  if (set_and_not_empty("FORCE_COLOR")) return std::strcmp(std::getenv("FORCE_COLOR"), "0") != 0;
  const char* terminal = std::getenv("TERM");
  if (terminal != nullptr && std::strcmp(terminal, "dumb") == 0) return false;
  return isatty(descriptor) == 1;
}

// Messages must not stop the work: a stderr that is closed or full loses them.
void to_stderr(const std::string& line) {
  (void)std::fwrite(line.data(), 1, line.size(), stderr);
  (void)std::fflush(stderr);
}

std::string_view escape_of(Style style) {
  switch (style) {
    case Style::bold:
      return "\x1b[1m";
    case Style::red:
      return "\x1b[1;31m";
    case Style::green:
      return "\x1b[1;32m";
    case Style::yellow:
      return "\x1b[1;33m";
    case Style::dim:
      return "\x1b[2m";
  }
  return "";
}

}  // namespace

struct Output::State {
  bool json = false;
  bool quiet = false;
  bool result_in_color = false;
  bool messages_in_color = false;
  std::string text;
  std::optional<std::string> file;
};

Output::Output(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Output::Output(Output&&) noexcept = default;
Output& Output::operator=(Output&&) noexcept = default;
Output::~Output() = default;

Result<Output> Output::open(const CommonFlags& common) {
  auto state = std::make_unique<State>();
  state->json = common.format == "json";
  state->quiet = common.quiet;
  state->messages_in_color = wants_color(common.color, STDERR_FILENO);
  state->result_in_color =
      common.output ? common.color == "always" : wants_color(common.color, STDOUT_FILENO);
  if (common.output) {
    // Only tried, and given up at once: no temporary lies there while the work goes on.
    const DelayedSignals no_litter;
    if (auto file = FileReplacer::open(*common.output, file_options()); !file) {
      return std::unexpected(file.error());
    }
    state->file = common.output;
  }
  return Output(std::move(state));
}

void Output::message(std::string_view line) const {
  if (!state_->quiet) to_stderr("untorn: " + std::string(line) + "\n");
}

void Output::warning(std::string_view line) const {
  if (state_->quiet) return;
  const std::string label = paint(Style::yellow, "warning:", state_->messages_in_color);
  to_stderr("untorn: " + label + " " + std::string(line) + "\n");
}

void Output::error(std::string_view line) const {
  const std::string label = paint(Style::red, "error:", state_->messages_in_color);
  to_stderr("untorn: " + label + " " + std::string(line) + "\n");
}

void Output::result(std::string_view text) {
  state_->text += text;
}

void Output::abandon_file() noexcept {
  state_->file.reset();
}

bool Output::finish() {
  const std::string text = std::exchange(state_->text, {});
  if (state_->file) {
    const std::string file = *std::exchange(state_->file, std::nullopt);
    const DelayedSignals no_litter;
    auto receipt = replace_file(file, text, file_options());
    if (!receipt) error(receipt.error().message());
    return receipt.has_value();
  }
  if (text.empty()) return true;
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return true;
  if (errno == EPIPE) return true;
  error("the result cannot be written to stdout: " + std::string(std::strerror(errno)));
  return false;
}

bool Output::json() const noexcept {
  return state_->json;
}
bool Output::quiet() const noexcept {
  return state_->quiet;
}
bool Output::to_file() const noexcept {
  return state_->file.has_value();
}
bool Output::result_in_color() const noexcept {
  return state_->result_in_color;
}
bool Output::messages_in_color() const noexcept {
  return state_->messages_in_color;
}

std::string paint(Style style, std::string_view text, bool colored) {
  if (!colored) return std::string(text);
  return std::string(escape_of(style)) + std::string(text) + "\x1b[0m";
}

NamedPath named_path(const std::string& path) {
  // The folder need not exist: then its name is as near to the truth as it can be.
  std::error_code ignored;
  std::filesystem::path given = std::filesystem::absolute(path, ignored);
  if (!given.has_filename() && given.has_relative_path()) given = given.parent_path();
  const std::filesystem::path folder = given.parent_path();
  const std::filesystem::path root = std::filesystem::weakly_canonical(folder, ignored);
  return {.root = ignored ? folder.generic_string() : root.generic_string(),
          .path = given.filename().generic_string()};
}

void write_error(report::JsonWriter& json, const Error& error, std::string_view path) {
  json.begin_object();
  json.field("code", to_string(error.code())).field("step", to_string(error.step()));
  json.field("outcome", to_string(error.outcome())).field("advice", to_string(error.advice()));
  json.field("message", error.message()).field("path", path);
  json.end_object();
}

std::string error_document(std::string_view command, const ToolError& error) {
  report::JsonWriter json;
  json.begin_object();
  json.field("schema", "untorn." + std::string(command) + "/1");
  json.key("error").begin_object();
  json.field("code", error.code).field("step", error.step).field("outcome", "not_applied");
  json.field("advice", "fix_then_retry").field("message", error.message).field("path", error.path);
  json.end_object().end_object();
  return std::move(json).take() + "\n";
}

}  // namespace untorn::cli
