// SPDX-License-Identifier: Apache-2.0
//
// The words and endings by which a role is known.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/finding.h"

namespace untorn::rules {

// A role and the word, or ending, that named it.
struct NamedRole {
  Role role = Role::unknown;
  std::string_view word;
};

// The role that these words name; of several, the one whose harm is most certain: what is called a
// backup or a cache of a state is no state. Words are lower case; a plural counts as its singular.
[[nodiscard]] std::optional<NamedRole> role_of_words(std::span<const std::string> given);
// Of an ending that is never anything else (".py"), and of one that suggests (".md").
[[nodiscard]] std::optional<NamedRole> role_of_extension(std::string_view extension);
[[nodiscard]] std::optional<NamedRole> suggested_role(std::string_view extension);
// A word that says that something is kept: "save", "persist".
[[nodiscard]] std::optional<std::string_view> keeping_word(std::span<const std::string> given);

// "StateManager.load_all" → state, manager, load, all.
[[nodiscard]] std::vector<std::string> split_words(std::string_view name);

}  // namespace untorn::rules
