// SPDX-License-Identifier: Apache-2.0
#include "cli/named_folders.h"

#include <filesystem>
#include <system_error>

namespace untorn::cli {
namespace {

health::NamedFolder named_folder(const std::string& shown) {
  std::error_code error;
  std::filesystem::path real = std::filesystem::canonical(shown, error);
  if (error) real = std::filesystem::absolute(shown, error);
  return {.shown = shown, .real = real.string()};
}

}  // namespace

std::vector<health::NamedFolder> named_folders(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return {named_folder(".")};
  std::vector<health::NamedFolder> folders;
  folders.reserve(arguments.size());
  for (const std::string& argument : arguments) folders.push_back(named_folder(argument));
  return folders;
}

}  // namespace untorn::cli
