// SPDX-License-Identifier: Apache-2.0
//
// How long one replacement of a file takes at each level, with the protocol that the library picks
// and with the classic one, beside what people write without a library.
//
//   bench_replace DIRECTORY ROUNDS SIZE…    one line per variant and size: name, bytes, and the
//                                           10th, 50th and 90th percentile in microseconds
//   bench_replace DIRECTORY files COUNT SIZE ROUNDS
//                                           COUNT files, one after the other: name, and the same
//                                           percentiles in seconds
//   bench_replace DIRECTORY once VARIANT [TIMES]
//                                           that many replacements (1) of 4096 bytes, for strace
//                                           and for the flush counters of a disk
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

Save save_at(untorn::Durability level,
             untorn::ProtocolChoice protocol = untorn::ProtocolChoice::automatic) {
  return [level, protocol](const std::string& path, const std::string& content) {
    const auto receipt =
        untorn::replace_file(path, content, {.durability = level, .protocol = protocol});
    if (!receipt) fail(receipt.error().message());
    if (receipt->achieved != level && level != untorn::Durability::process) {
      std::fprintf(stderr, "bench_replace: %s gives less than asked: %s\n", path.c_str(),
                   receipt->why_lower.c_str());
    }
  };
}

std::vector<Variant> variants() {
  return {
      {"ofstream", save_with_stream},
      {"ofstream+fsync", save_with_stream_and_sync},
      {"process", save_at(untorn::Durability::process)},
      {"ordered", save_at(untorn::Durability::ordered)},
      {"ordered-classic", save_at(untorn::Durability::ordered, untorn::ProtocolChoice::classic)},
      {"durable", save_at(untorn::Durability::durable)},
      {"durable-classic", save_at(untorn::Durability::durable, untorn::ProtocolChoice::classic)}};
}

double percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  const double index = part * static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(std::lround(index))];
}

using Work = std::function<void(const Variant&, const std::string& content)>;

struct Rounds {
  int warm_up = 0;  // before the others, and not counted
  int count = 1;
  std::size_t content_bytes = 0;
  std::function<void()> settle = {};  // before each piece of work, and not timed
};

// The seconds that each variant took in each round.
std::vector<std::vector<double>> seconds_of(const Rounds& rounds, const Work& work) {
  using Clock = std::chrono::steady_clock;
  const std::vector<Variant> all = variants();
  std::vector<std::vector<double>> times(all.size());
  std::vector<std::size_t> order(all.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::mt19937 random(1);
  for (int round = 0; round < rounds.warm_up + rounds.count; ++round) {
    const std::string content(rounds.content_bytes, static_cast<char>('a' + round % 26));
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t i : order) {
      if (rounds.settle) rounds.settle();
      const auto start = Clock::now();
      work(all[i], content);
      const std::chrono::duration<double> elapsed = Clock::now() - start;
      if (round >= rounds.warm_up) times[i].push_back(elapsed.count());
    }
  }
  return times;
}

void measure(const std::string& directory, int rounds, std::size_t bytes) {
  constexpr int warm_up_rounds = 3;
  constexpr double microseconds = 1e6;
  const auto times =
      seconds_of({.warm_up = warm_up_rounds, .count = rounds, .content_bytes = bytes},
                 [&](const Variant& variant, const std::string& content) {
                   variant.save(directory + "/" + variant.name, content);
                 });
  const std::vector<Variant> all = variants();
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::printf("%s\t%zu\t%.1f\t%.1f\t%.1f\n", all[i].name, bytes,
                percentile(times[i], 0.1) * microseconds, percentile(times[i], 0.5) * microseconds,
                percentile(times[i], 0.9) * microseconds);
  }
}

void measure_files(const std::string& directory, std::size_t files, std::size_t bytes, int rounds) {
  const int place = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (place < 0) fail("cannot open " + directory);
  // What one variant leaves to be written out would be paid by the next.
  const auto settle = [&] {
    if (::syncfs(place) != 0) fail("cannot sync the file system of " + directory);
  };
  const auto times = seconds_of(
      {.warm_up = 1, .count = rounds, .content_bytes = bytes, .settle = settle},
      [&](const Variant& variant, const std::string& content) {
        for (std::size_t file = 0; file < files; ++file) {
          variant.save(directory + "/" + variant.name + "-" + std::to_string(file), content);
        }
      });
  ::close(place);
  const std::vector<Variant> all = variants();
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::printf("%s\t%.3f\t%.3f\t%.3f\n", all[i].name, percentile(times[i], 0.1),
                percentile(times[i], 0.5), percentile(times[i], 0.9));
  }
}

std::size_t size_argument(const char* text) {
  return static_cast<std::size_t>(std::strtoull(text, nullptr, 10));
}

int rounds_argument(const char* text) {
  const int rounds = std::atoi(text);
  if (rounds < 1) fail("ROUNDS must be at least 1");
  return rounds;
}

void replace_times(const std::string& directory, std::string_view name, int times) {
  for (const Variant& variant : variants()) {
    if (variant.name != name) continue;
    for (int done = 0; done < times; ++done) {
      variant.save(directory + "/" + variant.name, std::string(4096, 'x'));
    }
    return;
  }
  fail("no variant " + std::string(name));
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) {
    fail(
        "usage: bench_replace DIRECTORY ROUNDS SIZE… | DIRECTORY files COUNT SIZE ROUNDS |"
        " DIRECTORY once VARIANT [TIMES]");
  }
  const std::string directory = arguments[1];
  const std::string_view what = arguments[2];
  if (what == "once") {
    replace_times(directory, arguments[3], count > 4 ? rounds_argument(arguments[4]) : 1);
    return 0;
  }
  if (what == "files") {
    if (count != 6) fail("files wants COUNT SIZE ROUNDS");
    measure_files(directory, size_argument(arguments[3]), size_argument(arguments[4]),
                  rounds_argument(arguments[5]));
    return 0;
  }
  const int rounds = rounds_argument(arguments[2]);
  for (int i = 3; i < count; ++i) measure(directory, rounds, size_argument(arguments[i]));
  return 0;
}
