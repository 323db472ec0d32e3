// SPDX-License-Identifier: Apache-2.0
#include "prove/repair/fix_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace untorn::prove {

Language FixTeller::language_at(std::size_t operation) const {
  const auto source = explainer_.note(operation).source;
  return language_of(source ? source->path : "", options_.command);
}

std::string FixTeller::at(std::size_t operation) const {
  std::string place = explainer_.place(operation);
  if (!place.empty()) return place;
  const OperationNote note = explainer_.note(operation);
  return fmt::format("the {} of {}", note.operation, note.path);
}

// The program writes when it closes: what it has buffered has to be flushed and synced before.
bool FixTeller::is_last_before_close(std::size_t operation) const {
  const OperationLog& log = history_.log();
  const std::size_t next = operation + 1;
  return next < log.operations.size() && log.operations[operation].kind == OperationKind::write &&
         log.operations[next].kind == OperationKind::end_writing &&
         log.operations[next].inode == log.operations[operation].inode;
}

FixTeller::Told FixTeller::tell_sync(const EditedLog& base, const crash::History& base_history,
                                     const VirtualSync& sync) const {
  Told told;
  const std::size_t after = sync.before == 0 ? 0 : base.origin[sync.before - 1];
  const crash::Path path = base_history.path_of(sync.inode, sync.before);
  const Language language = database_ ? Language::other : language_at(after);
  told.step.call =
      sync.directory ? sync_directory_call(language, path) : sync_file_call(language, path);
  if (database_) {
    told.step.call += sync.directory ? " (PRAGMA synchronous=EXTRA)" : " (PRAGMA synchronous=FULL)";
  }
  told.step.after = explainer_.note(after).source;
  told.step.after_operation = after;
  const bool closing = language == Language::python && !sync.directory &&
                       told.step.after.has_value() && is_last_before_close(after);
  told.text =
      closing ? fmt::format("insert {} before {} is closed at {}", told.step.call, path, at(after))
              : fmt::format("insert {} after {}", told.step.call, at(after));
  return told;
}

FixTeller::Told FixTeller::tell_replacement(const Replacement& replacement) const {
  Told told;
  const std::size_t first = replacement.first;
  told.step.call = fmt::format("write a temporary, fsync, rename ({}) instead of changing {}",
                               replace_call(language_at(first)), replacement.path);
  told.step.after = explainer_.note(first).source;
  told.step.after_operation = first;
  const std::string place = explainer_.place(first);
  told.text = told.step.call + (place.empty() ? " in place" : " in place at " + place);
  return told;
}

ProvedFix FixTeller::tell(const std::vector<Replacement>& replaced, const EditedLog& base,
                          const std::vector<VirtualSync>& syncs, std::uint64_t states,
                          bool exhaustive) const {
  std::vector<Told> all;
  for (const Replacement& each : replaced) all.push_back(tell_replacement(each));
  const crash::History base_history(base.log);
  std::vector<VirtualSync> sorted = syncs;
  std::sort(sorted.begin(), sorted.end());
  for (const VirtualSync& each : sorted) all.push_back(tell_sync(base, base_history, each));
  ProvedFix fix;
  fix.states_checked = states;
  std::vector<std::string> said;
  for (Told& told : all) {
    fix.steps.push_back(std::move(told.step));
    // A loop runs over one line many times; the line is changed once.
    if (std::find(said.begin(), said.end(), told.text) == said.end()) said.push_back(told.text);
  }
  fix.text = fmt::format("{}: 0 bad of {} {}states", fmt::join(said, " and "), states,
                         exhaustive ? "" : "sampled ");
  return fix;
}

}  // namespace untorn::prove
