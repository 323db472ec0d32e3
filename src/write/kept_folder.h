// SPDX-License-Identifier: Apache-2.0
//
// `.untorn` for the rooms above: filesystem/kept_folder.h says what it is.
#pragma once
#include "filesystem/kept_folder.h"

namespace untorn::write {

using untorn::kept_file_mode;
using untorn::kept_folder_mode;
using untorn::kept_folder_name;
using untorn::KeptFolder;
using untorn::LockRequest;
using untorn::locks_are_trusted;
using untorn::take_lock;

}  // namespace untorn::write
