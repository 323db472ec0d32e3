// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/recovery_crash.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "filesystem/operation_kinds.h"
#include "prove/judge/answer_memo.h"
#include "prove/judge/state_view.h"
#include "prove/sandbox/descriptor.h"

namespace untorn::prove {

namespace {

// The state as the tracer sees it: its trees are those that are shown, and what they held at the
// start lies in the second copy.
class ShownState final : public Sandbox {
 public:
  ShownState(Sandbox& sandbox, std::vector<Tree> trees)
      : sandbox_(sandbox), trees_(std::move(trees)) {}

  [[nodiscard]] Isolation isolation() const override { return sandbox_.isolation(); }
  [[nodiscard]] const std::string& why_copy() const override { return sandbox_.why_copy(); }
  [[nodiscard]] const std::vector<Tree>& trees() const override { return trees_; }
  [[nodiscard]] const std::vector<std::string>& notes() const override { return notes_; }
  [[nodiscard]] int scratch() const override { return sandbox_.scratch(); }
  [[nodiscard]] std::string scratch_path() const override { return sandbox_.scratch_path(); }
  [[nodiscard]] Result<std::string> show_state(const Difference& state) override {
    return sandbox_.show_state(state);
  }
  void hide_state() override { sandbox_.hide_state(); }

 private:
  Sandbox& sandbox_;
  std::vector<Tree> trees_;
  std::vector<std::string> notes_;
};

// What a command prints while it is traced goes to the standard error, where nobody wants to read
// it once for each state.
class SilentErrors {
 public:
  SilentErrors() : before_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    const Descriptor nothing(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (before_.valid() && nothing.valid()) (void)::dup2(nothing.get(), STDERR_FILENO);
  }
  ~SilentErrors() {
    if (before_.valid()) (void)::dup2(before_.get(), STDERR_FILENO);
  }
  SilentErrors(const SilentErrors&) = delete;
  SilentErrors& operator=(const SilentErrors&) = delete;

 private:
  Descriptor before_;
};

// Two recoveries with equal signatures do the same to files that held the same.
Hash128 signature(const OperationLog& log) {
  Hash128 hash;
  const auto add = [&](std::uint64_t value) { hash = combine(hash, value); };
  for (const Inode& inode : log.inodes) {
    add(static_cast<std::uint64_t>(inode.type));
    add(inode.initial ? 1 : 0);
    hash = combine(hash, hash128(inode.content.view()));
  }
  for (const InitialName& name : log.names) {
    add(name.directory);
    add(name.inode);
    hash = combine(hash, hash128(name.name));
  }
  for (const Operation& operation : log.operations) {
    add(static_cast<std::uint64_t>(operation.kind));
    for (const InodeId id :
         {operation.inode, operation.directory, operation.target_directory, operation.replaced}) {
      add(id);
    }
    add(operation.offset);
    add(operation.size);
    hash = combine(hash, hash128(operation.name));
    hash = combine(hash, hash128(operation.target_name));
    hash = combine(hash, hash128(operation.payload.view()));
  }
  return hash;
}

bool changes_files(const OperationLog& log) {
  return std::ranges::any_of(log.operations, [](const Operation& operation) {
    return changes_names(operation.kind) || changes_content(operation.kind);
  });
}

std::string name_operation(const crash::History& history, std::size_t index) {
  const Operation& operation = history.log().operations[index];
  std::string text(to_string(operation.kind));
  const crash::Path path = history.path_of(operation.inode, index);
  if (!path.empty()) text += " " + path;
  const crash::Path target = history.path_of(operation.inode, index + 1);
  if (operation.kind == OperationKind::rename && !target.empty()) text += " to " + target;
  return text;
}

std::string describe_cut(const crash::History& history, const crash::CrashState& state) {
  constexpr std::size_t named_max = 3;
  const auto lost = state.lost();
  std::string text = "the second crash came in the recovery, after " +
                     std::to_string(state.begun()) + " of its " +
                     std::to_string(history.log().operations.size()) + " operations";
  for (std::size_t i = 0; i < std::min(lost.size(), named_max); ++i) {
    text += (i == 0 ? "; lost: " : ", ") + name_operation(history, lost[i]);
  }
  if (lost.size() > named_max) text += ", …";
  return text;
}

}  // namespace

void RecoveryCrash::leave_out(std::string why) {
  if (why_incomplete_.empty()) why_incomplete_ = std::move(why);
}

std::optional<Trace> RecoveryCrash::record(const Sandbox::Difference& state,
                                           const TraceOptions& command) {
  auto trees = sandbox_.keep_state(state);
  if (!trees) {
    leave_out(trees.error().message());
    return {};
  }
  if (auto shown = sandbox_.show_state(state); !shown) {
    leave_out(shown.error().message());
    return {};
  }
  ShownState seen(sandbox_, *std::move(trees));
  TraceOptions options = command;
  options.stacks = false;
  options.stop = options_.stop;
  const SilentErrors silent;
  auto trace = trace_command(seen, options, nullptr);
  if (!trace) {
    leave_out(trace.error().message());
    return {};
  }
  const bool unmodelled = std::ranges::any_of(
      trace->log.operations,
      [](const Operation& operation) { return operation.kind == OperationKind::unmodelled; });
  if (trace->end != RunEnd::exited || unmodelled || !trace->unexplained.empty()) {
    leave_out(trace->unexplained.empty() ? "a recovery that cannot be followed to its end"
                                         : trace->unexplained.front());
    return {};
  }
  return *std::move(trace);
}

std::optional<Answer> RecoveryCrash::crash(const Sandbox::Difference& state,
                                           const TraceOptions& command, const Ask& ask) {
  if (std::chrono::steady_clock::now() >= options_.deadline) {
    leave_out("the budget ended");
    return {};
  }
  const auto trace = record(state, command);
  if (!trace || !changes_files(trace->log) || !known_.insert(signature(trace->log)).second) {
    return {};
  }
  for (const crash::Model model : options_.models) {
    if (auto answer = crash_log(trace->log, model, state, ask)) return answer;
  }
  return {};
}

std::optional<Answer> RecoveryCrash::crash_log(const OperationLog& log, crash::Model model,
                                               const Sandbox::Difference& state, const Ask& ask) {
  const crash::History history(log);
  const FileTree before = history.tree_at(0);
  const StateView view(history);
  AnswerMemo memo;
  crash::Budget budget;
  budget.states = options_.states_max;
  budget.deadline = options_.deadline;
  budget.seed = options_.seed;
  budget.stop = options_.stop;
  std::optional<Answer> bad;
  const auto visit = [&](const crash::CrashState& inner) {
    ++states_;
    const auto value = [&](const Read& read) { return view.value(read, inner, 0); };
    if (memo.find(value) != nullptr) return true;
    ReadSet reads;
    const auto answer = ask(join_differences(state, tree_difference(before, inner.tree())), reads);
    if (options_.stop != nullptr && *options_.stop) return false;
    if (reads.complete) {
      std::vector<Read> varying;
      std::ranges::copy_if(reads.reads, std::back_inserter(varying),
                           [&](const Read& read) { return view.varies(read); });
      (void)memo.add(varying, value, answer);
    }
    if (!answer) return true;
    bad = Answer{answer->observed, describe_cut(history, inner) + "\n" + answer->output};
    return false;
  };
  const crash::Enumeration result = crash::enumerate(history, model, {}, budget, visit);
  if (!bad && !result.exhaustive) leave_out("a recovery has more crash states than were tried");
  return bad;
}

}  // namespace untorn::prove
