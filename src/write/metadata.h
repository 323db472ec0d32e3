// SPDX-License-Identifier: Apache-2.0
//
// Owner, attributes and mode of the file that is replaced, given to the one that replaces it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "untorn/filesystem.h"

namespace untorn::write {

// Is there any among them that belongs to a file and not to its content?
[[nodiscard]] bool has_attributes_to_keep(const std::vector<std::string>& names) noexcept;

struct MetadataRequest {
  Handle old_file = Handle::none;     // none: there is none, or it cannot be read
  std::optional<Status> old_status;   // nothing: there was no file
  std::optional<std::uint32_t> mode;  // asked for by the caller, else that of the old file
  bool keep = true;                   // owner and attributes too, not the mode alone
  bool has_attributes = true;         // false: known to have none, so that it need not be open
};

// Applies it to `temporary` in the order owner, attributes, mode (a change of owner clears the
// set-user-id bit, an ACL sets the group bits), and returns what could not be kept, by reading
// attributes back: "owner", "group", "mode", "xattr user.x". An Errno means that the temporary
// itself cannot be handled. `mode_wanted` receives the mode that it should have now.
struct MetadataResult {
  std::vector<std::string> lost;
  std::optional<std::uint32_t> mode_wanted;  // nothing: whatever the kernel gave
  bool changed = false;  // something of the temporary was: its status is another one now
};
[[nodiscard]] SystemResult<MetadataResult> copy_metadata(FileSystem& fs,
                                                         const MetadataRequest& request,
                                                         Handle temporary, const Status& created);

}  // namespace untorn::write
