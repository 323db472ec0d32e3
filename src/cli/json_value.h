// SPDX-License-Identifier: Apache-2.0
//
// A JSON value of a document as a part of a report: valid UTF-8, and numbers that JSON knows, as
// report/json.h promises, whatever the value holds.
#pragma once
#include "report/json.h"
#include "untorn/json.h"

namespace untorn::cli {

void write_value(report::JsonWriter& json, const JsonValue& value);
// The members of an object, into the object that is open.
void write_members(report::JsonWriter& json, const JsonValue& object);

}  // namespace untorn::cli
