// SPDX-License-Identifier: Apache-2.0
//
// For tests of this room: a log in memory.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/line_log.h"

namespace untorn {

class LineLogInMemory : public ::testing::Test {
 protected:
  LineLog open(const LineLogOptions& options = {}, const std::string& path = "a.log") {
    auto log = LineLog::open(fs, path, options);
    EXPECT_TRUE(log) << log.error();
    return std::move(log).value();
  }

  [[nodiscard]] std::vector<std::string> names() {
    std::vector<std::string> found = testing::names_in(fs, ".");
    std::erase(found, ".untorn");
    return found;
  }

  [[nodiscard]] std::string content(const std::string& path = "a.log") {
    return testing::read_file(fs, path).value_or("<missing>");
  }

  InMemoryFileSystem fs;
};

}  // namespace untorn
