// SPDX-License-Identifier: Apache-2.0
//
// Replay tokens: the short name of one crash state of one run.
//
//   make_token(history, name, Model::portable, {"state.json"}, code)
//     → "5d1f0c9a3b7e2468-portable-f3-AbC12"
//
// A token is LOG-MODEL-FOOTPRINT-CODE: the name of the operation log (log_name.h), the model, the
// paths that were varied, and CrashState::code(). FOOTPRINT is `a` for everything, `f3` for the
// fourth of History::touched_paths(), `d3` for the same with its SQLite journal and log, and else
// `n` with the paths in hexadecimal digits. Only letters, digits, '-' and '_' occur.
//
// Threads: pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crash/engine.h"

namespace untorn::prove {

struct ReplayToken {
  std::string log;
  crash::Model model = crash::Model::portable;
  std::string footprint;  // as the token spells it
  std::string code;
};

[[nodiscard]] std::string make_token(const crash::History& history, std::string_view log,
                                     crash::Model model, const std::vector<crash::Path>& footprint,
                                     std::string_view code);

// Nothing if the text has not the form of a token.
[[nodiscard]] std::optional<ReplayToken> read_token(std::string_view text);

// The paths of the token; nothing if the log has no such paths.
[[nodiscard]] std::optional<std::vector<crash::Path>> footprint_of(const crash::History& history,
                                                                   const ReplayToken& token);

}  // namespace untorn::prove
