// SPDX-License-Identifier: Apache-2.0
//
// The phrases that all reports for people share. None is escaped: who prints them does that, for
// a terminal or for HTML.
//
// Threads: pure functions.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "prove/prove.h"

namespace untorn::prove {

// "write(a.tmp, 10000 bytes)"
[[nodiscard]] std::string call_words(const OperationNote& note);
// "app.py line 6 in save", or "" if the source is not known.
[[nodiscard]] std::string place_words(const OperationNote& note);

// "is 0 bytes", "is missing": what a path does in the bad state.
[[nodiscard]] std::string damage_words(const Violation& violation);
// "after a power cut"
[[nodiscard]] std::string_view crash_words(Engine engine) noexcept;
// "the power goes", the line between what had begun and what had not.
[[nodiscard]] std::string_view cut_words(Engine engine) noexcept;
// What the first operation of a violation is: "lost", "cut at", "failed".
[[nodiscard]] std::string_view lost_label(Engine engine) noexcept;
// "settings.json", or "the tree" where no single path is at fault.
[[nodiscard]] std::string subject_words(const Violation& violation);
// "6 bad states", "1 bad fault"
[[nodiscard]] std::string bad_count_words(const Violation& violation);
// "exhaustive, 18 of 18 states"
[[nodiscard]] std::string count_words(const EngineReport& engine);
// "300 bytes", "absent"
[[nodiscard]] std::string size_words(const std::optional<std::uint64_t>& size);
// One sentence about the verdict of a report without violations.
[[nodiscard]] std::string verdict_words(const ProveReport& report);

// Whether a violation has a file to show, or a command that failed.
[[nodiscard]] bool shows_bytes(const Violation& violation) noexcept;
[[nodiscard]] const EngineReport* engine_of(const ProveReport& report, Engine engine) noexcept;

// The violations as they are shown: one entry for each engine and path, the clearest check first.
// That `parse` fails where `atomic` does says nothing new.
[[nodiscard]] std::vector<std::vector<const Violation*>> entries_of(const ProveReport& report);

}  // namespace untorn::prove
