// SPDX-License-Identifier: Apache-2.0
#include "crash/random_logs.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "crash/log_maker.h"
#include "crash/naive_enumerator.h"

namespace untorn::crash {

namespace {

// A random program: paths, sizes and offsets that meet often, syncs in between.
struct RandomProgram {
  std::vector<std::array<std::uint8_t, 4>> steps;

  [[nodiscard]] LogMaker run() const {
    LogMaker maker;
    maker.initial_directory("d");
    maker.initial_file("a", fill(1300, 'o'));
    maker.initial_file("d/b", "old");
    LogMaker smaller = maker;
    for (const auto& step : steps) {
      apply(maker, step);
      // Brute force takes two to the power of this.
      if (naive_size(maker.log()) > 11) return smaller;
      smaller = maker;
    }
    return maker;
  }

 private:
  static void apply(LogMaker& maker, const std::array<std::uint8_t, 4>& step) {
    static const std::vector<std::string> paths = {"a", "d/b", "c", "d/c", "e/a", "d", "e"};
    static const std::vector<std::uint64_t> offsets = {0, 600, 1300, 4000, 4096};
    const std::string& path = paths[step[1] % paths.size()];
    const std::string& other = paths[step[2] % paths.size()];
    const std::uint64_t offset = offsets[step[2] % offsets.size()];
    const char letter = static_cast<char>('A' + step[3] % 26);
    const std::size_t before = maker.log().operations.size();
    change(maker, step, path, other, offset, letter);
    // One in eight operations is of another thread, and may overlap those before it.
    if (step[0] / 24 % 8 == 0 && maker.log().operations.size() > before) {
      maker.overlap(1 + step[3] % 2U, before - std::min<std::size_t>(before, step[2] % 4U));
    }
  }

  static void change(LogMaker& maker, const std::array<std::uint8_t, 4>& step,
                     const std::string& path, const std::string& other, std::uint64_t offset,
                     char letter) {
    static const std::vector<std::uint64_t> sizes = {1, 300, 700, 4200};
    switch (step[0] % 20) {
      case 0:
        maker.create(path);
        break;
      case 1:
        maker.make_directory(path);
        break;
      case 2:
        maker.link(path, other);
        break;
      case 3:
        maker.unlink(path) || maker.remove_directory(path);
        break;
      case 4:
      case 5:
        maker.rename(path, other);
        break;
      case 6:
        maker.exchange(path, other);
        break;
      case 7:
      case 8:
        maker.write(path, offset, fill(sizes[step[3] % sizes.size()], letter));
        break;
      case 9:
        maker.append(path, fill(sizes[step[2] % sizes.size()], letter));
        break;
      case 10:
      case 11:
        maker.truncate(path, offset);
        break;
      case 12:
        maker.sync(path) || maker.sync_directory(path);
        break;
      case 13:
        maker.sync_directory("");
        break;
      case 14:
        maker.acknowledge("so far");
        break;
      case 15:
      case 16:
        maker.sync_range(path, true, step[3] % 4 == 0 ? offset : 0);
        break;
      case 17:
        maker.sync_part(path, offset, 1 + step[3]);
        break;
      case 18:
        if (step[3] % 2 == 0) maker.sync_failed(path);
        break;
      default:
        if (step[3] % 4 == 0) maker.sync_all();
        break;
    }
  }
};

}  // namespace

void random_logs(int programs_per_case, const std::function<void(const OperationLog&)>& property) {
  const bool held = rc::check([&] {
    for (int i = 0; i < programs_per_case; ++i) {
      const RandomProgram program{*rc::gen::container<std::vector<std::array<std::uint8_t, 4>>>(
          rc::gen::container<std::array<std::uint8_t, 4>>(rc::gen::arbitrary<std::uint8_t>()))};
      const LogMaker maker = program.run();
      property(maker.log());
    }
  });
  EXPECT_TRUE(held);
}

}  // namespace untorn::crash
