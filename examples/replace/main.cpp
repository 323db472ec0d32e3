// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "untorn/replace.h"

int main() {
  auto receipt = untorn::replace_file("settings.json", R"({"volume": 7})");
  if (!receipt) {
    std::cerr << receipt.error() << '\n';  // says what the file holds now
    return 1;
  }
}
