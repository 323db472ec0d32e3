// SPDX-License-Identifier: Apache-2.0
//
// One commit for content and name, call by call, without anything of Untorn: the bytes are written
// back by sync_file_range and waited for, which commits nothing; the rename then shares its commit
// with what made them reachable. True only where the file system keeps that order (LabFileSystem::
// ranges); everywhere else these workloads are controls that the lab has to catch.
#include <array>
#include <optional>
#include <utility>

#include "tests/crash/blockdev/calls.h"
#include "tests/crash/blockdev/workload.h"
#include "tests/support/files.h"

namespace untorn::lab {
namespace {

constexpr Promise whole = {.whole = true, .durable = false};
constexpr Promise both = {.whole = true, .durable = true};

struct Form {
  bool fresh = false;      // of names that were not there
  bool exchange = false;   // the old version is taken out by RENAME_EXCHANGE, then removed
  bool file = false;       // fsync of the file after the rename
  bool directory = false;  // fsync of its directory, at the end
};

struct Update {
  std::string name;
  std::optional<std::string> before;
  std::string after;
};

Update update_of(std::string name, std::size_t size, bool fresh, unsigned seed) {
  Update made{
      .name = std::move(name), .before = std::nullopt, .after = testing::pattern(size, seed + 1)};
  // Longer or shorter than the new version, by turns.
  const std::size_t before = seed % 4 == 0 ? size + size / 4 : size - size / 4;
  if (!fresh) made.before = testing::pattern(before, seed);
  return made;
}

void write_old(FileSystem& fs, const Update& update) {
  if (update.before) testing::write_file(fs, update.name, *update.before);
}

std::string temporary_of(const Update& update) {
  return update.name + ".tmp";
}

void rename(FileSystem& fs, const Update& update, RenameMode mode) {
  need(fs.rename(Handle::working_directory, temporary_of(update), Handle::working_directory,
                 update.name, mode),
       "rename of " + temporary_of(update));
}

Finding judge_update(const Tree& tree, const Update& update, bool acknowledged) {
  return judge_version(tree, update.name,
                       {.before = update.before ? &*update.before : nullptr,
                        .after = &update.after,
                        .acknowledged = acknowledged});
}

// One file after the other.
class Single final : public Workload {
 public:
  Single(const std::string& name, const Form& form, const Scale& scale)
      : Workload("one_commit-raw" + name + (form.fresh ? "-new" : ""),
                 form.file || form.directory ? both : whole, Basis::ranges),
        form_(form) {
    unsigned seed = 0;
    for (const std::size_t size : scale.sizes) {
      updates_.push_back(
          update_of("f" + std::to_string(updates_.size()), size, form.fresh, seed += 2));
    }
  }

  void prepare(FileSystem& fs) const override {
    for (const Update& update : updates_) write_old(fs, update);
  }

  void run(Session& session) const override {
    unsigned step = 0;
    for (const Update& update : updates_) {
      replace(session.fs(), update);
      if (!form_.file && !form_.directory) session.neighbour_syncs_a_file();
      session.acknowledge(step++);
    }
  }

  [[nodiscard]] Finding judge(const Tree& tree, FileSystem&,
                              const std::vector<bool>& acknowledged) const override {
    Finding worst;
    for (std::size_t index = 0; index < updates_.size(); ++index) {
      worst = worse_of(std::move(worst), judge_update(tree, updates_[index], acknowledged[index]));
    }
    return worst;
  }

 private:
  void replace(FileSystem& fs, const Update& update) const {
    const OwnedHandle file = make_file(fs, temporary_of(update));
    write_all(fs, file.get(), update.after);
    need(fs.sync_range(file.get()), "sync_file_range");
    rename(fs, update, form_.exchange ? RenameMode::exchange : RenameMode::replace);
    if (form_.exchange) {
      need(fs.unlink(Handle::working_directory, temporary_of(update)), "unlink the old version");
    }
    if (form_.file) need(fs.sync(file.get()), "fsync after the rename");
    if (form_.directory) sync_folder(fs, ".");
  }

