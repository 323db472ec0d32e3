// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/report.h"

#include <utility>

#include "report/json.h"

namespace untorn::lab {
namespace {

void write_row(report::JsonWriter& json, const LabRow& row) {
  json.begin_object();
  json.field("workload", row.workload);
  json.field("promises_whole", row.promise.whole);
  json.field("promises_durable", row.promise.durable);
  json.field("control", row.control);
  json.field("states", row.states);
  json.field("in_order", row.in_order);
  json.field("bad", row.bad());
  json.field("bad_in_order", row.bad_in_order);
  json.field("lost", row.lost());
  json.field("broken", row.broken);
  json.field("unmountable", row.unmountable);
  json.field("bad_repaired", row.bad_repaired);
  json.field("lost_repaired", row.lost_repaired);
  json.field("unstable", row.unstable);
  json.key("kinds").begin_object();
  for (std::size_t kind = 0; kind < kind_count; ++kind) {
    if (row.kinds[kind] != 0) json.field(to_string(static_cast<Kind>(kind)), row.kinds[kind]);
  }
  json.end_object();
  json.key("examples").begin_array();
  for (const std::string& example : row.examples) json.string(example);
  json.end_array();
  json.end_object();
}

}  // namespace

std::string to_json(const LabReport& report, const Soundness& soundness) {
  report::JsonWriter json;
  json.begin_object();
  json.field("schema", "untorn.lab/1");
  json.field("file_system", report.setup);
  json.field("seconds_recording", report.seconds_recording);
  json.field("seconds_replaying", report.seconds_replaying);
  json.key("rows").begin_array();
  for (const LabRow& row : report.rows) write_row(json, row);
  json.end_array();
  json.key("models").begin_array();
  for (const Soundness::Answers& answers : soundness.answers()) {
    json.begin_object();
    json.field("model", crash::to_string(answers.model));
    json.field("asked", answers.asked);
    json.field("outside", answers.outside);
    json.field("undecided", answers.undecided);
    json.key("examples").begin_array();
    for (const std::string& example : answers.examples) json.string(example);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return std::move(json).take();
}

}  // namespace untorn::lab
