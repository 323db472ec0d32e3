// SPDX-License-Identifier: Apache-2.0
//
// What Untorn promises where several files share their syncs, as workloads: batch.h, and replace.h
// from threads that meet at their last sync.
#include <array>
#include <cstddef>
#include <exception>
#include <future>
#include <optional>
#include <utility>

#include "tests/crash/blockdev/calls.h"
#include "tests/crash/blockdev/workload.h"
#include "tests/support/files.h"
#include "untorn/batch.h"
#include "untorn/replace.h"

namespace untorn::lab {
namespace {

constexpr std::array<const char*, 2> folders = {"a", "b"};

struct Update {
  std::string path;
  std::optional<std::string> before;
  std::string after;
};

// Files in two directories, in groups; each group is promised as a whole, or file by file.
class Grouped : public Workload {
 public:
  struct Shape {
    std::size_t groups = 3;
    std::size_t files = 4;  // of each group
    bool fresh = false;     // names that were not there
    bool each = false;      // a step for each file
  };

  Grouped(std::string name, Promise promise, Basis basis, const Shape& shape, const Scale& scale)
      : Workload(std::move(name), promise, basis), each_(shape.each) {
    unsigned seed = 0;
    std::size_t size = 0;
    for (std::size_t group = 0; group < shape.groups; ++group) {
      std::vector<Update>& updates = groups_.emplace_back();
      for (std::size_t file = 0; file < shape.files; ++file) {
        Update& update = updates.emplace_back();
        update.path = std::string(folders[file % folders.size()]) + "/f" + std::to_string(group) +
                      "-" + std::to_string(file);
        const std::size_t bytes = scale.sizes[size++ % scale.sizes.size()];
        if (!shape.fresh) update.before = testing::pattern(bytes + bytes / 3, ++seed);
        update.after = testing::pattern(bytes, ++seed);
      }
    }
  }

  void prepare(FileSystem& fs) const override {
    for (const char* folder : folders) make_folder(fs, folder);
    for (const auto& group : groups_) {
      for (const Update& update : group) {
        if (update.before) testing::write_file(fs, update.path, *update.before);
      }
    }
  }

  [[nodiscard]] Finding judge(const Tree& tree, FileSystem&,
                              const std::vector<bool>& acknowledged) const override {
    Finding worst;
    std::size_t file = 0;
    for (std::size_t group = 0; group < groups_.size(); ++group) {
      for (const Update& update : groups_[group]) {
        const Versions versions = {.before = update.before ? &*update.before : nullptr,
                                   .after = &update.after,
                                   .acknowledged = acknowledged[each_ ? file : group]};
        worst = worse_of(std::move(worst), judge_version(tree, update.path, versions));
        ++file;
      }
    }
    return worst;
  }

 protected:
  [[nodiscard]] const std::vector<std::vector<Update>>& groups() const noexcept { return groups_; }
  [[nodiscard]] FileSystem& file_system(Session& session) const {
    return basis() == Basis::ranges ? session.fs_with_ranges() : session.fs();
  }

 private:
  bool each_;
  std::vector<std::vector<Update>> groups_;
};

Promise promise_of(Durability level) {
  return {.whole = level >= Durability::ordered, .durable = level >= Durability::durable};
}

std::string name_of(const char* what, Durability level, Basis basis, bool fresh) {
  return "untorn-" + std::string(what) + "-" + std::string(to_string(level)) +
         (basis == Basis::ranges ? "-one_commit" : "") + (fresh ? "-new" : "");
}

class Batching final : public Grouped {
 public:
  Batching(Durability level, Basis basis, bool fresh, const Scale& scale)
      : Grouped(name_of("batch", level, basis, fresh), promise_of(level), basis, {.fresh = fresh},
                scale),
        level_(level) {}

  void run(Session& session) const override {
    unsigned step = 0;
    for (const auto& group : groups()) {
      Batch batch(file_system(session), {.durability = level_});
      for (const Update& update : group) {
        const auto put = batch.put(update.path, update.after);
        demand(put.has_value(), put ? "" : put.error().message());
      }
      const auto receipt = std::move(batch).commit();
      demand(receipt.has_value(), receipt ? "" : receipt.error().message());
      demand(receipt->failed == 0, std::to_string(receipt->failed) + " files of a batch failed");
      session.acknowledge(step++);
    }
  }

 private:
  Durability level_;
};

// Each thread replaces its files one after the other, all at `durable`.
class Threads final : public Grouped {
 public:
  Threads(Basis basis, const Scale& scale)
      : Grouped(name_of("threads", Durability::durable, basis, false),
                promise_of(Durability::durable), basis,
                {.groups = 4, .files = 4, .fresh = false, .each = true}, scale) {}

  void run(Session& session) const override {
    FileSystem& fs = file_system(session);
    std::vector<std::future<void>> threads;
    unsigned first_step = 0;
    for (const auto& group : groups()) {
      threads.push_back(std::async(std::launch::async, [&session, &fs, &group, first_step] {
        unsigned step = first_step;
        for (const Update& update : group) {
          const auto receipt =
              replace_file(fs, update.path, std::as_bytes(std::span(update.after)), {});
          demand(receipt.has_value(), receipt ? "" : receipt.error().message());
          session.acknowledge(step++);
        }
      }));
      first_step += static_cast<unsigned>(group.size());
    }
    for (std::future<void>& thread : threads) thread.get();
  }
};

}  // namespace

void add_grouping(Workloads& to, const Scale& scale) {
  for (const Basis basis : {Basis::syncs, Basis::ranges}) {
    for (const bool fresh : {false, true}) {
      to.push_back(std::make_unique<Batching>(Durability::durable, basis, fresh, scale));
    }
    to.push_back(std::make_unique<Batching>(Durability::ordered, basis, true, scale));
    to.push_back(std::make_unique<Threads>(basis, scale));
  }
}

}  // namespace untorn::lab
