// SPDX-License-Identifier: Apache-2.0
//
// How long one replacement of a file takes at each level, beside what people write without a
// library.
//
//   bench_replace DIRECTORY ROUNDS SIZE…    one line per variant and size: name, bytes, and the
//                                           10th, 50th and 90th percentile in microseconds
//   bench_replace DIRECTORY once VARIANT    one replacement of 4096 bytes, for strace and for the
//                                           flush counters of a disk
//
// Every round runs each variant once, in an order drawn anew, so that whatever else the machine
// does falls on all of them alike.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/replace.h"

namespace {

using Save = std::function<void(const std::string& path, const std::string& content)>;

struct Variant {
  const char* name;
  Save save;
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench_replace: %s\n", what.c_str());
  std::exit(2);
}

void save_with_stream(const std::string& path, const std::string& content) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << content;
  stream.close();
  if (!stream) fail("cannot write " + path);
}

void sync_path(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0 || ::fsync(fd) != 0) fail("cannot sync " + path);
  ::close(fd);
}

void save_with_stream_and_sync(const std::string& path, const std::string& content) {
  save_with_stream(path, content);
  sync_path(path, O_RDWR);
}

Save save_at(untorn::Durability level) {
  return [level](const std::string& path, const std::string& content) {
    const auto receipt = untorn::replace_file(path, content, {.durability = level});
    if (!receipt) fail(receipt.error().message());
    if (receipt->achieved != level && level != untorn::Durability::process) {
      std::fprintf(stderr, "bench_replace: %s gives less than asked: %s\n", path.c_str(),
                   receipt->why_lower.c_str());
    }
  };
}

std::vector<Variant> variants() {
  return {{"ofstream", save_with_stream},
          {"ofstream+fsync", save_with_stream_and_sync},
          {"process", save_at(untorn::Durability::process)},
          {"ordered", save_at(untorn::Durability::ordered)},
          {"durable", save_at(untorn::Durability::durable)}};
}

double percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  const double index = part * static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(std::lround(index))];
}

void measure(const std::string& directory, int rounds, std::size_t bytes) {
  using Clock = std::chrono::steady_clock;
  const std::vector<Variant> all = variants();
  std::vector<std::vector<double>> times(all.size());
  std::vector<std::size_t> order(all.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::mt19937 random(1);
  constexpr int warm_up_rounds = 3;
  for (int round = -warm_up_rounds; round < rounds; ++round) {
    const std::string content(bytes, static_cast<char>('a' + (round + warm_up_rounds) % 26));
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t i : order) {
      const std::string path = directory + "/" + all[i].name;
      const auto start = Clock::now();
      all[i].save(path, content);
      const std::chrono::duration<double, std::micro> elapsed = Clock::now() - start;
      if (round >= 0) times[i].push_back(elapsed.count());
    }
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::printf("%s\t%zu\t%.1f\t%.1f\t%.1f\n", all[i].name, bytes, percentile(times[i], 0.1),
                percentile(times[i], 0.5), percentile(times[i], 0.9));
  }
}

void replace_once(const std::string& directory, std::string_view name) {
  for (const Variant& variant : variants()) {
    if (variant.name == name) {
      variant.save(directory + "/" + variant.name, std::string(4096, 'x'));
      return;
    }
  }
  if (name != "nothing") fail("no variant " + std::string(name));
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) {
    fail("usage: bench_replace DIRECTORY ROUNDS SIZE… | bench_replace DIRECTORY once VARIANT");
  }
  const std::string directory = arguments[1];
  if (std::string_view(arguments[2]) == "once") {
    replace_once(directory, arguments[3]);
    return 0;
  }
  const int rounds = std::atoi(arguments[2]);
  if (rounds < 1) fail("ROUNDS must be at least 1");
  for (int i = 3; i < count; ++i) {
    measure(directory, rounds, static_cast<std::size_t>(std::strtoull(arguments[i], nullptr, 10)));
  }
  return 0;
}
