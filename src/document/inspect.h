// SPDX-License-Identifier: Apache-2.0
//
// What state is a JSON document in, without changing it; and, as a second step, repairing it.
//
//   auto found = untorn::document::inspect(fs, "state.json");
//   if (found && found->needs_repair()) auto report = untorn::document::repair(fs, "state.json");
//
// For whoever looks after documents without using them. Programs that use one see
// untorn/document.h, whose rules (what is damage, what is merely unsupported) are applied here.
//
// Errors: not_found (a directory of the path), not_regular_file, permission_denied, io. None of
// these means damage: they say that the document could not be looked at.
//
// Threads: any. inspect() takes no lock, so a document that is being replaced meanwhile may be
// reported by its old version; repair() takes the document's lock and looks again under it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/document.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::document {

enum class Condition : std::uint8_t {
  absent,       // no file, and no generations: nobody has made this document
  healthy,      // JSON
  damaged,      // torn or overwritten: Inspection::reason says how
  unsupported,  // text in a form that the reader does not know; not damage, left alone
  missing,      // no file, although generations of it are kept: damage
};
[[nodiscard]] std::string_view to_string(Condition) noexcept;

struct Inspection {
  std::string path;  // as it was given
  Condition condition = Condition::absent;
  std::string reason;                   // one phrase; empty when healthy or absent
  std::uint64_t bytes = 0;              // of the file
  std::vector<Generation> generations;  // newest first; those that cannot be used included
  std::vector<std::string> set_aside;   // names beside the file: "state.json.damaged-1"

  // A generation is there that repair() would bring back.
  [[nodiscard]] bool repairable() const noexcept;
  [[nodiscard]] bool needs_repair() const noexcept {
    return condition == Condition::damaged || condition == Condition::missing;
  }
};

// Reads the document and what is kept of it: in the nearest folder above that keeps generations of
// it (DocumentOptions::tree), or else beside it. repair() finds them in the same way.
[[nodiscard]] Result<Inspection> inspect(FileSystem& fs, const std::filesystem::path& path);

// Sets a damaged file aside and brings the newest good generation back, durably; what happened is
// in the report. A document that needs no repair is left alone, with a report that says so
// (Recovery::happened is false). Code::corrupt, and nothing changed, if no generation can be used.
[[nodiscard]] Result<Recovery> repair(FileSystem& fs, const std::filesystem::path& path);

// The documents of which generations are kept in the `.untorn` of `directory`, by their paths below
// it ("a.json", "state/b.json"), sorted; the files themselves may be missing. Empty if nothing is
// kept there.
[[nodiscard]] Result<std::vector<std::string>> names_kept_in(
    FileSystem& fs, const std::filesystem::path& directory);

// What a set-aside file of `name` is called: "<name>.damaged-<number>". False for anything else.
[[nodiscard]] bool is_set_aside_name(std::string_view candidate) noexcept;

}  // namespace untorn::document
