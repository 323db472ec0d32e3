// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/counted_place.h"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "tests/crash/blockdev/calls.h"

namespace untorn::lab {

namespace {

LabFileSystem quiet(LabFileSystem setup) {
  constexpr std::size_t ample_bytes = std::size_t{1} << 30U;
  if (setup.type == "btrfs") setup.disk_bytes = std::max(setup.disk_bytes, ample_bytes);
  const bool has_interval = setup.type == "btrfs" || (setup.type == "ext4" && !setup.repair_always);
  if (!has_interval) return setup;
  setup.options += setup.options.empty() ? "" : ",";
  setup.options += "commit=3600";
  return setup;
}

}  // namespace

CountedPlace::CountedPlace(const LabFileSystem& setup, const std::string& folder)
    : setup_(quiet(setup)), disk_(setup_.disk_bytes) {
  auto attached = LoopDevice::attach(disk_.file(), folder + "/device");
  demand(attached.has_value(), attached ? "" : attached.error());
  device_ = std::move(*attached);
  mounting_ = std::make_unique<Mounting>(setup_, device_->path(), folder);
  std::string problem = mounting_->make();
  if (problem.empty()) problem = mounting_->mount();
  demand(problem.empty(), problem);
}

void CountedPlace::settle() const {
  FileSystem& fs = posix_file_system();
  const OwnedHandle root(
      fs, need(fs.open(Handle::working_directory, mounting_->root(), {.access = Access::directory}),
               "open the root"));
  need(fs.sync_everything(root.get()), "syncfs");
}

DeviceCount CountedPlace::count() const {
  constexpr std::size_t flush_field = 15;
  const std::string device = "loop" + std::to_string(device_->number());
  std::ifstream file("/sys/block/" + device + "/stat");
  const std::vector<unsigned long> fields{std::istream_iterator<unsigned long>(file), {}};
  demand(fields.size() > flush_field, "the kernel counts no flushes of loop devices");
  DeviceCount count{.flushes = fields[flush_field], .commits = std::nullopt};
  std::ifstream journal("/proc/fs/jbd2/" + device + "-8/info");
  unsigned long commits = 0;
  if (journal >> commits) count.commits = commits;
  return count;
}

unsigned long own_flushes_max(unsigned long flushes) {
  constexpr unsigned long share = 20;
  return std::max<unsigned long>(flushes_each_commit, flushes / share);
}

}  // namespace untorn::lab
