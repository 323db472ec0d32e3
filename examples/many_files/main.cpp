// SPDX-License-Identifier: Apache-2.0
//
// Writes the pages of a site: example FOLDER
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>

#include "untorn/batch.h"

namespace {

std::string page(int number) {
  return "<h1>Page " + std::to_string(number) + "</h1>\n";
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  untorn::Batch batch;
  for (int number = 1; number <= 1000; ++number) {
    auto put = batch.put(folder / (std::to_string(number) + ".html"), page(number));
    if (!put) std::cerr << put.error() << '\n';  // the batch goes on without it
  }
  auto receipt = std::move(batch).commit();
  if (!receipt) {
    std::cerr << receipt.error() << '\n';
    return 1;
  }
  for (const untorn::BatchFile& file : receipt->files) {
    if (!file.result) std::cerr << file.result.error() << '\n';
  }
  std::cout << receipt->files.size() - receipt->failed << " pages, " << receipt->syncs
            << " syncs\n";
  return receipt->files.size() == 1000 && receipt->failed == 0 ? 0 : 1;
}
