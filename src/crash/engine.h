// SPDX-License-Identifier: Apache-2.0
//
// The crash engine: operation log → micro-operations → persistence model → crash states.
//
// A *crash state* is what a machine may find after a kill or a power cut: which of the
// micro-operations before the cut persisted. The rules stand in models/, one file for each model,
// and in models/rules.h what they share; docs/internals/crash-model.md gives their evidence.
//
// States are enumerated per *footprint*: the set of paths that one check reads. Two states that are
// equal on the footprint share the verdict, so nothing outside it is varied, and the count of a
// footprint is exact.
//
//   crash::History history(log);
//   crash::Enumeration result = crash::enumerate(history, crash::Model::portable, {"state.json"},
//       budget, [&](const crash::CrashState& state) { return judge(state); });
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filesystem/operation_log.h"

namespace untorn::crash {

enum class Model : std::uint8_t {
  kill,      // the process dies; what the kernel accepted stays
  portable,  // the power goes; anything that ext4, xfs or btrfs may leave
  ext4,      // the power goes; what ext4 may leave, data=ordered
  xfs,       // the same for xfs
  btrfs,     // the same for btrfs
  posix,  // the power goes; whatever POSIX does not forbid: renames may be halved, new blocks may
          // hold garbage
};
[[nodiscard]] std::string_view to_string(Model) noexcept;
[[nodiscard]] std::optional<Model> model_from_name(std::string_view name) noexcept;

// A path relative to the root, components joined by '/', no leading one.
using Path = std::string;
// A name in a directory; "" is the root. The "/" of an absolute path is the name "" in the root.
[[nodiscard]] Path join(const Path& directory, std::string_view name);

// The log, compiled: inodes with their sizes and blocks, names with their chains, micro-operations.
// Immutable after construction; may be shared between threads. Borrows the log.
class History {
 public:
  explicit History(const OperationLog& log);
  ~History();
  History(History&&) noexcept;

  [[nodiscard]] const OperationLog& log() const noexcept;

  // What was at `path` after operations [0, count): nothing, or an inode and, for files, its bytes.
  struct File {
    InodeId inode = no_inode;
    FileType type = FileType::regular;
    Bytes content;
    std::uint32_t mode = 0644;
  };
  [[nodiscard]] std::optional<File> file_at(std::size_t count, const Path& path) const;

  // Every path that led to a file at some point of the run or before it, among those that an
  // operation touched (name, content or attributes). Sorted.
  [[nodiscard]] std::vector<Path> touched_paths() const;

  // A path of the inode just before operation `index`, or of the name it had last; "" if none ever.
  [[nodiscard]] Path path_of(InodeId inode, std::size_t index) const;

  // All names of the tree after operations [0, count), sorted by path.
  [[nodiscard]] std::vector<std::pair<Path, File>> tree_at(std::size_t count) const;

  struct Impl;
  [[nodiscard]] const Impl& impl() const noexcept { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// One state, valid during the call of the visitor.
class CrashState {
 public:
  virtual ~CrashState() = default;

  // Operations [0, begun) may have reached the kernel when the cut came; the rest had not started.
  // After a power cut: the sync before whose effect the power went, or the end of the log; a state
  // of that epoch counts every acknowledgement in it as given. `kill`: the index after the first
  // operation in flight that had not happened, or the end of the log.
  [[nodiscard]] virtual std::size_t begun() const = 0;
  // The file at `path`, which must be in the footprint (any path if the footprint is everything).
  // The bytes stay valid as long as the returned value.
  [[nodiscard]] virtual std::optional<History::File> file(const Path& path) const = 0;
  // All files, directories and links of the state, for footprints that are everything; else those
  // of the footprint. Sorted.
  [[nodiscard]] virtual std::vector<std::pair<Path, History::File>> tree() const = 0;
  // Equal for equal trees on the footprint, modes apart (128 bits).
  [[nodiscard]] virtual std::pair<std::uint64_t, std::uint64_t> hash() const = 0;

  // Operations before the cut of which something did not persist, sorted. Only those that can
  // change the footprint. `kill`: the operations in flight that had not happened.
  [[nodiscard]] virtual std::vector<std::size_t> lost() const = 0;
  // How many those are: states with few losses are the simple ones.
  [[nodiscard]] virtual std::size_t lost_count() const = 0;
  // Operations that persisted in full, sorted. Only those that can change the footprint.
  [[nodiscard]] virtual std::vector<std::size_t> kept() const = 0;

  // A short text of letters, digits, '-' and '_' that, with the log, the model and the footprint,
  // names this state: see rebuild(). A state of `kill` has the same code in every footprint.
  [[nodiscard]] virtual std::string code() const = 0;
};

struct Budget {
  // At most this many choices that leave different files are made; one of them may stand for many
  // states that cannot be told apart.
  std::uint64_t states = 1U << 21U;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::uint64_t seed = 1;      // of the sampling, when the count does not fit
  const bool* stop = nullptr;  // looked at between states (Ctrl-C)
};

// An exact count that may not fit into 64 bits.
struct Count {
  std::uint64_t value = 0;  // saturates
  bool exact = true;        // false: more than fits
};

struct Enumeration {
  Count total;                 // states of the model on this footprint
  std::uint64_t checked = 0;   // states that were built or shown equal to one that was; saturates
  std::uint64_t distinct = 0;  // visitor calls
  bool exhaustive = false;     // every state of the total was checked
  std::uint64_t seed = 0;      // used, if not exhaustive
};

// Calls `visit` once for each distinct state, simple ones first: every prefix, then one loss, then
// one early write, then all others, or a seeded sample of them when they do not fit the budget. Two
// states are distinct if their trees on the footprint differ, or the number of acknowledgements
// before begun(). `visit` returns false to end the enumeration early (the result is then not
// exhaustive).
//
// An empty footprint means everything. Symbolic links on the way to a path are not followed.
// Threads: History may be shared; one enumeration per thread.
using Visitor = std::function<bool(const CrashState&)>;
[[nodiscard]] Enumeration enumerate(const History& history, Model model,
                                    const std::vector<Path>& footprint, const Budget& budget,
                                    const Visitor& visit);

// Makes the state that CrashState::code() named, and calls `visit` with it. False if there is no
// such state: the code is damaged, or of another log, model or footprint.
[[nodiscard]] bool rebuild(const History& history, Model model, const std::vector<Path>& footprint,
                           std::string_view code, const Visitor& visit);

// Makes the state after a power cut at begun() == `begun` from which the operations in `lost`
// (sorted) are missing, whole, and what must wait for them, and nothing else; calls `visit` with
// it. What a sync promised is there all the same. False if no epoch of the footprint ends there.
[[nodiscard]] bool lose(const History& history, Model model, const std::vector<Path>& footprint,
                        std::size_t begun, const std::vector<std::size_t>& lost,
                        const Visitor& visit);

}  // namespace untorn::crash
