// SPDX-License-Identifier: Apache-2.0
//
// Collecting operations: everything that can be refused is refused here, and nothing is changed.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "transaction/operation.h"
#include "transaction/tree.h"
#include "transaction/view.h"
#include "untorn/transaction.h"

namespace untorn::transaction {

inline constexpr std::uint64_t bytes_max = std::uint64_t{4} << 30U;

// One operation before it is committed.
struct Change {
  Operation operation;
  std::string content;                // put
  std::optional<std::uint32_t> mode;  // put: asked for
  std::string metadata_from;          // put: the path of the file whose metadata it gets
  std::optional<Status> seen;         // of `path` in the tree, when the operation was collected
  // What `path` (`to`) holds is what it holds in the tree, whatever this transaction does.
  bool in_tree = false;
  bool to_in_tree = false;
};

class Collection {
 public:
  explicit Collection(Tree& tree) : tree_(&tree) {}

  [[nodiscard]] Result<void> put(std::string_view path, std::string content,
                                 const PutOptions& options);
  [[nodiscard]] Result<void> remove(std::string_view path);
  [[nodiscard]] Result<void> rename(std::string_view from, std::string_view to);
  [[nodiscard]] Result<void> make_directory(std::string_view path, std::uint32_t mode);
  [[nodiscard]] Result<std::optional<std::string>> read(std::string_view path) const;
  [[nodiscard]] Result<std::string> resolve(std::string_view path) const;
  void allow_kept(std::string_view folder) { view_.allow_kept(folder); }

  [[nodiscard]] std::vector<Change>& changes() noexcept { return changes_; }
  [[nodiscard]] const View& view() const noexcept { return view_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  [[nodiscard]] Error refused(Code code, std::string_view path, std::string why) const;
  [[nodiscard]] Result<void> check_room(std::string_view path) const;
  [[nodiscard]] Result<void> check_put(const Found& found, const PutOptions& options) const;
  [[nodiscard]] Result<void> check_names_may_change(std::string_view path,
                                                    const std::optional<Status>& status) const;
  void put_over_moved(const Found& found, std::string content, const PutOptions& options);
  void add(Change change);
  [[nodiscard]] bool needs_barrier(std::string_view path);

  Tree* tree_;
  View view_;
  std::vector<Change> changes_;
  std::set<std::string, std::less<>> made_;  // directories made since the last barrier
  std::uint64_t bytes_ = 0;
};

}  // namespace untorn::transaction
