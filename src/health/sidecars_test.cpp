// SPDX-License-Identifier: Apache-2.0
#include "health/sidecars.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/hash.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/test_directory.h"
#include "health/doctor.h"
#include "untorn/in_place.h"
#include "write/sidecar_folder.h"

namespace untorn::health {
namespace {

using test::read_path;
using test::write_path;

const std::string name = ".untorn-sidecar-0123456789abcdef0123456789abcdef";

class Sidecars : public testing::Test {
 protected:
  Sidecars()
      : fs_({{.path = "srv/a", .content = Bytes("half new")},
             {.path = "srv/beside", .type = FileType::directory, .mode = 0700},
             {.path = "srv/beside/" + std::string(write::sidecar_lock_name),
              .content = Bytes("")}}) {
    const Status about = fs_.status_at(Handle::working_directory, "/srv/a").value();
    const std::string line = write::sidecar_line({.path = "/srv/a",
                                                  .device = about.device,
                                                  .inode = about.inode,
                                                  .born_ns = about.born_ns,
                                                  .mode = 0644});
    const std::string content = "new, whole";
    write_path(
        fs_, "/srv/beside/" + name,
        line + content + write::sidecar_end(content.size(), hash128(content, hash128(line))));
  }

  Report look(bool repair) {
    Options options;
    options.folders = {{.shown = "/srv", .real = "/srv"}};
    options.repair = repair;
    return examine(fs_, options);
  }

  InMemoryFileSystem fs_;
};

TEST_F(Sidecars, an_interrupted_overwriting_is_an_error_and_looking_changes_nothing) {
  const Report report = look(false);
  ASSERT_EQ(report.problems.size(), 1U);
  const Problem& problem = report.problems.front();
  EXPECT_EQ(problem.kind, Kind::interrupted_overwrite);
  EXPECT_EQ(problem.severity, Severity::error);
  EXPECT_EQ(problem.path, "beside/" + name);
  EXPECT_NE(problem.repair.find("--repair"), std::string::npos);
  EXPECT_EQ(read_path(fs_, "/srv/a"), "half new");
  EXPECT_TRUE(report.has_problems());
}

TEST_F(Sidecars, a_repair_finishes_it) {
  const Report report = look(true);
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_TRUE(report.problems.front().repaired);
  EXPECT_NE(report.problems.front().detail.find("/srv/a"), std::string::npos);
  EXPECT_EQ(read_path(fs_, "/srv/a"), "new, whole");
  EXPECT_TRUE(look(false).problems.empty());
  EXPECT_EQ(fs_.open_handles(), 0U);
}

TEST_F(Sidecars, what_a_living_writer_holds_is_left_to_it) {
  const auto folder = write::SidecarFolder::open(fs_, "/srv/beside");
  ASSERT_TRUE(folder) << folder.error();
  const auto lock = folder->lock(std::chrono::milliseconds(0));
  ASSERT_TRUE(lock) << lock.error();
  const Report report = look(true);
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems.front().severity, Severity::info);
  EXPECT_EQ(read_path(fs_, "/srv/a"), "half new");
}

TEST_F(Sidecars, one_whose_target_is_gone_is_kept_and_named) {
  ASSERT_TRUE(fs_.unlink(Handle::working_directory, "/srv/a"));
  const Report report = look(true);
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_FALSE(report.problems.front().repaired);
  EXPECT_EQ(report.problems.front().path, "beside/" + name);
  EXPECT_TRUE(report.has_problems());
  EXPECT_EQ(look(false).problems.size(), 1U);
}

TEST_F(Sidecars, a_sweep_of_temporaries_does_not_look_at_them) {
  Options options;
  options.folders = {{.shown = "/srv", .real = "/srv"}};
  options.repair = true;
  options.temporaries_only = true;
  EXPECT_TRUE(examine(fs_, options).problems.empty());
  EXPECT_EQ(read_path(fs_, "/srv/a"), "half new");
}

}  // namespace
}  // namespace untorn::health
