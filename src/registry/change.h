// SPDX-License-Identifier: Apache-2.0
//
// One change of one entry: everything it touches in one transaction (R1).
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "registry/look.h"
#include "registry/place.h"
#include "registry/stored.h"
#include "untorn/error.h"
#include "untorn/registry.h"
#include "untorn/transaction.h"

namespace untorn::registry {

class Change {
 public:
  // Takes the tree's lock, finishes what a crash interrupted, then looks. `place` and `options`
  // must outlive the change.
  [[nodiscard]] static Result<Change> begin(const Place& place, const RegistryOptions& options);

  [[nodiscard]] const Look& look() const noexcept { return *look_; }
  [[nodiscard]] const TransactionRecovery& recovery() const noexcept {
    return transaction_.recovery();
  }

  // The entry has these files afterwards, the specification first, and no others.
  [[nodiscard]] Result<RegistryChange> store(const FoundEntry& before,
                                             const std::vector<FileContent>& files,
                                             VersionOrigin origin) &&;
  [[nodiscard]] Result<RegistryChange> remove(const FoundEntry& before) &&;
  // R4. Tells in `check` what was set aside and brought back.
  [[nodiscard]] Result<void> repair(const FoundEntry& before, EntryCheck& check) &&;

 private:
  Change(const Place& place, const RegistryOptions& options, Transaction transaction,
         std::unique_ptr<Look> look)
      : place_(&place),
        options_(&options),
        transaction_(std::move(transaction)),
        look_(std::move(look)) {}

  [[nodiscard]] Result<void> check_format(const FoundEntry& before) const;
  // False: just this content is there already.
  [[nodiscard]] Result<bool> is_way_free(const std::string& file, std::string_view content) const;
  [[nodiscard]] Result<void> check_owner(const std::string& entry, const std::string& file) const;
  [[nodiscard]] Result<void> check_unchanged(const FoundEntry& before) const;
  [[nodiscard]] Result<void> set_aside(const FoundFile& file);
  [[nodiscard]] Result<void> put_files(const FoundEntry& before,
                                       const std::vector<FileContent>& files);
  [[nodiscard]] Result<void> take_away(const FoundFile& file);
  [[nodiscard]] Result<void> keep(const FoundEntry& before, const std::vector<FileContent>& files,
                                  VersionOrigin origin);
  [[nodiscard]] Result<void> prune(const FoundEntry& before);
  [[nodiscard]] Result<RegistryChange> commit(const FoundEntry& before);

  const Place* place_;
  const RegistryOptions* options_;
  Transaction transaction_;
  std::unique_ptr<Look> look_;
  std::vector<std::string> aside_;  // names that damaged files get
  std::uint64_t kept_ = 0;          // versions that this change keeps
  bool kept_edit_ = false;
};

}  // namespace untorn::registry
