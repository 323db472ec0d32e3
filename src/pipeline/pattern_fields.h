// SPDX-License-Identifier: Apache-2.0
//
// The members of patterns.json by their names, in the order of a new file.
#pragma once
#include "pipeline/pattern_data.h"

namespace untorn::pipeline {

template <class Self, class Visit>
void for_each_field(const StoredTool*, Self& self, Visit visit) {
  visit("phase", self.phase);
  visit("tool", self.tool);
  visit("uses", self.uses);
  visit("successes", self.successes);
  visit("duration_s", self.duration_s);
  visit("last_used", self.last_used);
  visit("tasks", self.tasks);
}

template <class Self, class Visit>
void for_each_field(const StoredFailure*, Self& self, Visit visit) {
  visit("tool", self.tool);
  visit("phase", self.phase);
  visit("signature", self.signature);
  visit("example", self.example);
  visit("count", self.count);
  visit("last_seen", self.last_seen);
  visit("helped", self.helped);
}

template <class Self, class Visit>
void for_each_field(const StoredTransition*, Self& self, Visit visit) {
  visit("from", self.from);
  visit("to", self.to);
  visit("count", self.count);
  visit("successes", self.successes);
  visit("last_seen", self.last_seen);
}

template <class Self, class Visit>
void for_each_field(const StoredOpen*, Self& self, Visit visit) {
  visit("task", self.task);
  visit("tool", self.tool);
  visit("signature", self.signature);
}

template <class Self, class Visit>
void for_each_field(const StoredIds*, Self& self, Visit visit) {
  visit("latest_ns", self.latest_ns);
  visit("ids", self.ids);
}

template <class Self, class Visit>
void for_each_field(const PatternData*, Self& self, Visit visit) {
  visit(document::format_member_name, self.untorn);
  visit("updated", self.updated);
  visit("executions", self.executions);
  visit("successes", self.successes);
  visit("duration_s", self.duration_s);
  visit("last_phase", self.last_phase);
  visit("tools", self.tools);
  visit("failures", self.failures);
  visit("transitions", self.transitions);
  visit("open_failures", self.open_failures);
  visit("operations", self.operations);
  visit("forgotten_until_ns", self.forgotten_until_ns);
}

}  // namespace untorn::pipeline
