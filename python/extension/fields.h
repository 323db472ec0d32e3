// SPDX-License-Identifier: Apache-2.0
//
// Public values of the library as JSON, with the names of their members. Those that can say it
// themselves have a member to_json().
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bound.h"
#include "untorn/document.h"
#include "untorn/error.h"
#include "untorn/json.h"
#include "untorn/line_log.h"
#include "untorn/registry.h"
#include "untorn/replace.h"
#include "untorn/transaction.h"

namespace untorn::python {

using Field = std::pair<std::string_view, JsonValue>;

[[nodiscard]] JsonValue object_of(std::initializer_list<Field> fields);
[[nodiscard]] JsonValue number_of(std::uint64_t number);
[[nodiscard]] JsonValue text_of(std::string_view text);
[[nodiscard]] JsonValue list_of(const std::vector<std::string>& texts);

[[nodiscard]] JsonValue json_of(const Receipt& receipt);
[[nodiscard]] JsonValue json_of(const Generation& generation);
// Null if nothing happened.
[[nodiscard]] JsonValue json_of(const Recovery& recovery);
[[nodiscard]] JsonValue json_of(const std::optional<Recovery>& recovery);
[[nodiscard]] JsonValue json_of(const ReplacedDocument& replaced);
[[nodiscard]] JsonValue json_of(const TransactionReceipt& receipt);
[[nodiscard]] JsonValue json_of(const TransactionRecovery& recovery);
[[nodiscard]] JsonValue json_of(const AppendReceipt& receipt);
[[nodiscard]] JsonValue json_of(const TornLines& torn);
// With all of its receipt and recovery.
[[nodiscard]] JsonValue json_of(const RegistryChange& change);

template <class T>
  requires requires(const T& value) { value.to_json(); }
[[nodiscard]] JsonValue json_of(const T& value) {
  return value.to_json();
}

template <class T>
[[nodiscard]] JsonValue json_of(const std::vector<T>& values) {
  std::vector<JsonValue> items;
  items.reserve(values.size());
  for (const T& value : values) items.push_back(json_of(value));
  return JsonValue::array(std::move(items));
}

// The reply that holds the value of a result, or its error.
template <class T>
[[nodiscard]] Result<Reply> reply_of(const Result<T>& result) {
  if (!result) return std::unexpected(result.error());
  return Reply{.value = json_of(*result)};
}
[[nodiscard]] Result<Reply> reply_of(const Result<void>& result);

}  // namespace untorn::python
