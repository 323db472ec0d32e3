// SPDX-License-Identifier: Apache-2.0
#include "prove/repair/fix_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace untorn::prove {

namespace {

constexpr std::array<std::pair<std::string_view, Language>, 22> languages_by_ending = {{
    {".py", Language::python}, {".pyw", Language::python}, {".c", Language::c},
    {".h", Language::c},       {".cc", Language::cpp},     {".cpp", Language::cpp},
    {".cxx", Language::cpp},   {".hh", Language::cpp},     {".hpp", Language::cpp},
    {".ipp", Language::cpp},   {".go", Language::go},      {".js", Language::node},
    {".mjs", Language::node},  {".cjs", Language::node},   {".ts", Language::node},
    {".mts", Language::node},  {".cts", Language::node},   {".rs", Language::rust},
    {".sh", Language::shell},  {".bash", Language::shell}, {".zsh", Language::shell},
    {".ksh", Language::shell},
}};
constexpr std::array<std::string_view, 6> shells = {"sh", "bash", "dash", "zsh", "ksh", "ash"};

std::string_view last_component(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

Language language_of(std::string_view source, const std::vector<std::string>& command) {
  for (const auto& [ending, language] : languages_by_ending) {
    if (source.ends_with(ending)) return language;
  }
  if (command.empty() || !source.empty()) return Language::other;
  const std::string_view program = last_component(command.front());
  const bool is_shell = std::find(shells.begin(), shells.end(), program) != shells.end();
  return is_shell || program.ends_with(".sh") ? Language::shell : Language::other;
}

std::string sync_file_call(Language language, const std::string& path) {
  switch (language) {
    case Language::python:
      return "f.flush(); os.fsync(f.fileno())";
    case Language::c:
    case Language::cpp:
      return "fsync(fd)";
    case Language::go:
      return "f.Sync()";
    case Language::node:
      return "fs.fsyncSync(fd)";
    case Language::rust:
      return "file.sync_all()?";
    case Language::shell:
      return "sync " + path;
    case Language::other:
      break;
  }
  return "fsync of " + path;
}

std::string sync_directory_call(Language language, const std::string& path) {
  const std::string name = path.empty() ? "." : path;
  switch (language) {
    case Language::python:
      return fmt::format("os.fsync(os.open(\"{}\", os.O_RDONLY))", name);
    case Language::c:
    case Language::cpp:
      return fmt::format("fsync(fd) with fd = open(\"{}\", O_RDONLY | O_DIRECTORY)", name);
    case Language::go:
      return fmt::format("d.Sync() with d, err := os.Open(\"{}\")", name);
    case Language::node:
      return fmt::format("fs.fsyncSync(fs.openSync(\"{}\"))", name);
    case Language::rust:
      return fmt::format("File::open(\"{}\")?.sync_all()?", name);
    case Language::shell:
      return "sync " + name;
    case Language::other:
      break;
  }
  return "fsync of the directory " + name;
}

std::string replace_call(Language language) {
  switch (language) {
    case Language::python:
      return "untorn.write_text";
    case Language::cpp:
      return "untorn::replace_file";
    case Language::shell:
      return "untorn write";
    default:
      return "as untorn write does";
  }
}

}  // namespace untorn::prove
