// SPDX-License-Identifier: Apache-2.0
#include "filesystem/calls.h"

namespace untorn {

std::string_view to_string(Call call) noexcept {
  switch (call) {
    case Call::open:
      return "open";
    case Call::close:
      return "close";
    case Call::write:
      return "write";
    case Call::write_at:
      return "write_at";
    case Call::read_at:
      return "read_at";
    case Call::truncate:
      return "truncate";
    case Call::sync:
      return "sync";
    case Call::sync_data:
      return "sync_data";
    case Call::rename:
      return "rename";
    case Call::link:
      return "link";
    case Call::unlink:
      return "unlink";
    case Call::make_directory:
      return "make_directory";
    case Call::remove_directory:
      return "remove_directory";
    case Call::make_symlink:
      return "make_symlink";
    case Call::read_link:
      return "read_link";
    case Call::status:
      return "status";
    case Call::status_at:
      return "status_at";
    case Call::list:
      return "list";
    case Call::may_write:
      return "may_write";
    case Call::set_mode:
      return "set_mode";
    case Call::set_owner:
      return "set_owner";
    case Call::list_attributes:
      return "list_attributes";
    case Call::get_attribute:
      return "get_attribute";
    case Call::set_attribute:
      return "set_attribute";
    case Call::remove_attribute:
      return "remove_attribute";
    case Call::lock:
      return "lock";
    case Call::unlock:
      return "unlock";
    case Call::map:
      return "map";
    case Call::sync_range:
      return "sync_range";
    case Call::start_writeback:
      return "start_writeback";
    case Call::sync_everything:
      return "sync_everything";
    case Call::list_attributes_at:
      return "list_attributes_at";
  }
  return "unknown";
}

}  // namespace untorn
