// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "base/hash.h"
#include "prove/replay/packing.h"
#include "prove/replay/trace_file.h"
#include "prove/replay/trace_format.h"

namespace untorn::prove {

namespace {

// Numbers things in the order in which they are first met; equal things share a number.
class Table {
 public:
  std::uint64_t number_of(std::string_view text) {
    const auto [place, is_new] = numbers_.try_emplace(hash128(text), numbers_.size());
    if (is_new) packer_.text(text);
    return place->second;
  }
  [[nodiscard]] std::string take() && {
    Packer whole;
    whole.number(numbers_.size());
    return std::move(whole).take() + std::move(packer_).take();
  }

 private:
  std::unordered_map<Hash128, std::uint64_t, Hash128Hasher> numbers_;
  Packer packer_;
};

class TraceWriter {
 public:
  explicit TraceWriter(const RecordedRun& run) : run_(run), log_(run.trace.log) {}

  std::string write() {
    const std::string inodes = write_inodes();
    const std::string names = write_names();
    const std::string stacks = write_stacks();
    const std::string operations = write_operations();
    const std::string facts = write_facts();
    Packer head;
    head.number(trace_format::version);
    head.number(trace_format::oldest_reader);
    std::string bytes(trace_format::magic);
    bytes += std::move(head).take();
    const auto add = [&](std::string_view name, std::string_view section) {
      Packer packer;
      packer.text(section);
      bytes += name;
      bytes += std::move(packer).take();
    };
    add(trace_format::texts, std::move(texts_).take());
    add(trace_format::contents, std::move(contents_).take());
    add(trace_format::inodes, inodes);
    add(trace_format::names, names);
    add(trace_format::stacks, stacks);
    add(trace_format::operations, operations);
    add(trace_format::facts, facts);
    bytes += trace_format::checksum(bytes);
    return bytes;
  }

 private:
  std::string write_inodes() {
    Packer packer;
    packer.number(log_.inodes.size());
    for (const Inode& inode : log_.inodes) {
      packer.number(static_cast<std::uint64_t>(inode.type));
      packer.number(inode.mode);
      packer.number(inode.initial ? 1 : 0);
      packer.number(contents_.number_of(inode.content.text()));
      packer.number(inode.number);
    }
    return std::move(packer).take();
  }

  std::string write_names() {
    Packer packer;
    packer.number(log_.names.size());
    for (const InitialName& name : log_.names) {
      packer.optional_number(name.directory);
      packer.number(texts_.number_of(name.name));
      packer.optional_number(name.inode);
    }
    return std::move(packer).take();
  }

  std::string write_stacks() {
    Packer packer;
    packer.number(run_.stacks.size());
    for (const Stack& stack : run_.stacks) {
      packer.number(stack.size());
      for (const Frame& frame : stack) {
        packer.number(texts_.number_of(frame.path));
        packer.number(frame.line);
        packer.number(texts_.number_of(frame.function));
        packer.number(frame.runtime ? 1 : 0);
      }
    }
    return std::move(packer).take();
  }

  std::string write_operations() {
    Packer packer;
    packer.number(log_.operations.size());
    for (const Operation& operation : log_.operations) {
      packer.number(static_cast<std::uint64_t>(operation.kind));
      packer.optional_number(operation.inode);
      packer.optional_number(operation.directory);
      packer.optional_number(operation.target_directory);
      packer.optional_number(operation.replaced);
      packer.number(texts_.number_of(operation.name));
      packer.number(texts_.number_of(operation.target_name));
      packer.number(operation.offset);
      packer.number(operation.size);
      packer.number(contents_.number_of(operation.payload.text()));
      packer.number(operation.thread);
      packer.optional_number(operation.call);
      packer.optional_number(operation.entered);
      packer.optional_number(operation.stack < run_.stacks.size() ? operation.stack : no_index);
      packer.number(texts_.number_of(operation.call_name));
    }
    return std::move(packer).take();
  }

  void write_list(Packer& packer, const std::vector<std::string>& list) {
    packer.number(list.size());
    for (const std::string& text : list) packer.number(texts_.number_of(text));
  }

  std::string write_facts() {
    const Trace& trace = run_.trace;
    Packer packer;
    packer.number(static_cast<std::uint64_t>(trace.end));
    packer.number(static_cast<std::uint64_t>(static_cast<unsigned>(trace.exit_code)));
    packer.number(static_cast<std::uint64_t>(static_cast<unsigned>(trace.signal)));
    packer.number(texts_.number_of(trace.why));
    packer.number(contents_.number_of(trace.output));
    packer.number(trace.calls_traced);
    packer.number(trace.calls_changing);
    constexpr double microseconds = 1e6;
    packer.number(static_cast<std::uint64_t>(trace.elapsed_s * microseconds));
    write_list(packer, trace.notes);
    write_list(packer, trace.unexplained);
    packer.number(texts_.number_of(run_.root));
    write_list(packer, run_.command);
    packer.number(texts_.number_of(run_.working_directory));
    write_list(packer, run_.notes);
    return std::move(packer).take();
  }

  const RecordedRun& run_;
  const OperationLog& log_;
  Table texts_;
  Table contents_;
};

}  // namespace

std::string write_trace(const RecordedRun& run) {
  return TraceWriter(run).write();
}

}  // namespace untorn::prove
