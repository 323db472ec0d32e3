// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/lab.h"

#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <memory>
#include <utility>

#include "tests/crash/blockdev/disk.h"
#include "tests/crash/blockdev/fuse_disk.h"
#include "tests/crash/blockdev/loop_device.h"
#include "tests/support/files.h"
#include "tests/support/private_world.h"

namespace untorn::lab {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void must(const std::string& problem) {
  demand(problem.empty(), problem);
}

// What one state showed.
struct Sight {
  Finding finding;
  bool unmountable = false;  // it was repaired first
};

class Viewer {
 public:
  Viewer(const LabFileSystem& setup, const LoopDevice& device, DiskReplay& replay,
         Mounting& mounting, const Observer& observer)
      : setup_(setup), device_(device), replay_(replay), mounting_(mounting), observer_(observer) {}

  // The run whose states come next; `ranges` is what it wrote.
  void begin(std::vector<Range> ranges) { ranges_ = std::move(ranges); }

  [[nodiscard]] Sight look(const RecordedRun& run, const PowerCut& cut) {
    replay_.show(cut.disk);
    must(device_.forget_caches());
    for (const Range& range : ranges_) device_.fetch(range.begin, range.end - range.begin);
    Sight sight;
    if (setup_.repair_always) must(repair());
    if (!mounting_.mount().empty()) {
      sight.unmountable = true;
      std::string problem = repair();
      if (problem.empty()) problem = mounting_.mount();
      if (!problem.empty()) {
        sight.finding = {Kind::unreadable, "not even after a repair: " + problem};
        return sight;
      }
    }
    sight.finding = judge(run, cut, !sight.unmountable && !setup_.repair_always);
    must(mounting_.unmount());
    return sight;
  }

 private:
  std::string repair() {
    std::string problem = mounting_.repair();
    if (problem.empty()) problem = device_.forget_caches();
    return problem;
  }

  [[nodiscard]] Finding judge(const RecordedRun& run, const PowerCut& cut, bool observe) {
    const std::string folder = mounting_.root() + "/" + run.folder;
    if (chdir(folder.c_str()) != 0) {
      return {Kind::unreadable, "chdir: " + std::string(std::strerror(errno))};
    }
    Finding finding;
    try {
      const Tree tree = read_tree(posix_file_system());
      if (observe && observer_) observer_(run, cut, tree);
      finding = run.workload->judge(tree, posix_file_system(), run.promised_at(cut.moment));
    } catch (const LabError& error) {
      finding = {Kind::unreadable, error.what()};
    }
    must(chdir("/") == 0 ? "" : "chdir /");
    return finding;
  }

  const LabFileSystem& setup_;
  const LoopDevice& device_;
  DiskReplay& replay_;
  Mounting& mounting_;
  const Observer& observer_;
  std::vector<Range> ranges_;
};

std::string describe(const PowerCut& cut, const RecordedRun& run, const Finding& finding) {
  std::string text = "record " + std::to_string(cut.disk.base - run.begin) + " of " +
                     std::to_string(run.end - run.begin);
  for (const KeptPart& part : cut.disk.kept) {
    text += ", kept " + std::to_string(part.record - run.begin);
    if (part.length != 0) {
      text += " [" + std::to_string(part.from) + ", +" + std::to_string(part.length) + ")";
    }
  }
  return text + ": " + std::string(to_string(finding.kind)) + ": " + finding.text;
}

void count(LabRow& row, const RecordedRun& run, const PowerCut& cut, const Sight& sight) {
  constexpr std::size_t examples_max = 4;
  const Kind kind = sight.finding.kind;
  ++row.states;
  if (cut.in_order) ++row.in_order;
  if (kind != Kind::good && row.examples.size() < examples_max) {
    row.examples.push_back(describe(cut, run, sight.finding));
  }
  if (sight.unmountable) {
    ++row.unmountable;
    if (kind > Kind::lost) ++row.bad_repaired;
    if (kind == Kind::lost) ++row.lost_repaired;
    return;
  }
  ++row.kinds[static_cast<std::size_t>(kind)];
  if (cut.in_order && kind > Kind::lost) ++row.bad_in_order;
  if (!keeps(row.promise, kind)) ++row.broken;
}

// What breaks a promise, or does not mount, is looked at twice more, and what is bad but promised
// by nobody once more: the kernel may have shown an old state.
void look_and_count(Viewer& viewer, LabRow& row, const RecordedRun& run, const PowerCut& cut) {
  const Sight sight = viewer.look(run, cut);
  const Kind kind = sight.finding.kind;
  int more = kind > Kind::lost ? 1 : 0;
  if (sight.unmountable || !keeps(row.promise, kind)) more = 2;
  for (; more > 0; --more) {
    const Sight other = viewer.look(run, cut);
    if (other.finding.kind == kind && other.unmountable == sight.unmountable) continue;
    ++row.unstable;
    row.examples.push_back("unstable: " + describe(cut, run, sight.finding) + "; then " +
                           std::string(to_string(other.finding.kind)) + ": " + other.finding.text);
    return;
  }
  count(row, run, cut, sight);
}

// Each on a fresh mount: the journal that a mount replays then holds this run alone.
std::vector<RecordedRun> record_on(Disk& disk, const LabFileSystem& setup,
                                   const std::string& folder, const Workloads& all,
                                   const LabOptions& options) {
  const auto served = FuseDisk::serve(disk, folder + "/fuse");
  demand(served.has_value(), served ? "" : served.error());
  const int file = (*served)->open();
  demand(file >= 0, "open the served disk");
  const auto device = LoopDevice::attach(file, folder + "/device");
  close(file);
  demand(device.has_value(), device ? "" : device.error());
  Mounting mounting(setup, (*device)->path(), folder);
  must(mounting.make());
  disk.begin_recording();
  Recorder recorder(disk, mounting.root(), options.seed, setup.fast_commit);
  std::vector<RecordedRun> runs;
  for (const auto& workload : all) {
    for (unsigned repetition = 0; repetition < options.repetitions; ++repetition) {
      must(mounting.mount());
      runs.push_back(recorder.record(*workload, repetition));
      must(mounting.unmount());
    }
  }
  disk.end_recording();
  return runs;
}

}  // namespace

