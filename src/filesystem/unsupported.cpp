// SPDX-License-Identifier: Apache-2.0
#include "filesystem/unsupported.h"

#include <cerrno>

namespace untorn {

bool means_unsupported(Errno os_errno) noexcept {
  switch (number(os_errno)) {
    case EINVAL:
    case ENOSYS:
    case EOPNOTSUPP:
#if ENOTSUP != EOPNOTSUPP
    case ENOTSUP:
#endif
      return true;
    default:
      return false;
  }
}

}  // namespace untorn
