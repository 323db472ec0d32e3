// SPDX-License-Identifier: Apache-2.0
//
// Goal: the judge of the lab calls everything by its name; a judge that is blind proves nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/crash/blockdev/hooked_file_system.h"
#include "tests/crash/blockdev/workload.h"
#include "tests/support/files.h"

namespace untorn::lab {
namespace {

const std::string before_text = testing::pattern(9000, 1);
const std::string after_text = testing::pattern(8000, 2);

Kind kind_of(const std::string& content, bool acknowledged = false, bool existed = true) {
  const Tree tree = {{"f", {.type = FileType::regular, .content = content}}};
  return judge_version(tree, "f",
                       {.before = existed ? &before_text : nullptr,
                        .after = &after_text,
                        .acknowledged = acknowledged})
      .kind;
}

TEST(JudgeVersion, whole_versions_are_good_and_an_old_one_is_lost_once_the_new_is_acknowledged) {
  EXPECT_EQ(kind_of(before_text), Kind::good);
  EXPECT_EQ(kind_of(after_text), Kind::good);
  EXPECT_EQ(kind_of(after_text, true), Kind::good);
  EXPECT_EQ(kind_of(before_text, true), Kind::lost);
}

TEST(JudgeVersion, what_is_no_version_has_a_name) {
  EXPECT_EQ(kind_of(""), Kind::empty);
  EXPECT_EQ(kind_of(std::string(8000, '\0')), Kind::zeros);
  EXPECT_EQ(kind_of(after_text.substr(0, 4096) + std::string(3904, '\0')), Kind::zeros);
  EXPECT_EQ(kind_of(after_text.substr(0, 4096)), Kind::partial);
  EXPECT_EQ(kind_of(after_text.substr(0, 4096) + before_text.substr(4096)), Kind::mixed);
  EXPECT_EQ(kind_of(after_text + before_text.substr(8000)), Kind::mixed);
  EXPECT_EQ(kind_of(testing::pattern(8000, 3)), Kind::garbage);
}

TEST(JudgeVersion, a_file_that_is_gone_is_missing_and_one_that_never_was_is_not) {
  const Versions replaced = {.before = &before_text, .after = &after_text};
  EXPECT_EQ(judge_version({}, "f", replaced).kind, Kind::missing);
  EXPECT_EQ(judge_version({}, "f", {.before = nullptr, .after = &after_text}).kind, Kind::good);
  const Versions promised = {.before = nullptr, .after = &after_text, .acknowledged = true};
  EXPECT_EQ(judge_version({}, "f", promised).kind, Kind::lost);
  EXPECT_EQ(kind_of(before_text.substr(0, 50), false, false), Kind::garbage);
}

TEST(Keeps, a_promise_is_broken_by_what_it_excludes_alone) {
  EXPECT_TRUE(keeps({.whole = true, .durable = false}, Kind::lost));
  EXPECT_FALSE(keeps({.whole = true, .durable = false}, Kind::empty));
  EXPECT_FALSE(keeps({.whole = true, .durable = true}, Kind::lost));
  EXPECT_TRUE(keeps({}, Kind::unreadable));
}

// Without a crash every workload keeps its promise, and its judge sees that nothing is missing;
// with an empty folder after everything was acknowledged, it sees that.
class PlainSession final : public Session {
 public:
  explicit PlainSession(FileSystem& fs)
      : fs_(fs), with_ranges_(fs, [](Handle) {}, kind_with_ranges("ext4", false)) {}
  [[nodiscard]] FileSystem& fs() override { return fs_; }
  [[nodiscard]] FileSystem& fs_with_ranges() override { return with_ranges_; }
  [[nodiscard]] FileSystem& fs_as_probed() override { return fs_; }
  void acknowledge(unsigned step) override {
    const std::lock_guard guard(mutex_);
    if (acknowledged_.size() <= step) acknowledged_.resize(step + 1);
    acknowledged_[step] = true;
  }
  void neighbour_syncs_a_file() override {}
  void neighbour_syncs_everything() override {}
  [[nodiscard]] const std::vector<bool>& acknowledged() const { return acknowledged_; }

 private:
  FileSystem& fs_;
  HookedFileSystem with_ranges_;
  std::mutex mutex_;
  std::vector<bool> acknowledged_;
};

TEST(Workloads, each_is_good_without_a_crash_and_lost_with_everything) {
  for (const auto& workload : workloads({.sizes = {120, 5000}})) {
    InMemoryFileSystem fs;
    workload->prepare(fs);
    PlainSession session(fs);
    workload->run(session);
    const Finding finding = workload->judge(read_tree(fs), fs, session.acknowledged());
    EXPECT_EQ(finding.kind, Kind::good) << workload->name() << ": " << finding.text;

    InMemoryFileSystem nothing;
    (void)nothing.make_directory(Handle::working_directory, "t", 0755);
    EXPECT_NE(workload->judge({}, nothing, session.acknowledged()).kind, Kind::good)
        << workload->name();
  }
}

TEST(Workloads, have_names_of_their_own_and_all_rows_of_the_corpus) {
  std::vector<std::string> names;
  for (const auto& workload : workloads({.sizes = {120}})) names.push_back(workload->name());
  EXPECT_GE(names.size(), 30U);
  std::ranges::sort(names);
  EXPECT_TRUE(std::ranges::adjacent_find(names) == names.end());
}

}  // namespace
}  // namespace untorn::lab