std::size_t LabRow::bad() const {
  std::size_t sum = 0;
  for (std::size_t kind = 0; kind < kind_count; ++kind) {
    if (static_cast<Kind>(kind) > Kind::lost) sum += kinds[kind];
  }
  return sum;
}

LabReport run_lab(const LabFileSystem& setup, const LabOptions& options, const std::string& folder,
                  const Observer& observer) {
  LabReport report{.setup = setup.name, .rows = {}};
  Workloads all = workloads(options.scale);
  std::erase_if(all, [&](const auto& workload) {
    return workload->name().find(options.only) == std::string::npos ||
           (setup.overlay && workload->writes_linked_files());
  });
  Disk disk(setup.disk_bytes);
  const Clock::time_point began = Clock::now();
  const std::vector<RecordedRun> runs = record_on(disk, setup, folder, all, options);
  report.seconds_recording = seconds_since(began);

  const Clock::time_point replaying = Clock::now();
  const auto device = LoopDevice::attach(disk.file(), folder + "/device");
  demand(device.has_value(), device ? "" : device.error());
  Mounting mounting(setup, (*device)->path(), folder);
  DiskReplay replay(disk);
  Viewer viewer(setup, **device, replay, mounting, observer);
  for (const RecordedRun& run : runs) {
    const bool by_ranges = run.workload->basis() == Basis::ranges;
    if (report.rows.empty() || report.rows.back().workload != run.workload->name()) {
      report.rows.push_back({.workload = run.workload->name(),
                             .promise = run.workload->promise(),
                             .control = by_ranges && !setup.ranges});
    }
    viewer.begin(written_ranges(disk.records(), run.begin, run.end));
    const CutChoice choice = {
        .count_max = by_ranges ? options.cuts_by_ranges_max : options.cuts_per_run_max,
        .seed = options.seed};
    for (const PowerCut& cut : power_cuts(disk.records(), run.begin, run.end, choice)) {
      look_and_count(viewer, report.rows.back(), run, cut);
    }
  }
  report.seconds_replaying = seconds_since(replaying);
  return report;
}

std::string why_no_lab() {
  if (geteuid() != 0) return "the lab needs root";
  for (const char* device : {"/dev/fuse", "/dev/loop-control"}) {
    if (access(device, R_OK | W_OK) != 0) return "the lab needs " + std::string(device);
  }
  return testing::why_no_private_world();
}

std::string in_lab_world(const std::function<std::string(const std::string&)>& body) {
  const testing::ScratchDirectory scratch;
  const pid_t parent = getpid();
  return testing::in_private_world([&]() -> std::string {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) return "! nobody waits for the lab";
    if (mount("tmpfs", scratch.path().c_str(), "tmpfs", 0, "mode=700") != 0) {
      return std::string("! mount of the folder of the lab: ") + std::strerror(errno);
    }
    try {
      return body(scratch.path());
    } catch (const std::exception& error) {
      return std::string("! ") + error.what();
    }
  });
}

}  // namespace untorn::lab
