// SPDX-License-Identifier: Apache-2.0
//
// What Untorn promises of a change of many files and of a log, as workloads: transaction.h,
// line_log.h.
#include <algorithm>
#include <optional>
#include <utility>

#include "tests/crash/blockdev/calls.h"
#include "tests/crash/blockdev/workload.h"
#include "tests/crash/transaction_test_support.h"
#include "tests/support/files.h"
#include "untorn/line_log.h"
#include "untorn/transaction.h"

namespace untorn::lab {
namespace {

class Transacting final : public Workload {
 public:
  Transacting(testing::Example example, Basis basis)
      : Workload(
            "untorn-transaction-" + example.name + (basis == Basis::ranges ? "-one_commit" : ""),
            {.whole = true, .durable = true}, basis),
        example_(std::move(example)),
        versions_(testing::versions_of(example_)) {}

  void prepare(FileSystem& fs) const override {
    make_folder(fs, testing::tree_root);
    for (const auto& [path, content] : testing::initial_files(example_)) {
      for (std::size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
        make_folder(fs, path.substr(0, at));
      }
      testing::write_file(fs, path, content);
    }
  }

  void run(Session& session) const override {
    FileSystem& fs = basis() == Basis::ranges ? session.fs_with_ranges() : session.fs();
    const auto receipt = testing::run_example(fs, example_);
    demand(receipt.has_value(), receipt ? "" : receipt.error().message());
    session.acknowledge(0);
  }

  [[nodiscard]] Finding judge(const Tree&, FileSystem& fs,
                              const std::vector<bool>& acknowledged) const override {
    const std::string problem = testing::recover_and_judge(fs, versions_, acknowledged[0]);
    if (problem.empty()) return {};
    const bool lost = problem == "an acknowledged transaction is lost";
    return {lost ? Kind::lost : Kind::damaged, problem};
  }

 private:
  testing::Example example_;
  testing::Versions versions_;
};

class Logging final : public Workload {
 public:
  Logging(std::string name, const LineLogOptions& options)
      : Workload(std::move(name), {.whole = true, .durable = true}), options_(options) {
    constexpr std::size_t line_count = 8;
    for (std::size_t index = 0; index < line_count; ++index) {
      // Some longer than a page.
      const std::size_t length = index % 3 == 2 ? 9000 : 40;
      lines_.push_back("line " + std::to_string(index) + " " +
                       std::string(length, static_cast<char>('a' + index)));
    }
  }

  void prepare(FileSystem&) const override {}

  void run(Session& session) const override {
    auto log = LineLog::open(session.fs(), log_name, options_);
    demand(log.has_value(), log ? "" : log.error().message());
    for (std::size_t index = 0; index < lines_.size(); ++index) {
      const auto receipt = log->append(lines_[index]);
      demand(receipt.has_value(), receipt ? "" : receipt.error().message());
      if (!receipt->synced) continue;
      for (std::size_t earlier = 0; earlier <= index; ++earlier) {
        session.acknowledge(static_cast<unsigned>(earlier));
      }
    }
  }

  // L2, L3: after the repair of an open, the beginning of all lines, and all that was promised.
  [[nodiscard]] Finding judge(const Tree& tree, FileSystem& fs,
                              const std::vector<bool>& acknowledged) const override {
    {
      const auto log = LineLog::open(fs, log_name, options_);
      if (!log) return {Kind::damaged, "the log does not open: " + log.error().message()};
    }
    const std::string now = all_of(fs);
    std::string expected;
    std::size_t whole = now.empty() ? 0 : no_prefix;
    for (std::size_t index = 0; index < lines_.size(); ++index) {
      expected += lines_[index] + "\n";
      if (now == expected) whole = index + 1;
    }
    if (whole == no_prefix) {
      return {Kind::damaged, "no beginning of the lines: " + std::to_string(now.size()) +
                                 " bytes; found " + listing(tree)};
    }
    for (std::size_t index = whole; index < acknowledged.size(); ++index) {
      if (!acknowledged[index]) continue;
      return {Kind::lost, "line " + std::to_string(index) + " is lost; found " + listing(tree)};
    }
    return {};
  }

 private:
  static constexpr const char* log_name = "activity.log";
  static constexpr std::size_t no_prefix = static_cast<std::size_t>(-1);

  [[nodiscard]] static std::string all_of(FileSystem& fs) {
    std::string text;
    for (const char* suffix : {".3", ".2", ".1", ""}) {
      text += testing::read_file(fs, std::string(log_name) + suffix).value_or("");
    }
    return text;
  }

  // What there was before the log was opened.
  [[nodiscard]] static std::string listing(const Tree& tree) {
    std::string text;
    for (const auto& [path, file] : tree) {
      text += path + " (" + std::to_string(file.content.size()) + " bytes) ";
    }
    return text.empty() ? "nothing" : text;
  }

  LineLogOptions options_;
  std::vector<std::string> lines_;
};

}  // namespace

void add_promises(Workloads& to) {
  for (const Basis basis : {Basis::syncs, Basis::ranges}) {
    for (testing::Example& example : testing::transaction_examples()) {
      to.push_back(std::make_unique<Transacting>(std::move(example), basis));
    }
  }
  LineLogOptions batched;
  batched.sync = LineSync::batched;
  batched.batch_lines = 3;
  LineLogOptions rotated;
  rotated.rotate_bytes = 12000;
  to.push_back(std::make_unique<Logging>("untorn-line-log", LineLogOptions{}));
  to.push_back(std::make_unique<Logging>("untorn-line-log-batched", batched));
  to.push_back(std::make_unique<Logging>("untorn-line-log-rotated", rotated));
}

}  // namespace untorn::lab
