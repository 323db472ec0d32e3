// SPDX-License-Identifier: Apache-2.0
//
// The words of a report. Programs read them: they may be added to, never changed.
#include <algorithm>
#include <array>
#include <utility>

#include "prove/prove.h"

namespace untorn::prove {

namespace {

constexpr std::array<std::pair<Check, std::string_view>, 8> check_names = {{
    {Check::atomic, "atomic"},
    {Check::durable, "durable"},
    {Check::durable_if_synced, "durable-if-synced"},
    {Check::parse, "parse"},
    {Check::lines, "lines"},
    {Check::rerun, "rerun"},
    {Check::no_litter, "no-litter"},
    {Check::command, "check"},
}};

}  // namespace

std::string_view to_string(Check check) noexcept {
  for (const auto& [value, name] : check_names) {
    if (value == check) return name;
  }
  return "unknown";
}

std::optional<Check> check_from_name(std::string_view name) noexcept {
  for (const auto& [value, known] : check_names) {
    if (known == name && value != Check::command) return value;
  }
  return {};
}

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::proved:
      return "proved";
    case Verdict::passed:
      return "passed";
    case Verdict::violated:
      return "violated";
    case Verdict::undecided:
      return "undecided";
  }
  return "unknown";
}

std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::unmodelled_call:
      return "unmodelled-call";
    case Reason::budget:
      return "budget";
    case Reason::nothing_written:
      return "nothing-written";
    case Reason::command_failed:
      return "command-failed";
    case Reason::escaped_root:
      return "escaped-root";
    case Reason::in_place_unjudged:
      return "in-place-unjudged";
    case Reason::check_rejects_baseline:
      return "check-rejects-baseline";
    case Reason::flaky_check:
      return "flaky-check";
    case Reason::check_reads_nothing:
      return "check-reads-nothing";
  }
  return "unknown";
}

std::string_view to_string(PathClass path_class) noexcept {
  switch (path_class) {
    case PathClass::whole:
      return "whole";
    case PathClass::log:
      return "log";
    case PathClass::in_place:
      return "in-place";
  }
  return "unknown";
}

std::string_view to_string(Observed observed) noexcept {
  switch (observed) {
    case Observed::empty:
      return "empty";
    case Observed::cut_short:
      return "short";
    case Observed::missing:
      return "missing";
    case Observed::zeros:
      return "zeros";
    case Observed::mixed:
      return "mixed";
    case Observed::garbage:
      return "garbage";
    case Observed::old_after_ack:
      return "old-after-ack";
    case Observed::unparseable:
      return "unparseable";
    case Observed::check_failed:
      return "check-failed";
    case Observed::litter:
      return "litter";
    case Observed::rerun_failed:
      return "rerun-failed";
  }
  return "unknown";
}

std::string_view to_string(Engine engine) noexcept {
  switch (engine) {
    case Engine::kill:
      return "kill";
    case Engine::power:
      return "power";
    case Engine::fault:
      return "fault";
  }
  return "unknown";
}

std::optional<Engine> engine_from_name(std::string_view name) noexcept {
  for (const Engine engine : {Engine::kill, Engine::power, Engine::fault}) {
    if (to_string(engine) == name) return engine;
  }
  return {};
}

bool ProveOptions::expects(Check check) const noexcept {
  return std::find(expect.begin(), expect.end(), check) != expect.end();
}

bool ProveOptions::runs(Engine engine) const noexcept {
  return std::find(engines.begin(), engines.end(), engine) != engines.end();
}

bool ProveReport::exhaustive() const noexcept {
  return std::all_of(engines.begin(), engines.end(),
                     [](const EngineReport& engine) { return engine.exhaustive; });
}

int ProveReport::exit_code() const noexcept {
  if (interrupted) return 130;
  switch (verdict) {
    case Verdict::proved:
      return 0;
    case Verdict::passed:
      return require_exhaustive ? 2 : 0;
    case Verdict::violated:
      return 1;
    case Verdict::undecided:
      return 2;
  }
  return 2;
}

}  // namespace untorn::prove
