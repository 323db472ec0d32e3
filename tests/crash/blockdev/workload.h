// SPDX-License-Identifier: Apache-2.0
//
// What runs on the file systems of the lab, and what may be there after a power cut.
//
//   for (const std::unique_ptr<Workload>& workload : workloads(scale)) {
//     workload->prepare(fs);  workload->run(session);      // once, recorded
//     workload->judge(tree, fs, acknowledged);             // for each state
//   }
//
// Every path is relative to the working directory, a folder of the workload's own. The same judge
// decides on every file system. A failure of a workload's own call is a LabError.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/filesystem.h"

namespace untorn::lab {

// The lab itself cannot go on: a call of the machine or of a workload failed without a crash.
class LabError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
void demand(bool condition, const std::string& what);

// What stands under a folder, by path.
struct TreeFile {
  FileType type = FileType::regular;
  std::string content;  // bytes of a file, target of a link
};
using Tree = std::map<std::string, TreeFile>;
// Of the working directory. A read that fails is a LabError.
[[nodiscard]] Tree read_tree(FileSystem& fs);

// What a state shows, the worst last.
enum class Kind : std::uint8_t {
  good,
  lost,       // what was acknowledged is not there, but something older is, whole
  partial,    // a beginning of a version
  empty,      // no bytes
  zeros,      // NUL bytes, at least at the end
  mixed,      // bytes of both versions
  missing,    // no file, where there was one
  garbage,    // bytes that nobody wrote there
  damaged,    // a recovery failed, or what it left is no version
  unreadable  // a read failed
};
[[nodiscard]] std::string_view to_string(Kind kind) noexcept;
inline constexpr std::size_t kind_count = static_cast<std::size_t>(Kind::unreadable) + 1;

struct Finding {
  Kind kind = Kind::good;
  std::string text;  // what and where, if it is not good
};

// What a workload promises of every state; the rest is counted and not judged.
struct Promise {
  bool whole = false;    // nothing worse than `lost`
  bool durable = false;  // not `lost`
};
[[nodiscard]] bool keeps(Promise promise, Kind kind) noexcept;

// How a workload tells what happens. Implemented by the recorder. Threads may share one.
class Session {
 public:
  virtual ~Session() = default;
  // The file system under test; its kind says RangeSync::nothing.
  [[nodiscard]] virtual FileSystem& fs() = 0;
  // The same; its kind says RangeSync::before_names, true or not.
  [[nodiscard]] virtual FileSystem& fs_with_ranges() = 0;
  // The same; its kind is what a user's call finds.
  [[nodiscard]] virtual FileSystem& fs_as_probed() = 0;
  // Step `step` is promised from here on.
  virtual void acknowledge(unsigned step) = 0;
  // Another program appends to a file of its own and syncs that file.
  virtual void neighbour_syncs_a_file() = 0;
  // Another program calls syncfs(2).
  virtual void neighbour_syncs_everything() = 0;
};

// What the promise of a workload rests on.
enum class Basis : std::uint8_t {
  syncs,  // fsync and its like: true everywhere
  ranges  // sync_file_range: true where LabFileSystem::ranges says so, else a control to be caught
};

class Workload {
 public:
  Workload(std::string name, Promise promise, Basis basis = Basis::syncs)
      : name_(std::move(name)), promise_(promise), basis_(basis) {}
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;
  virtual ~Workload() = default;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] Promise promise() const noexcept { return promise_; }
  [[nodiscard]] Basis basis() const noexcept { return basis_; }

  // What is there, durably, before the run.
  virtual void prepare(FileSystem& fs) const = 0;
  virtual void run(Session& session) const = 0;
  // `tree` is what was found; `fs` is for a recovery, which may change it. `acknowledged[step]`.
  [[nodiscard]] virtual Finding judge(const Tree& tree, FileSystem& fs,
                                      const std::vector<bool>& acknowledged) const = 0;
  // It writes into files with several names, which an overlay parts: the library refuses it there,
  // and it is not run.
  [[nodiscard]] virtual bool writes_linked_files() const { return false; }

 private:
  std::string name_;
  Promise promise_;
  Basis basis_;
};

// How much one run of all workloads does.
struct Scale {
  std::vector<std::size_t> sizes;  // of the files of the protocols, replaced one after the other
};
using Workloads = std::vector<std::unique_ptr<const Workload>>;

// The corpus of protocols, good ones and known bad ones (protocols.cpp).
void add_protocols(Workloads& to, const Scale& scale);
// One commit for content and name, call by call (one_commit.cpp).
void add_one_commit(Workloads& to, const Scale& scale);
// replace.h: levels, protocols and options (replacing.cpp).
void add_replacing(Workloads& to, const Scale& scale);
// Several files that share their syncs: batch.h, threads (grouping.cpp).
void add_grouping(Workloads& to, const Scale& scale);
// in_place.h (overwriting.cpp).
void add_overwriting(Workloads& to, const Scale& scale);
// What else Untorn promises: transaction.h, line_log.h (promises.cpp).
void add_promises(Workloads& to);
[[nodiscard]] Workloads workloads(const Scale& scale);

// One file that went from an old version (or none) to a new one: what it shows now.
struct Versions {
  const std::string* before = nullptr;  // null: there was none
  const std::string* after = nullptr;
  bool acknowledged = false;
};
[[nodiscard]] Finding judge_version(const Tree& tree, const std::string& path,
                                    const Versions& versions);
[[nodiscard]] Finding worse_of(Finding left, Finding right);

}  // namespace untorn::lab
