// SPDX-License-Identifier: Apache-2.0
#include "document/format.h"
#include "base/refusal.h"

#include <utility>

namespace untorn::document {
namespace {}  // namespace

JsonValue format_value(const Format& format) {
  JsonValue value = JsonValue::object();
  value.set("format", JsonValue::string(format.name));
  value.set("version", JsonValue::integer(format.version));
  value.set("oldest_reader", JsonValue::integer(format.oldest_reader));
  return value;
}

Result<void> check_format(const JsonValue& root, const Format& format, const std::string& path) {
  const JsonValue* const value = root.find(format_member_name);
  if (value == nullptr) {
    return refused(Code::invalid_argument, path,
                   "it does not say that it is a " + std::string(format.name));
  }
  const JsonValue* const name = value->find("format");
  const JsonValue* const oldest = value->find("oldest_reader");
  const auto found = name == nullptr ? std::nullopt : name->as_string();
  const auto oldest_reader = oldest == nullptr ? std::nullopt : oldest->as_integer();
  if (!found || !oldest_reader) {
    return refused(Code::invalid_argument, path,
                   "untorn: \"format\" and \"oldest_reader\" were expected");
  }
  if (*found != format.name) {
    return refused(Code::invalid_argument, path,
                   "it is a " + *found + ", and a " + std::string(format.name) + " was expected");
  }
  if (*oldest_reader > format.version) {
    return refused(Code::unsupported, path,
                   "it needs a reader of format " + std::to_string(*oldest_reader) +
                       ", and this program reads up to " + std::to_string(format.version));
  }
  return {};
}

}  // namespace untorn::document
