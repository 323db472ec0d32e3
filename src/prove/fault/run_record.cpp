// SPDX-License-Identifier: Apache-2.0
#include "prove/fault/run_record.h"

#include <utility>

#include "prove/fault/packed.h"

namespace untorn::prove {

namespace {

constexpr double microseconds = 1e6;

void put_finding(Packer& packer, const EndFinding& finding) {
  put_value(packer, finding.check);
  packer.text(finding.path);
  put_value(packer, finding.observed);
  put_bytes(packer, finding.bytes);
  packer.text(finding.output);
  packer.text(finding.advice);
  packer.number(finding.after_crash ? 1 : 0);
}

EndFinding take_finding(Unpacker& unpacker) {
  EndFinding finding;
  finding.check = take_value(unpacker, Check::command);
  finding.path = unpacker.text();
  finding.observed = take_value(unpacker, Observed::rerun_failed);
  finding.bytes = take_bytes(unpacker);
  finding.output = unpacker.text();
  finding.advice = unpacker.text();
  finding.after_crash = unpacker.number() != 0;
  return finding;
}

void put_site(Packer& packer, const SurveyedSite& site) {
  packer.number(site.site.first);
  packer.number(site.site.second);
  put_value(packer, site.call);
  packer.number(site.operations);
  packer.number(site.occurrences);
  packer.number(site.calls.size());
  for (const SiteCall& call : site.calls) {
    packer.number(call.bytes);
    packer.number(call.selected ? 1 : 0);
  }
}

SurveyedSite take_site(Unpacker& unpacker) {
  SurveyedSite site;
  site.site.first = unpacker.number();
  site.site.second = unpacker.number();
  site.call = take_value(unpacker, FaultCall::allocate);
  site.operations = unpacker.number();
  site.occurrences = unpacker.number();
  for (std::uint64_t left = unpacker.count(); left > 0 && unpacker.good(); --left) {
    SiteCall call;
    call.bytes = unpacker.number();
    call.selected = unpacker.number() != 0;
    site.calls.push_back(call);
  }
  return site;
}

}  // namespace

std::string pack(const RunRecord& record) {
  Packer packer;
  put_value(packer, record.end);
  packer.number(static_cast<std::uint64_t>(record.exit_code));
  packer.text(record.why);
  packer.number(static_cast<std::uint64_t>(record.elapsed_s * microseconds));
  packer.number(record.came ? 1 : 0);
  put_note(packer, record.failed);
  packer.number(record.later_calls);
  packer.number(record.done ? 1 : 0);
  packer.text(record.log_name);
  packer.number(record.exhaustive ? 1 : 0);
  put_all(packer, record.findings, put_finding);
  put_all(packer, record.undecided, put_undecided);
  put_all(packer, record.sites, put_site);
  packer.text(record.trace);
  return std::move(packer).take();
}

std::optional<RunRecord> unpack_run(std::string_view text) {
  Unpacker unpacker(text);
  RunRecord record;
  record.end = take_value(unpacker, RunRecord::End::failed);
  record.exit_code = static_cast<int>(unpacker.number());
  record.why = unpacker.text();
  record.elapsed_s = static_cast<double>(unpacker.number()) / microseconds;
  record.came = unpacker.number() != 0;
  record.failed = take_note(unpacker);
  record.later_calls = unpacker.number();
  record.done = unpacker.number() != 0;
  record.log_name = unpacker.text();
  record.exhaustive = unpacker.number() != 0;
  take_all(unpacker, record.findings, take_finding);
  take_all(unpacker, record.undecided, take_undecided);
  take_all(unpacker, record.sites, take_site);
  record.trace = unpacker.text();
  if (!unpacker.complete()) return {};
  return record;
}

}  // namespace untorn::prove
