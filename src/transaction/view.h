// SPDX-License-Identifier: Apache-2.0
//
// The tree as the operations collected so far would leave it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "transaction/tree.h"

namespace untorn::transaction {

// What a name would hold.
struct Found {
  enum class Kind : std::uint8_t {
    absent,
    present,  // as it is in the tree now: see `status`
    put,      // content of the operation `index`
    made,     // a directory of this transaction
    moved,    // what is now at `source`; see `status`
  };
  Kind kind = Kind::absent;
  std::string path;  // without links
  std::optional<Status> status;
  std::size_t index = 0;
  std::string source;
  bool removed = false;  // absent because this transaction removed it
  bool in_tree = false;  // as the tree is now; false: a change collected before decides

  [[nodiscard]] bool is(FileType type) const noexcept { return status && status->type == type; }
  [[nodiscard]] bool is_directory() const noexcept {
    return kind == Kind::made || is(FileType::directory);
  }
};

class View {
 public:
  // Follows links on the way, and at the end if `follow_last`; never out of the tree, over a mount,
  // or below `.untorn`. The last name need not be there.
  [[nodiscard]] Result<Found> find(Tree& tree, std::string_view path, bool follow_last) const;

  // From now on `.untorn/<folder>` and what is below it may be named.
  void allow_kept(std::string_view folder) { kept_folders_.emplace(folder); }

  void put(const std::string& path, std::size_t index);
  void make_directory(const std::string& path);
  void remove(const std::string& path);
  void move(const std::string& from, const std::string& to, const Status& status);

  // Was anything below this directory changed?
  [[nodiscard]] bool touches_below(std::string_view directory) const;
  // Would this directory of the tree hold nothing?
  [[nodiscard]] Result<bool> is_empty(Tree& tree, const std::string& directory) const;
  // The nearest directory above `path` that is in the tree now.
  [[nodiscard]] std::string nearest_present(std::string_view path) const;

 private:
  struct Name {
    Found::Kind kind = Found::Kind::absent;
    std::optional<Status> status;
    std::size_t index = 0;
    std::string source;
    bool removed = false;
  };
  class Walk;

  [[nodiscard]] const Name* changed(std::string_view path) const;
  [[nodiscard]] bool is_made(std::string_view path) const;

  std::map<std::string, Name, std::less<>> names_;
  std::set<std::string, std::less<>> kept_folders_;
};

}  // namespace untorn::transaction
