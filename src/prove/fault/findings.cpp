// SPDX-License-Identifier: Apache-2.0
//
// Findings on their way from the engine's process to the report.
#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include "prove/fault/fault.h"
#include "prove/fault/packed.h"

namespace untorn::prove {

namespace {

constexpr double microseconds = 1e6;

void put_engine(Packer& packer, const EngineReport& engine) {
  packer.number(engine.states_total.value);
  packer.number(engine.states_total.exact ? 1 : 0);
  packer.number(engine.states_checked);
  packer.number(engine.states_distinct);
  packer.number(engine.exhaustive ? 1 : 0);
  packer.number(engine.violations);
  packer.number(static_cast<std::uint64_t>(engine.elapsed_s * microseconds));
}

EngineReport take_engine(Unpacker& unpacker) {
  EngineReport engine;
  engine.engine = Engine::fault;
  engine.states_total.value = unpacker.number();
  engine.states_total.exact = unpacker.number() != 0;
  engine.states_checked = unpacker.number();
  engine.states_distinct = unpacker.number();
  engine.exhaustive = unpacker.number() != 0;
  engine.violations = unpacker.number();
  engine.elapsed_s = static_cast<double>(unpacker.number()) / microseconds;
  return engine;
}

void put_observed(Packer& packer, const Observed& observed) {
  put_value(packer, observed);
}

Observed take_observed(Unpacker& unpacker) {
  return take_value(unpacker, Observed::rerun_failed);
}

// The fields that a violation of this engine has.
void put_violation(Packer& packer, const Violation& violation) {
  put_value(packer, violation.check);
  packer.text(violation.path);
  put_value(packer, violation.observed);
  put_all(packer, violation.observed_also, put_observed);
  put_note(packer, violation.lost.value_or(OperationNote{}));
  packer.text(violation.missing);
  packer.number(violation.states);
  put_bytes(packer, violation.bytes);
  packer.text(violation.output);
}

Violation take_violation(Unpacker& unpacker) {
  Violation violation;
  violation.engine = Engine::fault;
  violation.check = take_value(unpacker, Check::command);
  violation.path = unpacker.text();
  violation.observed = take_observed(unpacker);
  take_all(unpacker, violation.observed_also, take_observed);
  violation.lost = take_note(unpacker);
  violation.missing = unpacker.text();
  violation.states = unpacker.number();
  violation.bytes = take_bytes(unpacker);
  violation.output = unpacker.text();
  return violation;
}

void put_text(Packer& packer, const std::string& text) {
  packer.text(text);
}

std::string take_text(Unpacker& unpacker) {
  return std::string(unpacker.text());
}

}  // namespace

void add_findings(FaultFindings findings, ProveReport& report) {
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  report.engines.push_back(findings.engine);
  report.runs += findings.runs;
  append(report.violations, findings.violations);
  append(report.undecided, findings.undecided);
  append(report.notes, findings.notes);
}

std::string pack(const FaultFindings& findings) {
  Packer packer;
  put_engine(packer, findings.engine);
  put_all(packer, findings.violations, put_violation);
  put_all(packer, findings.undecided, put_undecided);
  put_all(packer, findings.notes, put_text);
  packer.number(findings.runs);
  return std::move(packer).take();
}

std::optional<FaultFindings> unpack_findings(std::string_view text) {
  Unpacker unpacker(text);
  FaultFindings findings;
  findings.engine = take_engine(unpacker);
  take_all(unpacker, findings.violations, take_violation);
  take_all(unpacker, findings.undecided, take_undecided);
  take_all(unpacker, findings.notes, take_text);
  findings.runs = unpacker.number();
  if (!unpacker.complete()) return {};
  return findings;
}

}  // namespace untorn::prove
