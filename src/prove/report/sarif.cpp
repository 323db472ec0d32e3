// SPDX-License-Identifier: Apache-2.0
//
// SARIF of a proof: a rule for each check, a result for each violation. The result stands at the
// line of the call that was lost, because there something is missing; its code flow is the picture
// of the run.
#include "report/sarif.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/hash.h"
#include "prove/prove.h"
#include "prove/report/timeline.h"
#include "prove/report/words.h"

namespace untorn::prove {

namespace {

using report::SarifLevel;
using report::SarifLocation;
using report::SarifResult;
using report::SarifRule;
using report::SarifRun;

constexpr std::size_t flow_steps_max = 40;
constexpr std::string_view help =
    "Write a temporary, fsync it, rename it over the file and fsync the directory; or let untorn "
    "write, untorn.write_text or untorn/replace.h do that.";

struct RuleText {
  Check check;
  const char* name;
  const char* description;
  SarifLevel level;
};
constexpr std::array<RuleText, 8> rule_texts = {{
    {Check::atomic, "AtomicAcrossCrashes",
     "After a crash a file holds one of its versions, and a log a prefix of itself.",
     SarifLevel::error},
    {Check::durable, "DurableOnceAcknowledged",
     "What the program said was done is still there after a crash.", SarifLevel::error},
    {Check::durable_if_synced, "DurableOnceSyncedAndAcknowledged",
     "What the program synced and said was done is still there after a crash.", SarifLevel::error},
    {Check::parse, "ParsesAfterCrashes",
     "A file that parses before and after the run parses after a crash.", SarifLevel::error},
    {Check::lines, "WholeLinesAfterCrashes", "After a crash a log ends with a whole line.",
     SarifLevel::warning},
    {Check::rerun, "RunsAgainAfterCrashes", "After a crash the command runs again and succeeds.",
     SarifLevel::error},
    {Check::no_litter, "NothingLeftBehind", "A crash leaves no file that nobody cleans up.",
     SarifLevel::warning},
    {Check::command, "CheckAcceptsCrashStates", "The check accepts every state a crash may leave.",
     SarifLevel::error},
}};

std::vector<SarifRule> rules() {
  std::vector<SarifRule> all;
  for (const RuleText& text : rule_texts) {
    all.push_back({std::string(to_string(text.check)), text.name, text.description,
                   std::string(help), text.level});
  }
  return all;
}

SarifLevel level_of(Check check) {
  for (const RuleText& text : rule_texts) {
    if (text.check == check) return text.level;
  }
  return SarifLevel::error;
}

bool has_line(const std::optional<OperationNote>& note) {
  return note && note->source && !note->source->path.empty();
}

SarifLocation location_of(const OperationNote& note, std::string message) {
  const Source& source = *note.source;
  return {source.path, source.line, source.text, std::move(message), source.function};
}

std::string message_of(const Violation& violation) {
  std::string text = fmt::format("{} {} {}.", subject_words(violation), damage_words(violation),
                                 crash_words(violation.engine));
  if (violation.lost) {
    text += fmt::format(" {}: {}.", violation.engine == Engine::power ? "Lost" : "Interrupted",
                        call_words(*violation.lost));
  }
  if (violation.kept) text += fmt::format(" Kept: {}.", call_words(*violation.kept));
  if (!violation.missing.empty()) text += " Missing: " + violation.missing + ".";
  if (violation.proved_fix) text += " Proved fix: " + violation.proved_fix->text + ".";
  if (!violation.window.empty()) text += " Window on real disks: " + violation.window + ".";
  if (!violation.replay.empty()) text += " Replay: untorn replay " + violation.replay + " DIR.";
  return text;
}

// The text of the lines counts, their numbers do not.
std::string fingerprint_of(const Violation& violation) {
  Hash128 hash = hash128(to_string(violation.check));
  hash = hash128(to_string(violation.engine), hash);
  hash = hash128(violation.path, hash);
  for (const auto& note : {violation.lost, violation.kept}) {
    if (!note) continue;
    hash = hash128(note->operation, hash);
    if (!note->source) continue;
    hash = hash128(note->source->path, hash);
    hash = hash128(note->source->function, hash);
    hash = hash128(note->source->text, hash);
  }
  return fmt::format("{:016x}{:016x}", hash.first, hash.second);
}

std::string_view mark_words(PictureLine::Mark mark, Engine engine) {
  switch (mark) {
    case PictureLine::Mark::lost:
      return lost_label(engine);
    case PictureLine::Mark::kept:
      return "kept";
    case PictureLine::Mark::not_begun:
      return "not begun";
    default:
      return "done";
  }
}

void add_flow(const ProveReport& report, const Violation& violation, SarifResult& result) {
  for (const PictureLine& line : picture_of(report, violation, flow_steps_max)) {
    if (line.entry == nullptr || !has_line(line.entry->note)) continue;
    const bool essential =
        line.mark == PictureLine::Mark::lost || line.mark == PictureLine::Mark::kept;
    std::string words = fmt::format("{}: {}", mark_words(line.mark, violation.engine),
                                    call_words(line.entry->note));
    result.flow.push_back({location_of(line.entry->note, std::move(words)), essential});
  }
}

SarifResult result_of(const ProveReport& report, const Violation& violation) {
  SarifResult result;
  result.rule = to_string(violation.check);
  result.level = level_of(violation.check);
  result.message = message_of(violation);
  const bool at_lost = has_line(violation.lost);
  if (at_lost) {
    result.locations.push_back(location_of(*violation.lost, ""));
  } else if (has_line(violation.kept)) {
    result.locations.push_back(location_of(*violation.kept, ""));
  } else {
    result.locations.push_back({.path = violation.path.empty() ? "." : violation.path});
  }
  if (at_lost) {
    result.related.push_back(location_of(
        *violation.lost,
        fmt::format("{}: {}", lost_label(violation.engine), call_words(*violation.lost))));
  }
  if (has_line(violation.kept)) {
    result.related.push_back(location_of(*violation.kept, "kept: " + call_words(*violation.kept)));
  }
  add_flow(report, violation, result);
  result.fingerprint = fingerprint_of(violation);
  result.properties = {{"engine", std::string(to_string(violation.engine))},
                       {"observed", std::string(to_string(violation.observed))},
                       {"path", violation.path},
                       {"missing", violation.missing}};
  if (violation.proved_fix) result.properties.emplace_back("provedFix", violation.proved_fix->text);
  if (!violation.window.empty()) result.properties.emplace_back("window", violation.window);
  if (!violation.replay.empty()) result.properties.emplace_back("replay", violation.replay);
  return result;
}

}  // namespace

std::string render_sarif(const ProveReport& report) {
  SarifRun run;
  run.tool = "untorn prove";
  run.version = UNTORN_VERSION;
  run.root = report.root;
  run.rules = rules();
  run.command = report.command;
  run.successful = report.verdict != Verdict::undecided && !report.interrupted;
  for (const Undecided& each : report.undecided)
    run.notifications.push_back(fmt::format("{}: {}", to_string(each.reason), each.detail));
  for (const Violation& each : report.violations) run.results.push_back(result_of(report, each));
  run.properties = {{"verdict", std::string(to_string(report.verdict))},
                    {"model", std::string(crash::to_string(report.model))}};
  return report::render_sarif(run);
}

}  // namespace untorn::prove
