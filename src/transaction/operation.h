// SPDX-License-Identifier: Apache-2.0
//
// One operation of a transaction, as its intent records it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "untorn/filesystem.h"

namespace untorn::transaction {

// Content staged for a name: the prefix and 32 hexadecimal digits. Whether one is abandoned is told
// by the tree's lock and intent, not by a lock of its own.
inline constexpr std::string_view staged_prefix = ".untorn-txn-";

enum class Action : std::uint8_t { put, remove, rename, make_directory };

// What a name held when its operation was committed.
struct PreImage {
  enum class Kind : std::uint8_t { absent, file, link, directory };
  Kind kind = Kind::absent;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;        // of a file
  std::int64_t modified_ns = 0;  // a hint: equal times spare the reading of the content
  std::int64_t changed_ns = 0;
  Hash128 hash{};  // of a file's content, a link's target; not of the source of a rename

  friend bool operator==(const PreImage&, const PreImage&) = default;
};

// Paths are relative to the root, without links: every component but the last is a directory.
struct Operation {
  Action action = Action::put;
  // The names that this one relies on must be durable first: see apply.cpp.
  bool barrier = false;
  std::string path{};
  std::string to{};                // rename
  PreImage before{};               // of `path`
  std::string staged{};            // put: the path of the temporary
  std::uint64_t staged_inode = 0;  // put
  std::uint64_t bytes = 0;         // put: length of the temporary
  Hash128 content{};               // put: of the temporary
  std::uint32_t mode = 0;          // make_directory

  friend bool operator==(const Operation&, const Operation&) = default;
};

using Operations = std::vector<Operation>;

}  // namespace untorn::transaction
