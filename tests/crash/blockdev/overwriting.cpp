// SPDX-License-Identifier: Apache-2.0
//
// What Untorn promises of a file that it overwrites where it lies, as a workload: in_place.h, after
// the recovery that every next caller makes.
#include <cstddef>
#include <span>
#include <utility>

#include "tests/crash/blockdev/calls.h"
#include "tests/crash/blockdev/workload.h"
#include "tests/support/files.h"
#include "untorn/in_place.h"
#include "untorn/replace.h"

namespace untorn::lab {
namespace {

// Files with two names each, overwritten one after the other under both.
class Overwriting final : public Workload {
 public:
  explicit Overwriting(const Scale& scale)
      : Workload("untorn-in-place", {.whole = true, .durable = true}) {
    unsigned seed = 0;
    for (const std::size_t size : scale.sizes) {
      // Longer or shorter than the new version, by turns.
      const std::size_t before = seed % 4 == 0 ? size + size / 4 : size - size / 4;
      before_.push_back(testing::pattern(before, ++seed));
      after_.push_back(testing::pattern(size, ++seed));
    }
  }

  [[nodiscard]] bool writes_linked_files() const override { return true; }

  void prepare(FileSystem& fs) const override {
    make_folder(fs, sidecars);
    for (std::size_t index = 0; index < before_.size(); ++index) {
      testing::write_file(fs, name_of(index), before_[index]);
      need(fs.link(Handle::working_directory, name_of(index), Handle::working_directory,
                   other_name_of(index)),
           "link");
    }
  }

  void run(Session& session) const override {
    ReplaceOptions options;
    options.hard_links = HardLinkPolicy::in_place;
    options.sidecar = sidecars;
    for (std::size_t index = 0; index < after_.size(); ++index) {
      const auto receipt = replace_file(session.fs(), name_of(index),
                                        std::as_bytes(std::span(after_[index])), options);
      demand(receipt.has_value(), receipt ? "" : receipt.error().message());
      demand(receipt->protocol == Protocol::in_place, "the file was not overwritten in place");
      session.acknowledge(static_cast<unsigned>(index));
    }
  }

  [[nodiscard]] Finding judge(const Tree&, FileSystem& fs,
                              const std::vector<bool>& acknowledged) const override {
    const auto recovery = recover_in_place(fs, sidecars);
    if (!recovery) return {Kind::damaged, "no recovery: " + recovery.error().message()};
    if (!recovery->kept.empty()) {
      return {Kind::damaged, "a sidecar was kept: " + recovery->kept.front().sidecar};
    }
    const Tree recovered = read_tree(fs);
    Finding worst;
    for (std::size_t index = 0; index < after_.size(); ++index) {
      const Versions versions = {
          .before = &before_[index], .after = &after_[index], .acknowledged = acknowledged[index]};
      for (const std::string& name : {name_of(index), other_name_of(index)}) {
        worst = worse_of(std::move(worst), judge_version(recovered, name, versions));
      }
    }
    return worst;
  }

 private:
  static constexpr const char* sidecars = "sidecars";

  [[nodiscard]] static std::string name_of(std::size_t index) {
    return "state-" + std::to_string(index);
  }
  [[nodiscard]] static std::string other_name_of(std::size_t index) {
    return "other-" + std::to_string(index);
  }

  std::vector<std::string> before_;
  std::vector<std::string> after_;
};

}  // namespace

void add_overwriting(Workloads& to, const Scale& scale) {
  to.push_back(std::make_unique<Overwriting>(scale));
}

}  // namespace untorn::lab
