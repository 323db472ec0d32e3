// SPDX-License-Identifier: Apache-2.0
//
// What Untorn promises, as workloads: replace.h at each level, transaction.h, line_log.h.
#include <algorithm>
#include <optional>
#include <utility>

#include "tests/crash/blockdev/workload.h"
#include "tests/crash/transaction_test_support.h"
#include "tests/support/files.h"
#include "untorn/line_log.h"
#include "untorn/replace.h"
#include "untorn/transaction.h"

namespace untorn::lab {
namespace {

// Each file from its old version (or none) to its new one, by replace_file().
class Replacing final : public Workload {
 public:
  Replacing(Durability level, bool fresh, const Scale& scale)
      : Workload("untorn-" + std::string(to_string(level)) + (fresh ? "-new" : ""),
                 {.whole = level >= Durability::ordered, .durable = level >= Durability::durable}),
        level_(level),
        fresh_(fresh) {
    for (const std::size_t size : scale.sizes) {
      before_.push_back(testing::pattern(size + size / 3, static_cast<unsigned>(size) + 1));
      after_.push_back(testing::pattern(size, static_cast<unsigned>(size) + 2));
    }
  }

  void prepare(FileSystem& fs) const override {
    for (std::size_t index = 0; !fresh_ && index < before_.size(); ++index) {
      testing::write_file(fs, name_of(index), before_[index]);
    }
  }

  void run(Session& session) const override {
    for (std::size_t index = 0; index < after_.size(); ++index) {
      const auto receipt =
          replace_file(session.fs(), name_of(index), std::as_bytes(std::span(after_[index])),
                       {.durability = level_});
      demand(receipt.has_value(), receipt ? "" : receipt.error().message());
      session.acknowledge(static_cast<unsigned>(index));
    }
  }

  [[nodiscard]] Finding judge(const Tree& tree, FileSystem&,
                              const std::vector<bool>& acknowledged) const override {
    Finding worst;
    for (std::size_t index = 0; index < after_.size(); ++index) {
      const Versions versions = {.before = fresh_ ? nullptr : &before_[index],
                                 .after = &after_[index],
                                 .acknowledged = acknowledged[index]};
      worst = worse_of(std::move(worst), judge_version(tree, name_of(index), versions));
    }
    return worst;
  }

 private:
  [[nodiscard]] static std::string name_of(std::size_t index) {
    return "state-" + std::to_string(index);
  }

  Durability level_;
  bool fresh_;
  std::vector<std::string> before_;
  std::vector<std::string> after_;
};

class Transacting final : public Workload {
 public:
  explicit Transacting(testing::Example example)
      : Workload("untorn-transaction-" + example.name, {.whole = true, .durable = true}),
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
    const auto receipt = testing::run_example(session.fs(), example_);
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
  static void make_folder(FileSystem& fs, const std::string& path) {
    const auto made = fs.make_directory(Handle::working_directory, path, 0755);
    demand(made.has_value() || made.error() == Errno{EEXIST}, "mkdir " + path);
  }

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

void add_promises(Workloads& to, const Scale& scale) {
  for (const Durability level : {Durability::process, Durability::ordered, Durability::durable}) {
    for (const bool fresh : {false, true}) {
      to.push_back(std::make_unique<Replacing>(level, fresh, scale));
    }
  }
  for (testing::Example& example : testing::transaction_examples()) {
    to.push_back(std::make_unique<Transacting>(std::move(example)));
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
