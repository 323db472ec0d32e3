// SPDX-License-Identifier: Apache-2.0
#include "prove/report/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace untorn::prove {

namespace {

bool has_faults(const ProveReport& report) {
  return engine_of(report, Engine::fault) != nullptr;
}

bool has_faults_alone(const ProveReport& report) {
  return has_faults(report) && report.engines.size() == 1;
}

std::string proved_words(const ProveReport& report) {
  if (has_faults_alone(report)) return "every fault was tried, and none is bad";
  if (has_faults(report))
    return "every crash state of this run was judged and every fault was tried, and none is bad";
  return "every crash state of this run was judged, and none is bad";
}

std::string passed_words(const ProveReport& report) {
  if (has_faults_alone(report))
    return "none of the faults that were tried is bad; not all were tried";
  if (has_faults(report))
    return "none of the crash states and faults that were drawn is bad; not all were judged";
  return "none of the crash states that were drawn is bad; not all were judged";
}

}  // namespace

std::string call_words(const OperationNote& note) {
  std::string text = note.operation + "(" + note.path;
  if (!note.target.empty() && note.target != note.path) text += " -> " + note.target;
  if (note.bytes) text += fmt::format(", {} bytes", *note.bytes);
  if (note.size) text += fmt::format(", to {} bytes", *note.size);
  text += ")";
  if (!note.fault.empty()) text += ": " + note.fault;
  return text;
}

std::string place_words(const OperationNote& note) {
  if (!note.source) return {};
  std::string text = note.source->path;
  if (note.source->line != 0) text += fmt::format(" line {}", note.source->line);
  if (!note.source->function.empty()) text += " in " + note.source->function;
  return text;
}

std::string damage_words(const Violation& violation) {
  const std::uint64_t size = violation.bytes.size;
  switch (violation.observed) {
    case Observed::empty:
      return "is 0 bytes";
    case Observed::cut_short:
      return fmt::format("is cut short at {} bytes", size);
    case Observed::missing:
      return "is missing";
    case Observed::zeros:
      return "holds NUL bytes where content belongs";
    case Observed::mixed:
      return "mixes the old content with the new";
    case Observed::garbage:
      return "holds something that the program never wrote";
    case Observed::old_after_ack:
      return "is back at an old version although the program had said it was done";
    case Observed::unparseable:
      return violation.bytes.present && size == 0 ? "is 0 bytes and does not parse"
                                                  : "does not parse";
    case Observed::check_failed:
      return "fails the check";
    case Observed::litter:
      return "is left behind";
    case Observed::rerun_failed:
      return "is a state from which the command fails";
  }
  return "is damaged";
}

std::string_view crash_words(Engine engine) noexcept {
  switch (engine) {
    case Engine::kill:
      return "after a kill";
    case Engine::power:
      return "after a power cut";
    case Engine::fault:
      return "after a failed call";
  }
  return "";
}

std::string_view cut_words(Engine engine) noexcept {
  switch (engine) {
    case Engine::kill:
      return "the process is killed";
    case Engine::power:
      return "the power goes";
    case Engine::fault:
      return "the call fails";
  }
  return "";
}

std::string_view lost_label(Engine engine) noexcept {
  switch (engine) {
    case Engine::kill:
      return "cut at";
    case Engine::power:
      return "lost";
    case Engine::fault:
      return "failed";
  }
  return "";
}

std::string subject_words(const Violation& violation) {
  return violation.path.empty() ? "the tree" : violation.path;
}

std::string bad_count_words(const Violation& violation) {
  const char* what = violation.engine == Engine::fault ? "bad fault" : "bad state";
  return fmt::format("{} {}{}", violation.states, what, violation.states == 1 ? "" : "s");
}

std::string count_words(const EngineReport& engine) {
  const char* what = engine.engine == Engine::fault ? "faults" : "states";
  if (engine.exhaustive) {
    return fmt::format("exhaustive, {} of {} {}", engine.states_checked, engine.states_total.value,
                       what);
  }
  const std::string drawn = engine.engine == Engine::fault
                                ? std::string()
                                : fmt::format("sampled with seed {}, ", engine.seed.value_or(0));
  return fmt::format("{}{} of {}{} {}", drawn, engine.states_checked,
                     engine.states_total.exact ? "" : "more than ", engine.states_total.value,
                     what);
}

std::string size_words(const std::optional<std::uint64_t>& size) {
  return size ? fmt::format("{} bytes", *size) : std::string("absent");
}

std::string verdict_words(const ProveReport& report) {
  switch (report.verdict) {
    case Verdict::proved:
      return proved_words(report);
    case Verdict::passed:
      return passed_words(report);
    case Verdict::violated:
      return "a crash state of this run is bad";
    case Verdict::undecided:
      break;
  }
  if (report.interrupted) return "it was interrupted";
  if (report.undecided.empty()) return "no reason is known";
  return report.undecided.front().detail;
}

bool shows_bytes(const Violation& violation) noexcept {
  return violation.check != Check::command && violation.check != Check::rerun &&
         (violation.bytes.present || violation.bytes.old_size || violation.bytes.new_size);
}

const EngineReport* engine_of(const ProveReport& report, Engine engine) noexcept {
  const auto found = std::find_if(report.engines.begin(), report.engines.end(),
                                  [&](const EngineReport& each) { return each.engine == engine; });
  return found == report.engines.end() ? nullptr : &*found;
}

std::vector<std::vector<const Violation*>> entries_of(const ProveReport& report) {
  std::vector<std::vector<const Violation*>> entries;
  std::map<std::pair<std::string, Engine>, std::size_t> places;
  for (const Violation& each : report.violations) {
    const auto [place, is_new] = places.try_emplace({each.path, each.engine}, entries.size());
    if (is_new) entries.emplace_back();
    entries[place->second].push_back(&each);
  }
  return entries;
}

}  // namespace untorn::prove
