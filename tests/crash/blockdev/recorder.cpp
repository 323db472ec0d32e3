// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/recorder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <random>
#include <system_error>
#include <thread>

#include "filesystem/recording_file_system.h"
#include "tests/crash/blockdev/hooked_file_system.h"

namespace untorn::lab {
namespace {

using std::chrono::milliseconds;

std::string failed(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

// Another program on the same file system, in a folder of its own.
class Neighbour {
 public:
  Neighbour(const std::string& root, const std::string& name, std::uint64_t seed)
      : file_(open((root + "/" + name).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)),
        random_(seed) {
    demand(file_ >= 0, failed("open the file of the neighbour"));
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;
  ~Neighbour() { close(file_); }

  void sync_a_file() const {
    demand(write(file_, "n", 1) == 1, failed("write of the neighbour"));
    demand(fsync(file_) == 0, failed("fsync of the neighbour"));
  }
  void sync_everything() const { demand(syncfs(file_) == 0, failed("syncfs of the neighbour")); }

  // After a call of the workload on `file`, or on names.
  void act(Handle file) {
    constexpr unsigned percent = 100;
    const auto drawn = static_cast<unsigned>(random_() % percent);
    constexpr unsigned sync_below = 20;
    constexpr unsigned write_back_below = 35;
    constexpr unsigned everything_below = 38;
    if (drawn < sync_below) {
      sync_a_file();
    } else if (drawn < write_back_below) {
      start_write_back(file);
    } else if (drawn < everything_below) {
      sync_everything();
    }
  }

  // In a loop until it is told to stop.
  void live(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      sync_a_file();
      std::this_thread::sleep_for(milliseconds(2 + random_() % 6));
    }
  }

 private:
  // Not an error: the handle may be a directory.
  static void start_write_back(Handle file) {
    const int fd = static_cast<int>(file);
    if (fd >= 0) (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
  }

  int file_;
  std::mt19937_64 random_;
};

// What the mounted file system says of itself, with another word on sync_file_range.
struct Kinds {
  FileSystemKind without_ranges;
  FileSystemKind with_ranges;
};
Kinds kinds_of(const std::string& root, bool fast_commit) {
  FileSystem& fs = posix_file_system();
  const auto opened = fs.open(Handle::working_directory, root, {.access = Access::directory});
  demand(opened.has_value(), "open the root of the file system");
  const OwnedHandle handle(fs, *opened);
  Kinds kinds{.without_ranges = fs.kind(handle.get()), .with_ranges = {}};
  kinds.without_ranges.range_sync = RangeSync::nothing;
  kinds.with_ranges = kinds.without_ranges;
  kinds.with_ranges.range_sync = RangeSync::before_names;
  kinds.with_ranges.fast_commit = fast_commit;
  return kinds;
}

class RecordedSession final : public Session {
 public:
  RecordedSession(const Disk& disk, RecordingFileSystem& recording, const Neighbour& neighbour,
                  RecordedRun& run, const Kinds& kinds)
      : disk_(disk),
        recording_(recording),
        neighbour_(neighbour),
        run_(run),
        plain_(recording, progress(), kinds.without_ranges),
        with_ranges_(recording, progress(), kinds.with_ranges),
        as_probed_(recording, progress()) {}

  [[nodiscard]] FileSystem& fs() override { return plain_; }
  [[nodiscard]] FileSystem& fs_with_ranges() override { return with_ranges_; }
  [[nodiscard]] FileSystem& fs_as_probed() override { return as_probed_; }
  void acknowledge(unsigned step) override {
    const std::lock_guard guard(mutex_);
    run_.acknowledged.emplace_back(step, disk_.record_count());
    recording_.acknowledge(std::to_string(step));
    note_progress();
  }
  void neighbour_syncs_a_file() override { neighbour_.sync_a_file(); }
  void neighbour_syncs_everything() override { neighbour_.sync_everything(); }

 private:
  [[nodiscard]] HookedFileSystem::Hook progress() {
    return [this](Handle) {
      const std::lock_guard guard(mutex_);
      note_progress();
    };
  }

  // Operations first: what has returned had its records by now, whatever other threads do.
  void note_progress() {
    const std::size_t operations = recording_.operation_count();
    run_.progress.push_back({disk_.record_count(), operations});
  }

  const Disk& disk_;
  RecordingFileSystem& recording_;
  const Neighbour& neighbour_;
  RecordedRun& run_;
  std::mutex mutex_;
  HookedFileSystem plain_;
  HookedFileSystem with_ranges_;
  HookedFileSystem as_probed_;
};

void enter(const std::string& folder) {
  demand(chdir(folder.c_str()) == 0, failed("chdir " + folder));
}

}  // namespace

std::vector<bool> RecordedRun::promised_at(std::size_t records) const {
  std::vector<bool> promised;
  for (const auto& [step, moment] : acknowledged) {
    if (promised.size() <= step) promised.resize(step + 1);
    if (moment <= records) promised[step] = true;
  }
  return promised;
}

std::size_t RecordedRun::completed_at(std::size_t records) const {
  std::size_t completed = 0;
  for (const Progress& note : progress) {
    if (note.records <= records) completed = std::max(completed, note.operations);
  }
  return completed;
}

Recorder::Recorder(const Disk& disk, std::string root, std::uint64_t seed, bool fast_commit)
    : disk_(disk), root_(std::move(root)), seed_(seed), fast_commit_(fast_commit) {}

RecordedRun Recorder::record(const Workload& workload, unsigned repetition) {
  RecordedRun run;
  run.workload = &workload;
  run.folder = workload.name() + "-" + std::to_string(repetition);
  const std::string folder = root_ + "/" + run.folder;
  demand(mkdir(folder.c_str(), 0755) == 0, failed("mkdir " + folder));
  const std::uint64_t seed = std::hash<std::string>()(run.folder) ^ seed_;
  Neighbour neighbour(root_, "neighbour", seed);
  enter(folder);
  workload.prepare(posix_file_system());
  neighbour.sync_everything();

  bool noisy = false;  // not while the tree is read into the log
  HookedFileSystem below(posix_file_system(), [&](Handle file) {
    if (noisy) neighbour.act(file);
  });
  RecordingFileSystem recording(below, Capture::whole_tree);
  RecordedSession session(disk_, recording, neighbour, run, kinds_of(root_, fast_commit_));
  run.begin = disk_.record_count();
  noisy = true;
  {
    Neighbour second(root_, "second-neighbour", seed + 1);
    const std::jthread living([&second](const std::stop_token& stop) { second.live(stop); });
    workload.run(session);
  }
  noisy = false;
  run.log = recording.log();
  neighbour.sync_a_file();
  constexpr milliseconds settling{10};
  std::this_thread::sleep_for(settling);
  neighbour.sync_everything();
  run.end = disk_.record_count();
  enter("/");
  // Room for the next run.
  std::error_code failure;
  std::filesystem::remove_all(folder, failure);
  demand(!failure, "remove " + folder + ": " + failure.message());
  return run;
}

}  // namespace untorn::lab
