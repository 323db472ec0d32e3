// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/stack.h"

#include <algorithm>
#include <limits>
#include <map>
#include <span>
#include <unordered_map>
#include <utility>

#include "prove/stack/native.h"
#include "prove/stack/node_script.h"
#include "prove/stack/python.h"
#include "prove/stack/unwind.h"

namespace untorn::prove {
namespace {

struct ProcessState {
  explicit ProcessState(pid_t process) : modules(process) {}

  NeededPages needed;
  ProcessModules modules;
  std::unique_ptr<PythonProcess> python;
};

struct PositionsHash {
  std::size_t operator()(const std::vector<PythonPosition>& positions) const {
    std::uint64_t hash = positions.size();
    for (const PythonPosition& position : positions) {
      hash = (hash ^ position.code) * 0x9e3779b97f4a7c15U;
      hash = (hash ^ static_cast<std::uint32_t>(position.offset)) * 0xff51afd7ed558ccdU;
      hash ^= hash >> 32U;
    }
    return hash;
  }
};

}  // namespace

struct StackCollector::Impl {
  enum class Kind : std::uint8_t { python, native, told };
  struct Entry {
    Kind kind = Kind::native;
    std::uint32_t native = 0;                             // in `captures`
    const std::vector<PythonPosition>* python = nullptr;  // a key of `python_numbers`
    Stack told = {};
  };
  struct ToldStacks {
    std::unordered_map<pid_t, std::uint32_t> begun;         // thread → its present call's
    std::unordered_map<std::string, std::uint32_t> by_key;  // the last one with the key
  };

  RemoteMemory memory;
  ModuleReader modules;
  std::unordered_map<pid_t, ProcessState> processes;
  PythonCodeTable codes;
  NativeCaptures captures;
  Unwinder unwinder;
  std::vector<Entry> entries;
  std::unordered_map<std::vector<PythonPosition>, std::uint32_t, PositionsHash> python_numbers;
  std::unordered_map<std::uint32_t, std::uint32_t> native_numbers;
  std::map<std::uint32_t, Stack> resolved;
  std::unordered_map<pid_t, ToldStacks> told;
  std::unordered_map<std::string, std::uint32_t> told_numbers;  // by the text

  std::uint32_t number_of(std::vector<PythonPosition> positions);
  std::uint32_t number_of(std::uint32_t native);
  std::vector<PythonPosition> python_frames(ProcessState& state, Address thread_pointer);
  Stack write_out(const Entry& entry);
};

std::uint32_t StackCollector::Impl::number_of(std::vector<PythonPosition> positions) {
  const auto number = static_cast<std::uint32_t>(entries.size());
  const auto [entry, added] = python_numbers.try_emplace(std::move(positions), number);
  if (added)
    entries.push_back({.kind = Kind::python, .native = 0, .python = &entry->first, .told = {}});
  return entry->second;
}

std::uint32_t StackCollector::Impl::number_of(std::uint32_t native) {
  const auto number = static_cast<std::uint32_t>(entries.size());
  const auto [entry, added] = native_numbers.try_emplace(native, number);
  if (added)
    entries.push_back({.kind = Kind::native, .native = native, .python = nullptr, .told = {}});
  return entry->second;
}

std::vector<PythonPosition> StackCollector::Impl::python_frames(ProcessState& state,
                                                                Address thread_pointer) {
  if (!state.python) return {};
  return state.python->frames(memory, thread_pointer, codes);
}

Stack StackCollector::Impl::write_out(const Entry& entry) {
  if (entry.kind == Kind::told) return entry.told;
  if (entry.kind == Kind::native) return unwinder.unwind(captures.at(entry.native));
  Stack stack;
  for (const PythonPosition& position : *entry.python) stack.push_back(codes.frame(position));
  return stack;
}

StackCollector::StackCollector() : impl_(std::make_unique<Impl>()) {}
StackCollector::~StackCollector() = default;

// Where there are Python frames they say all that matters, and the native ones below them are the
// interpreter's own.
std::uint32_t StackCollector::capture(pid_t process, pid_t /*thread*/,
                                      const user_regs_struct& registers) {
  ProcessState& state = impl_->processes.try_emplace(process, process).first->second;
  RemoteMemory& memory = impl_->memory;
  if (state.python) {
    memory.attach(process, state.needed);
  } else {
    memory.attach(process, state.needed, registers.rsp, impl_->captures.buffer());
  }

  std::vector<PythonPosition> positions = impl_->python_frames(state, registers.fs_base);
  if (positions.empty()) {
    const bool changed = state.modules.refresh(impl_->modules, memory, registers.rip);
    if (changed && !state.python) {
      state.python = PythonProcess::find(process, *state.modules.map(), memory);
      positions = impl_->python_frames(state, registers.fs_base);
    }
  }
  if (!positions.empty()) return impl_->number_of(std::move(positions));
  return impl_->number_of(impl_->captures.add(memory, state.modules.map(), registers));
}

void StackCollector::tell(pid_t process, pid_t thread, std::string_view text) {
  Impl::ToldStacks& stacks = impl_->told[process];
  ToldStack told = parse_told_stack(text);
  if (told.kind == ToldStack::Kind::end) {
    stacks.begun.erase(thread);
    return;
  }
  const auto fresh = static_cast<std::uint32_t>(impl_->entries.size());
  const auto [entry, added] = impl_->told_numbers.try_emplace(std::string(text), fresh);
  if (added) {
    impl_->entries.push_back(
        {.kind = Impl::Kind::told, .native = 0, .python = nullptr, .told = std::move(told.stack)});
  }
  const std::uint32_t number = entry->second;
  if (told.kind == ToldStack::Kind::begin) stacks.begun[thread] = number;
  for (const std::string& key : told.keys) stacks.by_key[key] = number;
}

bool StackCollector::has_told(pid_t process) const {
  return impl_->told.contains(process);
}

std::uint32_t StackCollector::capture_told(pid_t process, pid_t thread,
                                           const std::vector<std::string>& keys) const {
  const auto stacks = impl_->told.find(process);
  if (stacks == impl_->told.end()) return no_stack;
  const auto begun = stacks->second.begun.find(thread);
  if (begun != stacks->second.begun.end()) return begun->second;
  for (const std::string& key : keys) {
    const auto found = stacks->second.by_key.find(key);
    if (found != stacks->second.by_key.end()) return found->second;
  }
  return no_stack;
}

void StackCollector::forget_told(pid_t process, const std::string& key) {
  const auto stacks = impl_->told.find(process);
  if (stacks != impl_->told.end()) stacks->second.by_key.erase(key);
}

void StackCollector::forget(pid_t process) {
  impl_->told.erase(process);
  impl_->processes.erase(process);
}

const Stack& StackCollector::resolve(std::uint32_t number) {
  const auto known = impl_->resolved.find(number);
  if (known != impl_->resolved.end()) return known->second;
  Stack stack;
  if (number < impl_->entries.size()) stack = impl_->write_out(impl_->entries[number]);
  return impl_->resolved.emplace(number, std::move(stack)).first->second;
}

const Frame* source_frame(const Stack& stack) {
  const auto first = [&stack](auto claim) -> const Frame* {
    const auto found = std::ranges::find_if(stack, claim);
    return found == stack.end() ? nullptr : &*found;
  };
  if (const Frame* own = first([](const Frame& f) { return !f.runtime && f.line != 0; }))
    return own;
  if (const Frame* named =
          first([](const Frame& f) { return !f.runtime && !f.function.empty(); })) {
    return named;
  }
  return first([](const Frame& f) { return f.line != 0; });
}

}  // namespace untorn::prove
