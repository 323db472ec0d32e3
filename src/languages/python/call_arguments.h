// SPDX-License-Identifier: Apache-2.0
//
// The arguments of one call, in the order of the text.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "languages/syntax.h"

namespace untorn::languages {

struct CallArgument {
  NodeId node = NodeId::none;   // `mode="w"`
  NodeId value = NodeId::none;  // `"w"`
  NodeId name_node = NodeId::none;
  std::string_view name = {};  // empty for a positional one
  bool starred = false;        // *x, **x
};

struct CallArguments {
  std::vector<CallArgument> all;
  bool is_list = false;  // false: a bare generator expression in the place of the list

  [[nodiscard]] bool any_starred() const noexcept;
  [[nodiscard]] std::size_t positional_count() const noexcept;
  // By position among the positional ones, or by name; nullptr: not given.
  [[nodiscard]] const CallArgument* find(std::size_t position,
                                         std::string_view name) const noexcept;
};

[[nodiscard]] CallArguments call_arguments(const SyntaxTree& tree, NodeId call);

// The value of a plain string literal without escapes, prefixes or parts in braces.
[[nodiscard]] std::optional<std::string> plain_string(const SyntaxTree& tree, NodeId node);

// The last name of what is called: `dump` of `json.dump(…)` and of `dump(…)`; empty: no name.
[[nodiscard]] std::string_view called_name(const SyntaxTree& tree, NodeId call);

}  // namespace untorn::languages
