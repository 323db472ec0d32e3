// SPDX-License-Identifier: Apache-2.0
//
// What a Registry consists of, for its own sources.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/look.h"
#include "registry/place.h"
#include "registry/schema.h"
#include "untorn/registry.h"
#include "untorn/transaction.h"

namespace untorn {

struct Registry::State {
  State(registry::Place found, RegistryOptions given)
      : place(std::move(found)), options(std::move(given)) {}

  registry::Place place;
  RegistryOptions options;
  std::optional<registry::Schema> schema;

  [[nodiscard]] Result<std::vector<SpecProblem>> problems_in(const JsonValue& spec) const;
  [[nodiscard]] Result<std::vector<SpecProblem>> problems_in(std::string_view spec) const;
  [[nodiscard]] Result<void> check_spec(std::string_view name, std::string_view spec) const;
  [[nodiscard]] Result<void> check_names(std::string_view name,
                                         const std::vector<Attachment>& attachments) const;
  [[nodiscard]] Error not_there(std::string_view name, std::string detail) const;
  // What `name` is now; Code::not_found if there is no such entry.
  [[nodiscard]] Result<registry::FoundEntry> find(const registry::Look& look, std::string_view name,
                                                  registry::Depth depth) const;
  [[nodiscard]] Result<void> check_readable(const registry::FoundEntry& entry) const;
  [[nodiscard]] Result<RegistryListing> list(const RegistryQuery* query) const;
  [[nodiscard]] Result<std::vector<registry::FileContent>> stored_contents(
      const registry::Look& look, std::string_view name, std::uint64_t number) const;
  [[nodiscard]] Result<EntryCheck> check_entry(const registry::FoundEntry& entry) const;
  [[nodiscard]] Result<void> repair(EntryCheck& check) const;
  [[nodiscard]] Result<std::vector<std::string>> strays(
      const registry::Look& look, const std::vector<EntryCheck>& entries) const;
};

namespace registry {

// Nothing if nothing of ours is there, or this process may only read: then it reads without a lock.
[[nodiscard]] Result<std::optional<TreeLock>> lock_for_reading(const Place& place,
                                                               const RegistryOptions& options);

}  // namespace registry
}  // namespace untorn
