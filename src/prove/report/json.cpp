// SPDX-License-Identifier: Apache-2.0
//
// The JSON document "untorn.prove/1".
#include <algorithm>
#include <limits>

#include "base/escape.h"
#include "prove/prove.h"
#include "prove/report/words.h"
#include "report/json.h"

namespace untorn::prove {

namespace {

using report::JsonWriter;

void write_source(JsonWriter& json, const std::optional<Source>& source) {
  if (!source) {
    json.null_field("source");
    return;
  }
  json.key("source").begin_object();
  json.field("path", source->path).field("line", source->line);
  json.field("function", source->function);
  if (!source->text.empty()) json.field("text", source->text);
  json.end_object();
}

void write_note(JsonWriter& json, const OperationNote& note) {
  json.field("operation", note.operation).field("path", note.path);
  if (!note.target.empty()) json.field("target", note.target);
  if (note.bytes) json.field("bytes", *note.bytes);
  if (note.size) json.field("size", *note.size);
  if (!note.fault.empty()) json.field("fault", note.fault);
  write_source(json, note.source);
}

void write_operation(JsonWriter& json, std::string_view key,
                     const std::optional<OperationNote>& operation) {
  if (!operation) {
    json.null_field(key);
    return;
  }
  json.key(key).begin_object();
  write_note(json, *operation);
  json.end_object();
}

void write_numbers(JsonWriter& json, std::string_view key,
                   const std::vector<std::size_t>& numbers) {
  json.key(key).begin_array();
  for (const std::size_t number : numbers) json.unsigned_number(number);
  json.end_array();
}

// The text alone is what was promised first; the steps stand beside it.
void write_fix(JsonWriter& json, const std::optional<ProvedFix>& fix) {
  if (!fix) {
    json.null_field("proved_fix");
    return;
  }
  json.field("proved_fix", fix->text);
  json.field("proved_fix_states", fix->states_checked);
  json.key("proved_fix_steps").begin_array();
  for (const ProvedFix::Step& step : fix->steps) {
    json.begin_object();
    json.field("call", step.call).field("after_operation", step.after_operation);
    write_source(json, step.after);
    json.end_object();
  }
  json.end_array();
}

void write_size(JsonWriter& json, std::string_view key, const std::optional<std::uint64_t>& size) {
  if (size) {
    json.field(key, *size);
  } else {
    json.null_field(key);
  }
}

// The head is escaped as in C, so that any byte can be told from any other.
std::string escape_bytes(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '\n') {
      text += "\\n";
    } else if (byte == '\\') {
      text += "\\\\";
    } else if (code >= 0x20 && code < 0x7F) {
      text += byte;
    } else {
      text += {'\\', 'x', digits[code >> 4U], digits[code & 15U]};
    }
  }
  return text;
}

void write_bytes(JsonWriter& json, const Violation& violation) {
  if (!shows_bytes(violation)) return;
  json.key("bytes").begin_object();
  json.field("present", violation.bytes.present).field("size", violation.bytes.size);
  json.field("head", escape_bytes(violation.bytes.head));
  write_size(json, "old_size", violation.bytes.old_size);
  write_size(json, "new_size", violation.bytes.new_size);
  json.field("old_head", escape_bytes(violation.bytes.old_head));
  json.field("new_head", escape_bytes(violation.bytes.new_head));
  json.end_object();
}

void write_violation(JsonWriter& json, const Violation& violation) {
  json.begin_object();
  json.field("engine", to_string(violation.engine));
  json.field("check", to_string(violation.check)).field("path", violation.path);
  json.field("observed", to_string(violation.observed));
  json.key("observed_also").begin_array();
  for (const Observed observed : violation.observed_also) json.string(to_string(observed));
  json.end_array();
  write_operation(json, "lost", violation.lost);
  write_operation(json, "kept", violation.kept);
  json.field("missing", violation.missing);
  write_fix(json, violation.proved_fix);
  json.field("window", violation.window);
  json.field("states", violation.states).field("replay", violation.replay);
  write_numbers(json, "lost_operations", violation.lost_operations);
  write_numbers(json, "kept_operations", violation.kept_operations);
  json.field("begun", violation.begun);
  write_bytes(json, violation);
  if (!violation.output.empty()) json.field("output", violation.output);
  json.end_object();
}

void write_engine(JsonWriter& json, const EngineReport& engine) {
  json.begin_object();
  json.field("engine", to_string(engine.engine));
  json.field("states_total", engine.states_total.value);
  if (!engine.states_total.exact) json.field("states_total_exact", false);
  json.field("states_checked", engine.states_checked);
  json.field("states_distinct", engine.states_distinct);
  json.field("exhaustive", engine.exhaustive).field("violations", engine.violations);
  if (engine.seed) json.field("seed", *engine.seed);
  json.field("elapsed_s", engine.elapsed_s);
  json.end_object();
}

void write_path(JsonWriter& json, const PathReport& path) {
  json.begin_object();
  json.field("path", path.path).field("class", to_string(path.path_class));
  json.field("versions", path.versions);
  json.key("judged_by").begin_array();
  for (const Check check : path.judged_by) json.string(to_string(check));
  json.end_array();
  json.end_object();
}

void write_scope(JsonWriter& json, const ProveReport& report) {
  std::uint64_t checked = 0;
  std::uint64_t total = 0;
  for (const EngineReport& engine : report.engines) {
    checked += engine.states_checked;
    const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - total;
    total += std::min(room, engine.states_total.value);
  }
  json.key("scope").begin_object();
  json.field("runs", report.runs).field("model", crash::to_string(report.model));
  json.field("states_checked", checked).field("states_total", total);
  json.end_object();
}

void write_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  json.key(key).begin_array();
  for (const std::string& text : texts) json.string(text);
  json.end_array();
}

template <class Items, class Write>
void write_list(JsonWriter& json, std::string_view key, const Items& items, Write write) {
  json.key(key).begin_array();
  for (const auto& item : items) write(json, item);
  json.end_array();
}

}  // namespace

std::string render_json(const ProveReport& report) {
  JsonWriter json;
  json.begin_object();
  json.field("schema", "untorn.prove/1").field("verdict", to_string(report.verdict));
  json.field("root", report.root);
  write_scope(json, report);
  if (report.command_exit) {
    json.field("command_exit", *report.command_exit);
  } else {
    json.null_field("command_exit");
  }
  json.field("operations", report.operations).field("syncs", report.syncs);
  json.field("acknowledgements", report.acknowledgements);
  write_list(json, "paths", report.paths, write_path);
  write_list(json, "engines", report.engines, write_engine);
  write_list(json, "violations", report.violations, write_violation);
  write_list(json, "timeline", report.timeline, [](JsonWriter& out, const TimelineEntry& entry) {
    out.begin_object();
    out.field("number", entry.operation);
    write_note(out, entry.note);
    out.end_object();
  });
  write_list(json, "undecided", report.undecided, [](JsonWriter& out, const Undecided& undecided) {
    out.begin_object();
    out.field("reason", to_string(undecided.reason)).field("detail", undecided.detail);
    out.end_object();
  });
  write_texts(json, "notes", report.notes);
  write_texts(json, "limits", report.limits);
  if (report.interrupted) json.field("interrupted", true);
  json.field("elapsed_s", report.elapsed_s).field("trace_s", report.trace_s);
  json.end_object();
  return std::move(json).take() + "\n";
}

}  // namespace untorn::prove
