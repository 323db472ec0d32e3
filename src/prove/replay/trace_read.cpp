// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "prove/replay/log_check.h"
#include "prove/replay/packing.h"
#include "prove/replay/trace_file.h"
#include "prove/replay/trace_format.h"

namespace untorn::prove {

namespace {

std::unexpected<Error> refuse(Code code, const std::string& path, std::string detail) {
  return std::unexpected(
      Error(code, Step::inspect, Outcome::not_applied, 0, path, std::move(detail)));
}

std::unexpected<Error> damaged(const std::string& path, const std::string& what) {
  return refuse(Code::corrupt, path, "the trace file is damaged: " + what);
}

// Sections by name, once the frame around them has been checked.
using Sections = std::map<std::string, std::string_view, std::less<>>;

Result<Sections> find_sections(std::string_view bytes, const std::string& path) {
  if (!bytes.starts_with(trace_format::magic)) {
    return refuse(Code::corrupt, path, "this is no trace file of untorn prove --save-trace");
  }
  // The version comes first: a newer format may have another checksum.
  Unpacker unpacker(bytes.substr(trace_format::magic.size()));
  const std::uint64_t written = unpacker.number();
  const std::uint64_t oldest = unpacker.number();
  if (!unpacker.good()) return damaged(path, "it is cut short");
  if (oldest > trace_format::version) {
    return refuse(Code::unsupported, path,
                  "a newer Untorn wrote this trace (format " + std::to_string(written) +
                      "); this one reads up to format " + std::to_string(trace_format::version));
  }
  if (bytes.size() < trace_format::magic.size() + trace_format::checksum_bytes) {
    return damaged(path, "it is cut short");
  }
  const std::string_view body = bytes.substr(0, bytes.size() - trace_format::checksum_bytes);
  if (trace_format::checksum(body) != bytes.substr(body.size())) {
    return damaged(path, "its checksum is wrong");
  }
  std::string_view rest = body.substr(trace_format::magic.size());
  Unpacker frame(rest);
  (void)frame.number();
  (void)frame.number();
  Sections sections;
  while (frame.good() && !frame.complete()) {
    const std::string name(frame.raw(trace_format::texts.size()));
    const std::string_view content = frame.text();
    if (frame.good()) sections.emplace(name, content);
  }
  if (!frame.good()) return damaged(path, "a section is cut short");
  return sections;
}

class TraceReader {
 public:
  explicit TraceReader(const Sections& sections) : sections_(sections) {}

  // Which section is wrong; nothing if all are right.
  std::optional<std::string> read() {
    using Part = bool (TraceReader::*)(Unpacker&);
    struct Step {
      std::string_view section;
      Part part;
    };
    for (const auto& [section, part] :
         {Step{trace_format::texts, &TraceReader::read_texts},
          Step{trace_format::contents, &TraceReader::read_contents},
          Step{trace_format::inodes, &TraceReader::read_inodes},
          Step{trace_format::names, &TraceReader::read_names},
          Step{trace_format::stacks, &TraceReader::read_stacks},
          Step{trace_format::operations, &TraceReader::read_operations},
          Step{trace_format::facts, &TraceReader::read_facts}}) {
      const auto place = sections_.find(section);
      if (place == sections_.end()) return "it has no section " + std::string(section);
      Unpacker unpacker(place->second);
      if (!(this->*part)(unpacker) || !unpacker.complete()) {
        return "its section " + std::string(section) + " makes no sense";
      }
    }
    if (auto problem = problem_with_log(run_.trace.log)) return problem;
    run_.call_names = std::move(call_names_);
    return std::nullopt;
  }
  RecordedRun take() && { return std::move(run_); }

 private:
  bool read_texts(Unpacker& unpacker) {
    const std::uint64_t count = unpacker.count();
    for (std::uint64_t i = 0; i < count && unpacker.good(); ++i) {
      texts_.emplace_back(unpacker.text());
    }
    return unpacker.good();
  }

  bool read_contents(Unpacker& unpacker) {
    const std::uint64_t count = unpacker.count();
    for (std::uint64_t i = 0; i < count && unpacker.good(); ++i) {
      contents_.emplace_back(unpacker.text());
    }
    return unpacker.good();
  }

  std::string text(Unpacker& unpacker) {
    const std::uint64_t number = unpacker.number();
    if (number < texts_.size()) return texts_[number];
    missing_ = true;
    return {};
  }

  Bytes content(Unpacker& unpacker) {
    const std::uint64_t number = unpacker.number();
    if (number < contents_.size()) return contents_[number];
    missing_ = true;
    return {};
  }

  std::vector<std::string> list(Unpacker& unpacker) {
    std::vector<std::string> texts;
    const std::uint64_t count = unpacker.count();
    for (std::uint64_t i = 0; i < count && unpacker.good(); ++i) texts.push_back(text(unpacker));
    return texts;
  }

  static std::uint32_t number32(Unpacker& unpacker) {
    return static_cast<std::uint32_t>(unpacker.number(no_index));
  }