  Form form_;
  std::vector<Update> updates_;
};

// Several files in two directories share the syncs that end them. `led`: as threads that meet at
// the end do it, each file written, waited for and renamed by itself, then one of them syncs its
// file and both directories; else as a batch does it, in steps of all files.
class Group final : public Workload {
 public:
  Group(const std::string& name, bool led, bool fresh, const Scale& scale)
      : Workload("one_commit-raw-" + name + (fresh ? "-new" : ""), both, Basis::ranges), led_(led) {
    constexpr std::size_t rounds = 3;
    constexpr std::size_t files_each = 2;  // in each directory
    unsigned seed = 0;
    std::size_t size = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
      std::vector<Update>& group = groups_.emplace_back();
      for (std::size_t file = 0; file < files_each * folders.size(); ++file) {
        const std::string path = std::string(folders[file % folders.size()]) + "/f" +
                                 std::to_string(round) + std::to_string(file);
        group.push_back(
            update_of(path, scale.sizes[size++ % scale.sizes.size()], fresh, seed += 2));
      }
    }
  }

  void prepare(FileSystem& fs) const override {
    for (const char* folder : folders) make_folder(fs, folder);
    for (const auto& group : groups_) {
      for (const Update& update : group) write_old(fs, update);
    }
  }

  void run(Session& session) const override {
    unsigned step = 0;
    for (const auto& group : groups_) {
      if (led_) {
        replace_led(session.fs(), group);
      } else {
        replace_in_steps(session.fs(), group);
      }
      session.acknowledge(step++);
    }
  }

  [[nodiscard]] Finding judge(const Tree& tree, FileSystem&,
                              const std::vector<bool>& acknowledged) const override {
    Finding worst;
    for (std::size_t index = 0; index < groups_.size(); ++index) {
      for (const Update& update : groups_[index]) {
        worst = worse_of(std::move(worst), judge_update(tree, update, acknowledged[index]));
      }
    }
    return worst;
  }

 private:
  static constexpr std::array<const char*, 2> folders = {"a", "b"};

  static void sync_folders(FileSystem& fs) {
    for (const char* folder : folders) sync_folder(fs, folder);
  }

  static void replace_led(FileSystem& fs, const std::vector<Update>& group) {
    std::vector<OwnedHandle> files;
    for (const Update& update : group) {
      files.push_back(make_file(fs, temporary_of(update)));
      write_all(fs, files.back().get(), update.after);
      need(fs.sync_range(files.back().get()), "sync_file_range");
      rename(fs, update, RenameMode::replace);
    }
    need(fs.sync(files.front().get()), "fsync of the leader's file");
    sync_folders(fs);
  }

  static void replace_in_steps(FileSystem& fs, const std::vector<Update>& group) {
    std::vector<OwnedHandle> files;
    for (const Update& update : group) {
      files.push_back(make_file(fs, temporary_of(update)));
      write_all(fs, files.back().get(), update.after);
      need(fs.start_writeback(files.back().get()), "sync_file_range without waiting");
    }
    for (const OwnedHandle& file : files) need(fs.sync_range(file.get()), "sync_file_range");
    for (const Update& update : group) rename(fs, update, RenameMode::replace);
    sync_folders(fs);
  }

  bool led_;
  std::vector<std::vector<Update>> groups_;
};

}  // namespace

void add_one_commit(Workloads& to, const Scale& scale) {
  const auto single = [&](const char* name, const Form& form) {
    to.push_back(std::make_unique<Single>(name, form, scale));
  };
  for (const bool fresh : {false, true}) {
    single("", {.fresh = fresh, .file = true, .directory = true});
    single("-file", {.fresh = fresh, .file = true});
    single("-directory", {.fresh = fresh, .directory = true});
    single("-ordered", {.fresh = fresh});
    to.push_back(std::make_unique<Group>("batch", false, fresh, scale));
    to.push_back(std::make_unique<Group>("led", true, fresh, scale));
  }
  single("-exchange", {.exchange = true, .file = true, .directory = true});
  single("-exchange-ordered", {.exchange = true});
}

}  // namespace untorn::lab
