// SPDX-License-Identifier: Apache-2.0
//
// For tests only: a registry of greetings on a file system in memory.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/registry.h"

namespace untorn::registry {

using untorn::testing::names_in;
using untorn::testing::read_file;
using untorn::testing::write_file;

inline constexpr std::string_view greet_spec = "{\"description\": \"says hello\", \"n\": 1}\n";
inline constexpr std::string_view other_spec = "{\"description\": \"says hello twice\", \"n\": 2}";
inline constexpr std::string_view script = "print('hello')\n";
inline constexpr std::string_view other_script = "print('hello')\nprint('hello')\n";
inline constexpr std::string_view schema_text = R"({"type": "object",
    "required": ["description"], "properties": {"description": {"type": "string"},
    "n": {"type": "integer"}}})";

inline std::vector<Attachment> with_script(std::string_view content = script) {
  return {{.name = "py", .content = std::string(content)}};
}

inline Registry open_registry(FileSystem& fs, RegistryOptions options = {}) {
  if (!options.schema) options.schema = std::string(schema_text);
  auto registry = Registry::open(fs, "specs", options);
  EXPECT_TRUE(registry) << registry.error();
  return std::move(*registry);
}

// The version that stands there now.
template <class ResultOfChange>
std::uint64_t done(const ResultOfChange& change) {
  EXPECT_TRUE(change) << change.error();
  return change ? change->version : 0;
}

template <class T>
Code code_of(const Result<T>& result) {
  EXPECT_FALSE(result) << "it succeeded";
  return result ? Code::internal : result.error().code();
}

template <class T>
std::string detail_of(const Result<T>& result) {
  EXPECT_FALSE(result) << "it succeeded";
  return result ? std::string() : result.error().detail();
}

// Names of the entries that list() gives.
inline std::vector<std::string> listed(const Registry& registry) {
  const auto listing = registry.list();
  EXPECT_TRUE(listing) << listing.error();
  std::vector<std::string> names;
  if (listing) {
    for (const RegistryEntry& entry : listing->entries) names.push_back(entry.name);
  }
  return names;
}

// Files in the folder but `.untorn`.
inline std::vector<std::string> files(FileSystem& fs) {
  std::vector<std::string> names = names_in(fs, "specs");
  std::erase(names, ".untorn");
  return names;
}

}  // namespace untorn::registry
