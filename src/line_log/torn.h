// SPDX-License-Identifier: Apache-2.0
//
// Where the sound part of a log ends, and how the rest is moved away.
#pragma once
#include <cstdint>
#include <string>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/line_log.h"

namespace untorn::line_log {

inline constexpr std::string_view torn_infix = ".torn-";

// One look at the bytes of a log from a line's beginning on.
struct Look {
  std::uint64_t sound_end = 0;  // of the last line before the first NUL or partial line
  std::uint64_t size = 0;       // where the look ended
  bool has_nul = false;
  std::uint64_t sound_lines = 0;  // line ends between the beginning of the look and sound_end

  [[nodiscard]] bool torn() const noexcept { return sound_end != size; }
};
[[nodiscard]] SystemResult<Look> look_from(FileSystem& fs, Handle log, std::uint64_t from,
                                           std::uint64_t size);

// "it ends in the middle of a line", "NUL bytes at line 12". Reads what lies before `from`.
[[nodiscard]] std::string reason_of(FileSystem& fs, Handle log, std::uint64_t from,
                                    const Look& look);

// The log whose end is moved, held under its exclusive lock.
struct TornLog {
  FileSystem* fs = nullptr;
  Handle directory = Handle::none;
  std::string name;
  std::string path;  // for messages
  Handle log = Handle::none;
  std::uint32_t mode = 0;
};

// N1  The bytes are in NAME.torn-<number>, and on the disk with that name, before the log is cut.
// N2  A number that exists is never used again, unless its file holds these very bytes and is newer
//     than the log: then a crash came between copying and cutting, and the copy is the one.
// N3  If the log changed its size meanwhile (a program that does not know the lock), it is not cut.
// Counts its sync calls in `syncs`. After a failure the log is as it was.
[[nodiscard]] Result<TornLines> move_torn(const TornLog& torn, const Look& look, unsigned& syncs);

}  // namespace untorn::line_log
