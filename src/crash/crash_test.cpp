// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <vector>

#include "crash/count.h"
#include "crash/crash_test_on.h"
#include "crash/describe.h"
#include "crash/engine.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/recording_file_system.h"
#include "untorn/crash.h"

namespace untorn {

namespace {

class RecordingLog final : public CrashLog {
 public:
  explicit RecordingLog(RecordingFileSystem& fs) : fs_(fs) {}
  void acknowledge(std::string_view what) override { fs_.acknowledge(what); }

 private:
  RecordingFileSystem& fs_;
};

struct Acknowledgement {
  std::size_t operation;
  std::string_view what;
};

class StatePoint final : public CrashPoint {
 public:
  StatePoint(const crash::History& history, const std::vector<Acknowledgement>& acknowledgements,
             CrashModel model, const crash::CrashState& state)
      : history_(history), acknowledgements_(acknowledgements), model_(model), state_(state) {}

  [[nodiscard]] bool acknowledged(std::string_view what) const override {
    return std::ranges::any_of(acknowledgements_, [&](const Acknowledgement& given) {
      return given.operation < state_.begun() && given.what == what;
    });
  }
  [[nodiscard]] CrashModel model() const override { return model_; }
  [[nodiscard]] std::string describe() const override {
    return crash::describe_state(history_, state_);
  }

 private:
  const crash::History& history_;
  const std::vector<Acknowledgement>& acknowledgements_;
  CrashModel model_;
  const crash::CrashState& state_;
};

// Every file keeps its inode number: a recovery may tell files by them.
std::vector<TreeEntry> tree_entries(const crash::CrashState& state, const OperationLog& log) {
  std::vector<TreeEntry> entries;
  std::vector<InodeId> inodes;
  for (auto& [path, file] : state.tree()) {
    // From 1: 0 means a file with one name.
    const std::uint64_t linked =
        file.type == FileType::directory ? 0 : std::uint64_t{file.inode} + 1;
    if (linked != 0) inodes.push_back(file.inode);
    entries.push_back(
        {path, file.type, file.mode, file.content, linked, log.inodes[file.inode].number});
  }
  std::ranges::sort(inodes);
  if (std::ranges::adjacent_find(inodes) == inodes.end()) {
    for (TreeEntry& entry : entries) entry.inode = 0;
  }
  return entries;
}

crash::Model engine_model(CrashModel model) {
  switch (model) {
    case CrashModel::kill:
      return crash::Model::kill;
    case CrashModel::portable:
      return crash::Model::portable;
    case CrashModel::ext4:
      return crash::Model::ext4;
    case CrashModel::xfs:
      return crash::Model::xfs;
    case CrashModel::btrfs:
      return crash::Model::btrfs;
    case CrashModel::posix:
      return crash::Model::posix;
  }
  return crash::Model::portable;
}

std::string rate(double states_per_second) {
  return std::to_string(static_cast<std::uint64_t>(states_per_second));
}

}  // namespace

std::string CrashTestReport::summary() const {
  std::string text = failures.empty() ? "no bad state among " : "bad states among ";
  text += std::to_string(states_checked) + " of ";
  text += states_total == crash::count_max ? "more than 2^64" : std::to_string(states_total);
  text += exhaustive ? " states (all of the models), " : " states (a sample), ";
  text += std::to_string(states_distinct) + " different, " + rate(states_per_second) + "/s\n";
  for (const CrashFailure& failure : failures) {
    text += crash::to_string(engine_model(failure.model));
    text += ": " + failure.message + "\n  " + failure.state + "\n";
    for (std::size_t begin = 0; begin < failure.tree.size();) {
      const std::size_t end = std::min(failure.tree.find('\n', begin), failure.tree.size());
      text += "    " + failure.tree.substr(begin, end - begin) + "\n";
      begin = end + 1;
    }
  }
  return text;
}

CrashTestReport crash_test(const std::function<void(FileSystem&, CrashLog&)>& workload,
                           const std::function<std::string(FileSystem&, const CrashPoint&)>& check,
                           const CrashTestOptions& options) {
  std::vector<TreeEntry> initial;
  for (const auto& [path, content] : options.initial_files) {
    initial.push_back({.path = path, .content = Bytes(std::string_view(content))});
  }
  InMemoryFileSystem memory(initial);
  return crash::crash_test_on(memory, workload, check, options);
}

CrashTestReport crash::crash_test_on(
    InMemoryFileSystem& memory, const std::function<void(FileSystem&, CrashLog&)>& workload,
    const std::function<std::string(FileSystem&, const CrashPoint&)>& check,
    const CrashTestOptions& options) {
  RecordingFileSystem recording(memory, Capture::whole_tree);
  RecordingLog acknowledge(recording);
  workload(recording, acknowledge);

  const OperationLog& log = recording.log();
  const crash::History history(log);
  std::vector<Acknowledgement> acknowledgements;
  for (std::size_t index = 0; index < log.operations.size(); ++index) {
    if (log.operations[index].kind != OperationKind::acknowledge) continue;
    acknowledgements.push_back({index, log.operations[index].payload.text()});
  }

  // After a crash nobody draws the random bits of before again.
  MemoryOptions after;
  after.seed = memory.random_bits().first;
  after.kind = memory.kind(Handle::working_directory);  // a recovery picks the same protocol

  CrashTestReport report;
  report.exhaustive = true;
  const auto begin = std::chrono::steady_clock::now();
  for (const CrashModel model : options.models) {
    crash::Budget budget;
    budget.states = options.states_max;
    budget.seed = options.seed;
    const auto visit = [&](const crash::CrashState& state) {
      InMemoryFileSystem fs(tree_entries(state, log), after);
      const StatePoint point(history, acknowledgements, model, state);
      std::string message = check(fs, point);
      if (message.empty()) return true;
      report.failures.push_back(
          {model, std::move(message), point.describe(), crash::describe_tree(state)});
      return report.failures.size() < options.failures_max;
    };
    const crash::Enumeration found =
        crash::enumerate(history, engine_model(model), options.paths, budget, visit);
    report.states_total = crash::add_counts(report.states_total, found.total.value);
    report.states_checked = crash::add_counts(report.states_checked, found.checked);
    report.states_distinct += found.distinct;
    report.exhaustive = report.exhaustive && found.exhaustive;
    if (report.failures.size() >= options.failures_max) break;
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  report.states_per_second = static_cast<double>(report.states_checked) / elapsed.count();
  return report;
}

}  // namespace untorn
