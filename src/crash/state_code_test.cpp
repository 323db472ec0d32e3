// SPDX-License-Identifier: Apache-2.0
#include "crash/state_code.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "crash/engine.h"
#include "crash/log_maker.h"

namespace untorn::crash {
namespace {

// Every state of a log that has some of everything, by its code.
std::vector<std::pair<Model, std::string>> codes_of(const LogMaker& maker) {
  const History history(maker.log());
  std::vector<std::pair<Model, std::string>> codes;
  for (const Model model : {Model::kill, Model::xfs, Model::posix}) {
    (void)enumerate(history, model, {}, {}, [&](const CrashState& state) {
      codes.emplace_back(model, state.code());
      return true;
    });
  }
  return codes;
}

LogMaker varied_log() {
  LogMaker maker;
  maker.initial_file("a", fill(5000, 'o'));
  maker.create("t");
  maker.write("t", 0, fill(9000, 'n'));
  maker.rename("t", "a");
  maker.sync_directory("");
  maker.truncate("a", 100);
  return maker;
}

bool exists(const History& history, Model model, std::string_view code) {
  return rebuild(history, model, {}, code, [](const CrashState&) { return true; });
}

TEST(StateCode, is_short_and_of_harmless_characters) {
  for (const auto& [model, code] : codes_of(varied_log())) {
    EXPECT_LT(code.size(), 32U);
    EXPECT_EQ(code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-_"),
              std::string::npos);
  }
}

TEST(StateCode, is_refused_when_it_is_damaged) {
  const LogMaker maker = varied_log();
  const History history(maker.log());
  std::size_t refused = 0;
  for (const auto& [model, code] : codes_of(maker)) {
    ASSERT_TRUE(exists(history, model, code));
    EXPECT_FALSE(exists(history, model, code + "A"));
    for (std::size_t at = 0; at < code.size(); ++at) {
      EXPECT_FALSE(exists(history, model, std::string_view(code).substr(0, at)));
      for (const char other : {'A', 'x', '_', '!'}) {
        std::string damaged = code;
        if (damaged[at] == other) continue;
        damaged[at] = other;
        EXPECT_FALSE(exists(history, model, damaged)) << code << " became " << damaged;
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 1000U);
}

TEST(StateCode, of_another_log_or_kind_of_crash_is_refused) {
  const LogMaker maker = varied_log();
  const History history(maker.log());
  LogMaker different;
  different.initial_file("a", "old");
  different.write("a", 0, "new");
  const History different_history(different.log());
  for (const auto& [model, code] : codes_of(maker)) {
    EXPECT_FALSE(exists(history, model == Model::kill ? Model::xfs : Model::kill, code));
    EXPECT_FALSE(exists(different_history, model, code));
  }
}

TEST(StateCode, of_a_kill_is_the_same_in_every_footprint) {
  const LogMaker maker = varied_log();
  const History history(maker.log());
  std::size_t found = 0;
  (void)enumerate(history, Model::kill, {"a"}, {}, [&](const CrashState& state) {
    EXPECT_TRUE(rebuild(history, Model::kill, {}, state.code(), [&](const CrashState& whole) {
      EXPECT_EQ(whole.file("a").has_value(), state.file("a").has_value());
      EXPECT_EQ(whole.begun(), state.begun());
      ++found;
      return true;
    }));
    return true;
  });
  EXPECT_GT(found, 2U);
}

}  // namespace
}  // namespace untorn::crash
