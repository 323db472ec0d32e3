// SPDX-License-Identifier: Apache-2.0
//
// What the doctor finds: one problem a file, with what was or would be done about it.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::health {

enum class Kind : std::uint8_t {
  corrupt_document,         // a document that cannot be what its writer wrote
  torn_log,                 // a log with NUL bytes or a partial line that its next user moves away
  torn_journal,             // the same of a journal
  interrupted_transaction,  // several files of which some may be new and others old
  interrupted_overwrite,    // a file that was being overwritten where it lies: perhaps a mixture
  stale_temporary,          // content that was never published under its name
  set_aside,                // what an earlier repair kept for a person to look at
  registry_mismatch,        // files of a registry that are not those that it stored
  unreliable_sync,          // a file system that keeps less across a power cut than a sync promises
};

// Every one of them.
inline constexpr std::array all_kinds = {Kind::corrupt_document,
                                         Kind::torn_log,
                                         Kind::torn_journal,
                                         Kind::interrupted_transaction,
                                         Kind::interrupted_overwrite,
                                         Kind::stale_temporary,
                                         Kind::set_aside,
                                         Kind::registry_mismatch,
                                         Kind::unreliable_sync};

// From `warning` up something is wrong.
enum class Severity : std::uint8_t { info, warning, error };

// Who holds the lock of a temporary.
enum class Owner : std::uint8_t {
  alive,    // somebody does
  dead,     // nobody does, and nobody can come to hold it
  unknown,  // it cannot be asked, or the answer counts for this machine only
};

struct TemporaryFacts {
  Owner owner = Owner::unknown;
  std::uint64_t size_bytes = 0;
  std::int64_t age_s = 0;  // since its content changed; 0 for a time in the future
};

struct Problem {
  Kind kind = Kind::stale_temporary;
  Severity severity = Severity::warning;
  std::string path;
  std::string detail;     // what is wrong, one phrase
  std::string repair;     // what was done about it, or what can be, or why nothing was
  bool repaired = false;  // the problem is not there any more
  std::optional<TemporaryFacts> temporary = {};
};

// Something that could not be looked at, or was left out on purpose.
struct Skipped {
  std::string path;
  std::string reason;
  bool failed = true;  // false: it was left out on purpose
};

// What one look brings to light.
struct Findings {
  std::vector<Problem> problems;
  std::vector<Skipped> skipped;
};

[[nodiscard]] std::string_view to_string(Kind kind) noexcept;
[[nodiscard]] std::string_view to_string(Severity severity) noexcept;
[[nodiscard]] std::string_view to_string(Owner owner) noexcept;

// The text of the system for an errno: "Permission denied".
[[nodiscard]] std::string reason_of(int os_errno);

}  // namespace untorn::health
