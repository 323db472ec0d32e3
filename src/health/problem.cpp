// SPDX-License-Identifier: Apache-2.0
#include "health/problem.h"

#include <system_error>

namespace untorn::health {

std::string_view to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::corrupt_document:
      return "corrupt-document";
    case Kind::torn_log:
      return "torn-log";
    case Kind::torn_journal:
      return "torn-journal";
    case Kind::interrupted_transaction:
      return "interrupted-transaction";
    case Kind::interrupted_overwrite:
      return "interrupted-overwrite";
    case Kind::stale_temporary:
      return "stale-temporary";
    case Kind::set_aside:
      return "set-aside";
    case Kind::registry_mismatch:
      return "registry-mismatch";
    case Kind::unreliable_sync:
      return "unreliable-sync";
  }
  return "";
}

std::string_view to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "";
}

std::string_view to_string(Owner owner) noexcept {
  switch (owner) {
    case Owner::alive:
      return "alive";
    case Owner::dead:
      return "dead";
    case Owner::unknown:
      return "unknown";
  }
  return "";
}

std::string reason_of(int os_errno) {
  return std::generic_category().message(os_errno);
}

}  // namespace untorn::health
