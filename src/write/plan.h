// SPDX-License-Identifier: Apache-2.0
//
// Which protocol carries out a level on a file system: one table, read by single replacements, by
// batches and by transactions. docs/internals/protocols.md has it in words, with the evidence.
#pragma once
#include <cstdint>

#include "untorn/durability.h"
#include "untorn/filesystem.h"
#include "untorn/replace.h"

namespace untorn::write {

// How content is made safe before its rename.
enum class ContentSync : std::uint8_t {
  none,   // process
  range,  // sync_file_range: on the device before any later change of a name (one_commit)
  file,   // fsync
  all,    // syncfs, once for a group (btrfs)
};

// What follows the rename.
struct NameSync {
  bool file = false;       // fsync of the file: with one_commit it also brings late write errors
  bool directory = false;  // fsync of the directory
  bool all = false;        // syncfs, once for a group (btrfs)

  [[nodiscard]] constexpr bool any() const noexcept { return file || directory || all; }
};

// One replacement.
struct Plan {
  Protocol protocol = Protocol::classic;
  ContentSync before = ContentSync::file;
  NameSync after;
  unsigned commits = 0;  // expected on a journaling local file system
};
[[nodiscard]] Plan plan_for(const FileSystemKind& kind, Durability level,
                            ProtocolChoice choice) noexcept;

// A group of files of one file system that share their syncs (Batch, Transaction).
[[nodiscard]] Plan group_plan_for(const FileSystemKind& kind, Durability level,
                                  ProtocolChoice choice) noexcept;

}  // namespace untorn::write
