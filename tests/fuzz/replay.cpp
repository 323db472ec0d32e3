// SPDX-License-Identifier: Apache-2.0
//
// Runs a fuzz target over the files of a corpus folder, so that what the fuzzer once found is tried
// in every build, with any compiler. The target prints nothing and must not crash; sanitizers and
// assertions are the judges.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: a fuzz target's replay takes one corpus folder\n", stderr);
    return 2;
  }
  unsigned files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    (void)LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++files;
  }
  std::printf("%u corpus files\n", files);
  // An empty corpus would be a test that cannot fail.
  return files == 0 ? 1 : 0;
}
