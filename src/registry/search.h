// SPDX-License-Identifier: Apache-2.0
//
// Does a specification answer a query? See RegistryQuery.
#pragma once
#include <string_view>

#include "untorn/json.h"
#include "untorn/registry.h"

namespace untorn::registry {

[[nodiscard]] bool answers(const RegistryQuery& query, std::string_view name,
                           const JsonValue& spec);

}  // namespace untorn::registry
