// SPDX-License-Identifier: Apache-2.0
#include "rules/finding.h"

#include "base/assert.h"

namespace untorn::rules {

std::string_view to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::low:
      return "low";
    case Severity::medium:
      return "medium";
    case Severity::high:
      return "high";
    case Severity::critical:
      return "critical";
  }
  assertion_failed("a severity", __FILE__, __LINE__);
}

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::state:
      return "state";
    case Role::config:
      return "config";
    case Role::registry:
      return "registry";
    case Role::credential:
      return "credential";
    case Role::code:
      return "code";
    case Role::patch:
      return "patch";
    case Role::backup:
      return "backup";
    case Role::document:
      return "document";
    case Role::log:
      return "log";
    case Role::report:
      return "report";
    case Role::cache:
      return "cache";
    case Role::temporary:
      return "temporary";
    case Role::unknown:
      return "unknown";
  }
  assertion_failed("a role", __FILE__, __LINE__);
}

std::string_view to_string(languages::RewriteGrade grade) noexcept {
  switch (grade) {
    case languages::RewriteGrade::none:
      return "none";
    case languages::RewriteGrade::display:
      return "display";
    case languages::RewriteGrade::unsafe:
      return "unsafe";
    case languages::RewriteGrade::safe:
      return "safe";
  }
  assertion_failed("a grade", __FILE__, __LINE__);
}

}  // namespace untorn::rules
