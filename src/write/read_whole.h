// SPDX-License-Identifier: Apache-2.0
//
// All bytes of an open file, for the rooms above: filesystem/read_whole.h.
#pragma once
#include "filesystem/read_whole.h"

namespace untorn::write {

using untorn::read_bytes_max;
using untorn::read_whole;

}  // namespace untorn::write
