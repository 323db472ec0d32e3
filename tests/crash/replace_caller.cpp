// SPDX-License-Identifier: Apache-2.0
//
// Replaces one file, between two calls that strace shows as marks. What is done once in a process
// is done before.
//   replace_caller DIRECTORY process|ordered|durable existing|new path|at
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "untorn/replace.h"

namespace {

using untorn::Durability;

Durability level_of(std::string_view name) {
  if (name == "process") return Durability::process;
  return name == "ordered" ? Durability::ordered : Durability::durable;
}

void mark() {
  (void)access("/untorn-mark", F_OK);
}

}  // namespace

int main(int count, char** values) {
  const std::span<char* const> arguments(values, static_cast<std::size_t>(count));
  if (count != 5) return 2;
  const std::string directory = arguments[1];
  const untorn::ReplaceOptions options{.durability = level_of(arguments[2])};
  const bool existing = std::string_view(arguments[3]) == "existing";
  const bool by_path = std::string_view(arguments[4]) == "path";
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return 2;
  const auto replace = [&](const std::string& name) {
    const auto content = std::as_bytes(std::span(std::string_view("new content")));
    const auto receipt = by_path
                             ? untorn::replace_file(directory + "/" + name, content, options)
                             : untorn::replace_file_at(untorn::posix_file_system(),
                                                       untorn::Handle{fd}, name, content, options);
    if (!receipt) std::fprintf(stderr, "%s\n", receipt.error().message().c_str());
    return receipt.has_value();
  };
  // The second one replaces what the first one made.
  if (!replace("warm") || !replace("warm")) return 1;
  const std::string name = existing ? "warm" : "new";
  mark();
  const bool replaced = replace(name);
  mark();
  return replaced && close(fd) == 0 ? 0 : 1;
}
