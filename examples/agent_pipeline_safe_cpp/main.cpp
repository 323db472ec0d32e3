// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>

#include "pipeline.h"

int main(int argc, char** argv) {
  std::int64_t rounds = 3;
  if (argc == 3) {
    const std::string_view text = argv[2];
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), rounds);
    if (failure != std::errc() || end != text.data() + text.size() || rounds < 0) argc = 0;
  }
  if ((argc != 2 && argc != 3) || std::string_view(argv[1]).starts_with('-')) {
    std::cerr << "usage: agent_pipeline_safe PROJECT [ROUNDS]\n"
                 "Works on the project in the folder PROJECT until ROUNDS rounds are done (3).\n";
    return 2;
  }
  auto pipeline = example::Pipeline::open(argv[1]);
  if (!pipeline) {
    std::cerr << "agent_pipeline_safe: " << pipeline.error()
              << '\n';  // says what the files hold now
    return 2;
  }
  const auto done = pipeline->run(rounds);
  if (!done) {
    std::cerr << "agent_pipeline_safe: " << done.error() << '\n';
    return 1;
  }
  std::cout << "all tasks are done\n";
}
