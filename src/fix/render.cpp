// SPDX-License-Identifier: Apache-2.0
#include "fix/render.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <utility>

#include "base/escape.h"
#include "patch/unified_diff.h"
#include "report/json.h"
#include "rules/rule.h"
#include "scan/render.h"

namespace untorn::fix {
namespace {

using report::JsonWriter;
using scan::counted;

struct EditCounts {
  std::uint64_t durable = 0;
  std::uint64_t ordered = 0;
  std::uint64_t unsafe = 0;
  std::uint64_t in_loops = 0;
};

EditCounts count_edits(const std::vector<PlannedEdit>& edits) {
  EditCounts counts;
  for (const PlannedEdit& edit : edits) {
    ++(edit.durability == Durability::durable ? counts.durable : counts.ordered);
    counts.unsafe += edit.is_unsafe ? 1U : 0U;
    counts.in_loops += edit.in_loop ? 1U : 0U;
  }
  return counts;
}

bool writes_module(const Plan& plan) {
  return plan.module && (!plan.module->before || *plan.module->before != plan.module->after);
}

std::string bold(std::string_view text, bool colored) {
  return colored ? "\x1b[1m" + std::string(text) + "\x1b[0m" : std::string(text);
}

std::string levels_text(const EditCounts& counts) {
  std::string text;
  if (counts.durable > 0) text += std::to_string(counts.durable) + " durable";
  if (counts.ordered > 0) {
    text += (text.empty() ? "" : ", ") + std::to_string(counts.ordered) + " ordered";
  }
  return text;
}

std::string changed_text(const FixReport& report, bool colored) {
  const Plan& plan = report.plan;
  std::string text;
  std::size_t width = 0;
  std::uint64_t edits = 0;
  std::uint64_t in_loops = 0;
  for (const PlannedFile& file : plan.files) width = std::max(width, file.path.size());
  if (plan.module) width = std::max(width, plan.module->path.size());
  for (const PlannedFile& file : plan.files) {
    const EditCounts counts = count_edits(file.edits);
    edits += file.edits.size();
    in_loops += counts.in_loops;
    std::string name = escape_controls(file.path);
    name.resize(std::max(name.size(), width), ' ');
    text += "  " + bold(name, colored) + "  " + counted(file.edits.size(), "edit") + ": " +
            levels_text(counts);
    if (counts.unsafe > 0) text += " (" + std::to_string(counts.unsafe) + " unsafe)";
    text += '\n';
  }
  std::string head = (report.is_preview ? "would change " : "changed ") + counted(edits, "site") +
                     " in " + counted(plan.files.size(), "file") + "\n";
  if (!plan.library.empty()) text += "  they import " + plan.library + "\n";
  if (plan.module) {
    std::string path = escape_controls(plan.module->path);
    path.resize(std::max(path.size(), width), ' ');
    text += "  " + bold(path, colored) + "  the module that they import" +
            (!writes_module(plan)  ? " is there already"
             : plan.module->before ? ", in a newer version"
                                   : ", new: no other dependency") +
            (plan.module->note.empty() ? "" : "; " + plan.module->note) + "\n";
  }
  if (in_loops > 0) {
    text += "  " + counted(in_loops, "edit") + " in a loop: each round waits for the disk\n";
  }
  return head + text;
}

std::string remaining_text(const FixReport& report, bool colored) {
  std::map<std::pair<languages::RewriteGrade, std::string>, std::vector<std::size_t>> groups;
  for (const std::size_t site : report.remaining) {
    const rules::Finding& finding = report.scan.findings[site].finding;
    groups[{finding.fix, finding.fix_reason}].push_back(site);
  }
  std::string text = counted(report.remaining.size(), "finding") +
                     (report.remaining.size() == 1 ? " remains\n" : " remain\n");
  constexpr std::size_t places_max = 3;
  for (auto group = groups.rbegin(); group != groups.rend();
       ++group) {  // the nearest to safe first
    const auto& [key, sites] = *group;
    const bool is_unsafe = key.first == languages::RewriteGrade::unsafe;
    text += "  " + bold(std::to_string(sites.size()), colored) +
            (is_unsafe ? " with --unsafe: " : " by hand: ") +
            (key.second.empty() ? "nothing can take its place" : key.second) + "\n";
    std::string places;
    for (std::size_t at = 0; at < std::min(places_max, sites.size()); ++at) {
      const scan::FoundSite& site = report.scan.findings[sites[at]];
      places += (places.empty() ? "" : ", ") +
                escape_controls(report.scan.sources[site.file].path) + ":" +
                std::to_string(site.finding.range.first.line);
    }
    if (sites.size() > places_max) places += ", …";
    text += "      " + places + "\n";
  }
  return text;
}

void write_changed(JsonWriter& json, const Plan& plan) {
  json.key("changed").begin_array();
  for (const PlannedFile& file : plan.files) {
    const EditCounts counts = count_edits(file.edits);
    json.begin_object().field("path", file.path).field("edits", file.edits.size());
    json.field("durable", counts.durable).field("ordered", counts.ordered);
    json.field("unsafe", counts.unsafe).end_object();
  }
  json.end_array();
}

}  // namespace

std::string render_json(const FixReport& report, const std::string& tool_version) {
  const Plan& plan = report.plan;
  JsonWriter json;
  json.begin_object().field("schema", "untorn.fix/1").field("tool_version", tool_version);
  json.field("root", report.scan.root).field("preview", report.is_preview);
  write_changed(json, plan);
  json.key("remaining").begin_array();
  for (const std::size_t site : report.remaining) {
    scan::write_finding(json, report.scan, report.scan.findings[site]);
  }
  json.end_array();
  if (plan.module) {
    json.field("helper", plan.module->path);
  } else {
    json.null_field("helper");
  }
  json.field("helper_written", writes_module(plan));
  if (plan.library.empty() || plan.files.empty()) {
    json.null_field("library");
  } else {
    json.field("library", plan.library);
  }
  json.key("problems").begin_array();
  for (const std::string& problem : plan.problems) json.string(problem);
  json.end_array();
  if (report.is_preview) json.field("diff", report.diff);
  json.end_object();
  return std::move(json).take() + "\n";
}

std::string render_text(const FixReport& report, bool colored) {
  std::string text;
  if (report.plan.files.empty()) {
    text = report.remaining.empty() ? "nothing to fix\n" : "nothing was changed\n";
  } else {
    text = changed_text(report, colored);
  }
  if (!report.remaining.empty()) text += "\n" + remaining_text(report, colored);
  if (!report.plan.files.empty() && !report.is_preview) {
    text += "\nnext: run your tests, then look at the change: git diff\n";
  }
  return text;
}

std::string render_diff(const Plan& plan, const std::string& shown_root) {
  const auto shown = [&](const std::string& path) {
    return std::filesystem::path(shown_root + path).lexically_normal().generic_string();
  };
  std::string text;
  if (writes_module(plan)) {
    const std::string path = shown(plan.module->path);
    text += patch::unified_diff(
        {.path = path,
         .before = plan.module->before ? *plan.module->before : std::string_view(),
         .after = plan.module->after,
         .is_new = !plan.module->before});
  }
  for (const PlannedFile& file : plan.files) {
    const std::string path = shown(file.path);
    text += patch::unified_diff({.path = path, .before = file.before, .after = file.after});
  }
  return text;
}

}  // namespace untorn::fix
