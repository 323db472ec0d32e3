// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <optional>

#include "base/try.h"
#include "binders.h"
#include "fields.h"
#include "untorn/line_log.h"

namespace untorn::python {
namespace {

using Open = std::optional<LineLog>;

Result<Reply> append(Open& open, Call& call) {
  std::vector<std::string> lines;
  lines.reserve(call.contents());
  for (std::size_t i = 0; i < call.contents(); ++i) lines.emplace_back(call.content(i));
  return reply_of(open->append(lines));
}

Result<Reply> sync(Open& open, Call& /*call*/) {
  return reply_of(open->sync());
}

Result<Reply> torn(Open& open, Call& /*call*/) {
  return Reply{.value = json_of(open->torn())};
}

Result<Reply> close(Open& open, Call& /*call*/) {
  auto synced = open->sync();  // what a batch holds: its failure must not be lost
  open.reset();
  return reply_of(synced);
}

constexpr std::array<Method<Open>, 4> methods = {{
    {"append", append},
    {"sync", sync},
    {"torn", torn},
    {"close", close},
}};

LineSync sync_of(const Call& call) {
  const std::string word = call.text("sync");
  for (const LineSync sync : {LineSync::each, LineSync::batched, LineSync::never}) {
    if (to_string(sync) == word) return sync;
  }
  throw WrongArgument("sync");
}

}  // namespace

Result<std::unique_ptr<Bound>> make_line_log(Call& call, const Logger& /*logger*/) {
  LineLogOptions options;
  options.sync = sync_of(call);
  options.batch_lines = call.count("batch_lines");
  options.batch_time = std::chrono::milliseconds(call.count("batch_ms"));
  options.rotate_bytes = call.count("rotate_bytes");
  options.rotate_age = std::chrono::seconds(call.count("rotate_age_s"));
  options.keep = call.small_count("keep");
  if (call.find("mode") != nullptr) options.mode = call.small_count("mode");
  options.lock_wait = std::chrono::milliseconds(call.integer("lock_wait_ms"));
  if (call.find("tree") != nullptr) options.tree = call.path("tree");
  UNTORN_TRY(LineLog log, LineLog::open(call.path(), options));
  return make_bound<Open>(std::move(log), methods);
}

}  // namespace untorn::python
