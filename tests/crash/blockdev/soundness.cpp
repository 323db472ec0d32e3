// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/soundness.h"

#include <string_view>
#include <utility>

#include "tests/crash/blockdev/disk.h"

namespace untorn::lab {
namespace {

constexpr std::size_t examples_max = 3;

crash::Membership::Tree converted(const Tree& tree) {
  crash::Membership::Tree made;
  made.reserve(tree.size());
  for (const auto& [path, file] : tree) {
    crash::History::File converted;
    converted.type = file.type;
    converted.content = Bytes(std::string_view(file.content));
    made.emplace_back(path, std::move(converted));
  }
  return made;
}

bool is_zeros(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

std::string describe(const OperationLog& log, std::size_t completed) {
  std::string text;
  for (std::size_t index = 0; index < log.operations.size(); ++index) {
    const Operation& operation = log.operations[index];
    if (index == completed) text += "  -- completed up to here\n";
    text += "  " + std::to_string(index) + " " + std::string(to_string(operation.kind)) +
            " inode " + std::to_string(static_cast<int>(operation.inode)) + " " + operation.name;
    if (!operation.target_name.empty()) text += " -> " + operation.target_name;
    if (operation.kind == OperationKind::write || operation.kind == OperationKind::truncate) {
      text += " at " + std::to_string(operation.offset) + " size " + std::to_string(operation.size);
    }
    text += "\n";
  }
  return text;
}

// Sectors of NUL bytes, the first few stretches of them.
std::string zeros_in(std::string_view bytes) {
  constexpr int stretches_max = 4;
  std::string text;
  std::size_t begin = 0;
  for (int count = 0; begin < bytes.size() && count < stretches_max; ++count) {
    while (begin < bytes.size() && !is_zeros(bytes.substr(begin, sector_bytes))) {
      begin += sector_bytes;
    }
    std::size_t end = begin;
    while (end < bytes.size() && is_zeros(bytes.substr(end, sector_bytes))) end += sector_bytes;
    if (begin < end) text += ", zeros in " + std::to_string(begin) + ".." + std::to_string(end);
    begin = end;
  }
  return text;
}

std::string describe(const Tree& tree) {
  std::string text;
  for (const auto& [path, file] : tree) {
    text += "  " + path + ", " + std::to_string(file.content.size()) + " bytes" +
            zeros_in(file.content) + "\n";
  }
  return text;
}

std::string describe(const RecordedRun& run, const PowerCut& cut, const Tree& tree) {
  std::string text = run.folder + ", record " + std::to_string(cut.disk.base - run.begin) + " of " +
                     std::to_string(run.end - run.begin);
  for (const KeptPart& part : cut.disk.kept) {
    text += ", kept " + std::to_string(part.record - run.begin);
    if (part.length == 0) continue;
    text += " [" + std::to_string(part.from) + ", +" + std::to_string(part.length) + ")";
  }
  return text + "\n log\n" + describe(run.log, run.completed_at(cut.moment)) + " found\n" +
         describe(tree);
}

}  // namespace

Soundness::Soundness(const std::vector<crash::Model>& models) {
  for (const crash::Model model : models) answers_.push_back({.model = model});
}

void Soundness::begin(const RecordedRun& run) {
  run_ = &run;
  memberships_.clear();
  history_ = std::make_unique<crash::History>(run.log);
  for (const Answers& answers : answers_) memberships_.emplace_back(*history_, answers.model);
}

void Soundness::ask(const RecordedRun& run, const PowerCut& cut, const Tree& tree) {
  if (cut.torn_inside_a_block) return;
  if (run_ != &run) begin(run);
  const crash::Membership::Tree found = converted(tree);
  const std::size_t completed = run.completed_at(cut.moment);
  for (std::size_t index = 0; index < answers_.size(); ++index) {
    Answers& answers = answers_[index];
    ++answers.asked;
    switch (memberships_[index].contains(found, completed)) {
      case crash::Membership::Answer::inside:
        break;
      case crash::Membership::Answer::undecided:
        ++answers.undecided;
        break;
      case crash::Membership::Answer::outside:
        ++answers.outside;
        if (answers.examples.size() < examples_max) {
          answers.examples.push_back(describe(run, cut, tree));
        }
        break;
    }
  }
}

Observer Soundness::observer() {
  return [this](const RecordedRun& run, const PowerCut& cut, const Tree& tree) {
    ask(run, cut, tree);
  };
}

}  // namespace untorn::lab
