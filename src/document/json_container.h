// SPDX-License-Identifier: Apache-2.0
//
// What an array or object holds. Shared by copies of a value until one of them changes it.
#pragma once
#include <vector>

#include "untorn/json.h"

namespace untorn {

struct JsonValue::Container {
  Container() = default;
  Container(const Container&) = default;
  Container& operator=(const Container&) = delete;
  ~Container();  // without recursion, whatever the depth

  std::vector<JsonValue> items;     // of an array
  std::vector<JsonMember> members;  // of an object
  bool on_one_line = false;         // in a document that is indented elsewhere
};

}  // namespace untorn
