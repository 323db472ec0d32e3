// SPDX-License-Identifier: Apache-2.0
//
// Files that were set aside and that a person has seen: `TREE/.untorn/acknowledged`.
//
//   {"untorn": {"format": "acknowledged", "version": 1, "oldest_reader": 1},
//    "files": [{"path": "state.json.damaged-1", "bytes": 812, "modified_ns": 1795436098123456789}]}
//
// Paths are below the tree. An entry counts as long as size and time of the file are those that the
// person saw. The files themselves are never touched.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "health/repair_policy.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::health {

class Acknowledged {
 public:
  // Empty if there is no such file. Code::unsupported for a newer format, which is left alone;
  // Code::corrupt for what is no such list.
  [[nodiscard]] static Result<Acknowledged> read(FileSystem& fs, const std::string& tree);

  [[nodiscard]] bool contains(const std::string& path, const Status& status) const;
  void add(const std::string& path, const Status& status);

  // Adds these to the list of the tree, under a lock, and forgets files that have gone. Makes the
  // tree's `.untorn` if it has none. Durable. A list that was damaged is set aside as
  // `acknowledged.damaged-<number>`.
  [[nodiscard]] Result<void> add_to(FileSystem& fs, const std::string& tree) const;

 private:
  struct Seen {
    std::uint64_t bytes = 0;
    std::int64_t modified_ns = 0;
    friend bool operator==(const Seen&, const Seen&) = default;
  };
  std::map<std::string, Seen> files_;
};

}  // namespace untorn::health
