// SPDX-License-Identifier: Apache-2.0
//
// What watch serves and writes, each made from one picture and one set of counts.
#pragma once
#include <string>
#include <string_view>

#include "watch/picture.h"

namespace untorn::watch {

struct View {
  const Picture& picture;
  const Counted& counted;
  std::string_view version;
};

// The metrics of docs/guide/monitor.md. Every combination of labels is there from the start, so
// that rate() sees the first event. No label holds a path.
[[nodiscard]] std::string render_metrics(const View& view);

// The document untorn.health/1, with its line end: is it well, how many problems of which kind.
[[nodiscard]] std::string render_health(const View& view);

// The document untorn.watch/1, with its line end: the same, and each problem.
[[nodiscard]] std::string render_json(const View& view);

// A page for people. Works without scripts, loads nothing, asks for itself again after a while.
// Lists at most so many problems that it stays readable, and says how many more there are.
[[nodiscard]] std::string render_page(const View& view);

}  // namespace untorn::watch
