// SPDX-License-Identifier: Apache-2.0
//
// Two ways to save a file, each tried on everything that a kill or a power cut may leave.
#include <iostream>
#include <span>
#include <string>
#include <string_view>

#include "untorn/crash.h"
#include "untorn/replace.h"

namespace {

using untorn::Access;
using untorn::FileSystem;
using untorn::Handle;

constexpr std::string_view old_text = R"({"volume": 3})";
constexpr std::string_view new_text = R"({"volume": 7})";

// What many programs do: write a temporary and rename it.
bool save_quickly(FileSystem& fs) {
  const auto file = fs.open(Handle::working_directory, "settings.json.tmp",
                            {.access = Access::write, .create = true, .truncate = true});
  if (!file) return false;
  const auto written = fs.write(*file, std::as_bytes(std::span(new_text)));
  (void)fs.close(*file);
  if (!written || *written != new_text.size()) return false;
  return fs
      .rename(Handle::working_directory, "settings.json.tmp", Handle::working_directory,
              "settings.json", untorn::RenameMode::replace)
      .has_value();
}

bool save_safely(FileSystem& fs) {
  return untorn::replace_file(fs, "settings.json", std::as_bytes(std::span(new_text))).has_value();
}

std::string read_settings(FileSystem& fs) {
  const auto file = fs.open(Handle::working_directory, "settings.json", {});
  if (!file) return "(absent)";
  std::string text(100, '\0');
  const auto count = fs.read_at(*file, 0, std::as_writable_bytes(std::span(text)));
  (void)fs.close(*file);
  text.resize(count.value_or(0));
  return text;
}

std::string check(FileSystem& fs, const untorn::CrashPoint& at) {
  const std::string text = read_settings(fs);
  if (text == new_text) return {};
  if (text != old_text) return "settings.json is damaged";
  return at.acknowledged("saved") ? "what was saved is lost" : "";
}

untorn::CrashTestReport try_every_crash(bool (*save)(FileSystem&)) {
  untorn::CrashTestOptions options;
  options.initial_files = {{"settings.json", std::string(old_text)}};
  options.paths = {"settings.json"};
  const auto workload = [save](FileSystem& fs, untorn::CrashLog& log) {
    if (save(fs)) log.acknowledge("saved");
  };
  return untorn::crash_test(workload, check, options);
}

}  // namespace

int main() {
  const untorn::CrashTestReport quickly = try_every_crash(save_quickly);
  const untorn::CrashTestReport safely = try_every_crash(save_safely);
  std::cout << quickly.summary() << safely.summary();
  return quickly.ok() || !safely.ok() ? 1 : 0;
}