  bool read_inodes(Unpacker& unpacker) {
    auto& inodes = run_.trace.log.inodes;
    inodes.clear();
    const std::uint64_t count = unpacker.count();
    for (std::uint64_t i = 0; i < count && unpacker.good(); ++i) {
      Inode inode;
      inode.type =
          static_cast<FileType>(unpacker.number(static_cast<std::uint64_t>(FileType::other)));
      inode.mode = number32(unpacker);
      inode.initial = unpacker.number(1) == 1;
      inode.content = content(unpacker);
      inode.number = unpacker.number();
      inodes.push_back(std::move(inode));
    }
    return unpacker.good() && !missing_;
  }

  bool read_names(Unpacker& unpacker) {
    auto& names = run_.trace.log.names;
    const std::uint64_t count = unpacker.count();
    for (std::uint64_t i = 0; i < count && unpacker.good(); ++i) {
      InitialName name;
      name.directory = unpacker.optional_number();
      name.name = text(unpacker);
      name.inode = unpacker.optional_number();
      names.push_back(std::move(name));
    }
    return unpacker.good() && !missing_;
  }

  bool read_stacks(Unpacker& unpacker) {
    const std::uint64_t count = unpacker.count();
    for (std::uint64_t i = 0; i < count && unpacker.good(); ++i) {
      Stack stack;
      const std::uint64_t frames = unpacker.count();
      for (std::uint64_t j = 0; j < frames && unpacker.good(); ++j) {
        Frame frame;
        frame.path = text(unpacker);
        frame.line = number32(unpacker);
        frame.function = text(unpacker);
        frame.runtime = unpacker.number(1) == 1;
        stack.push_back(std::move(frame));
      }
      run_.stacks.push_back(std::move(stack));
    }
    return unpacker.good() && !missing_;
  }

  bool read_operations(Unpacker& unpacker) {
    const std::uint64_t count = unpacker.count();
    for (std::uint64_t i = 0; i < count && unpacker.good(); ++i) {
      run_.trace.log.operations.push_back(read_operation(unpacker));
    }
    return unpacker.good() && !missing_;
  }

  Operation read_operation(Unpacker& unpacker) {
    Operation operation;
    operation.kind = static_cast<OperationKind>(
        unpacker.number(static_cast<std::uint64_t>(OperationKind::unmodelled)));
    operation.inode = unpacker.optional_number();
    operation.directory = unpacker.optional_number();
    operation.target_directory = unpacker.optional_number();
    operation.replaced = unpacker.optional_number();
    operation.name = text(unpacker);
    operation.target_name = text(unpacker);
    operation.offset = unpacker.number();
    operation.size = unpacker.number();
    operation.payload = content(unpacker);
    operation.thread = number32(unpacker);
    operation.call = unpacker.optional_number();
    operation.entered = unpacker.optional_number();
    operation.stack = unpacker.optional_number();
    if (operation.stack != no_index && operation.stack >= run_.stacks.size()) missing_ = true;
    operation.call_name = call_name(text(unpacker));
    return operation;
  }

  // Texts that stay where they are.
  const char* call_name(const std::string& name) {
    const auto [place, is_new] = known_calls_.try_emplace(name, nullptr);
    if (is_new) place->second = call_names_->emplace_back(name).c_str();
    return place->second;
  }

  bool read_facts(Unpacker& unpacker) {
    Trace& trace = run_.trace;
    trace.end =
        static_cast<RunEnd>(unpacker.number(static_cast<std::uint64_t>(RunEnd::interrupted)));
    trace.exit_code = static_cast<int>(number32(unpacker));
    trace.signal = static_cast<int>(number32(unpacker));
    trace.why = text(unpacker);
    trace.output = std::string(content(unpacker).text());
    trace.calls_traced = unpacker.number();
    trace.calls_changing = unpacker.number();
    constexpr double microseconds = 1e6;
    trace.elapsed_s = static_cast<double>(unpacker.number()) / microseconds;
    trace.notes = list(unpacker);
    trace.unexplained = list(unpacker);
    run_.root = text(unpacker);
    run_.command = list(unpacker);
    run_.working_directory = text(unpacker);
    run_.notes = list(unpacker);
    return unpacker.good() && !missing_;
  }

  const Sections& sections_;
  RecordedRun run_;
  std::vector<std::string> texts_;
  std::vector<Bytes> contents_;
  std::shared_ptr<std::deque<std::string>> call_names_ =
      std::make_shared<std::deque<std::string>>();
  std::map<std::string, const char*> known_calls_;
  bool missing_ = false;  // something refers to what is not there
};

}  // namespace

Result<RecordedRun> read_trace(std::string_view bytes, const std::string& path) {
  const auto sections = find_sections(bytes, path);
  if (!sections) return std::unexpected(sections.error());
  TraceReader reader(*sections);
  if (auto problem = reader.read()) return damaged(path, *problem);
  return std::move(reader).take();
}

}  // namespace untorn::prove
