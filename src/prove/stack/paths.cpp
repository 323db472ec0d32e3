// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/paths.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

namespace untorn::prove {

bool file_exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

std::string clean_path(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::string result;
  for (const std::string_view part : parts) result.append("/").append(part);
  return result.empty() ? "/" : result;
}

bool is_python_library(const std::string& path, std::size_t minor) {
  if (path.starts_with("<frozen ")) return true;
  const std::string folder = "/python3." + std::to_string(minor);
  for (std::size_t at = path.find(folder); at != std::string::npos;
       at = path.find(folder, at + 1)) {
    const std::size_t end = path.find('/', at + 1);
    if (end == std::string::npos) return false;
    const std::string_view rest = std::string_view(path).substr(end + 1);
    if (rest.starts_with("site-packages/") || rest.starts_with("dist-packages/")) continue;
    if (file_exists(path.substr(0, end) + "/os.py")) return true;
  }
  return false;
}

bool is_system_source(std::string_view path) {
  constexpr std::array folders{
      std::string_view("/usr/include/"),      std::string_view("/usr/lib/gcc/"),
      std::string_view("/usr/lib/llvm-"),     std::string_view("/rustc/"),
      std::string_view("/usr/src/rustc"),     std::string_view("/usr/lib/go-"),
      std::string_view("/usr/local/go/src/"), std::string_view("/usr/share/go-"),
  };
  return std::ranges::any_of(folders,
                             [path](std::string_view folder) { return path.starts_with(folder); });
}

bool is_system_library(std::string_view path) {
  constexpr std::array folders{std::string_view("/lib/"), std::string_view("/lib64/"),
                               std::string_view("/usr/lib/"), std::string_view("/usr/lib64/")};
  constexpr std::array names{
      std::string_view("libc.so"),  std::string_view("libc-"),      std::string_view("ld-linux"),
      std::string_view("ld-musl"),  std::string_view("libpthread"), std::string_view("libstdc++"),
      std::string_view("libgcc_s"), std::string_view("libc++"),     std::string_view("libpython"),
      std::string_view("libasan"),  std::string_view("libtsan"),    std::string_view("libubsan"),
  };
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return std::ranges::any_of(folders, [path](auto folder) { return path.starts_with(folder); }) ||
         std::ranges::any_of(names, [name](auto known) { return name.starts_with(known); });
}

bool is_interpreter(std::string_view path) {
  constexpr std::array names{
      std::string_view("python"), std::string_view("node"), std::string_view("perl"),
      std::string_view("ruby"),   std::string_view("php"),  std::string_view("lua"),
      std::string_view("java"),   std::string_view("sh"),   std::string_view("dash"),
      std::string_view("bash"),   std::string_view("zsh"),  std::string_view("busybox"),
      std::string_view("tclsh"),  std::string_view("deno"), std::string_view("bun"),
  };
  // "python3.13t", "perl5.36.0", "php8.2"
  constexpr std::string_view version_characters = "0123456789.-td";
  const std::string_view file = path.substr(path.rfind('/') + 1);
  return std::ranges::any_of(names, [&](std::string_view name) {
    return file.starts_with(name) &&
           file.find_first_not_of(version_characters, name.size()) == std::string_view::npos;
  });
}

}  // namespace untorn::prove
