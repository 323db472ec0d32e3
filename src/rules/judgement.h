// SPDX-License-Identifier: Apache-2.0
//
// What several rules ask of an operation.
#pragma once
#include <cstdint>
#include <string>

#include "rules/link.h"

namespace untorn::rules {

// The operation writes a file that outlives the run under this name, and is no part of an atomic
// writer. No rule holds elsewhere. Not so: special files and descriptors, what lies in a temporary
// directory, temporaries that a rename publishes, files that the same function removes again,
// handles that nothing is written to or that only lock, files that are made exclusively.
[[nodiscard]] bool writes_lasting_file(const LinkedFile& file, std::uint32_t operation);

// The target as written, in backquotes: "`self.state_file`".
[[nodiscard]] std::string spoken_target(const LinkedFile& file, std::uint32_t operation);
// "; load() at line 20 reads it back", or nothing.
[[nodiscard]] std::string spoken_reader(const LinkedFile& file, std::uint32_t operation);

// The temporary of a rename or move that publishes a lasting file; nullptr for anything else.
[[nodiscard]] const Publication* published_by(const LinkedFile& file, std::uint32_t operation);

}  // namespace untorn::rules
