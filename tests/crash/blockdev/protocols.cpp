// SPDX-License-Identifier: Apache-2.0
//
// The corpus of protocols: how programs update files, the good ways and the known bad ones.
#include <optional>
#include <utility>

#include "tests/crash/blockdev/calls.h"
#include "tests/crash/blockdev/workload.h"
#include "tests/support/files.h"

namespace untorn::lab {
namespace {

enum class Way : std::uint8_t { truncate, overwrite, rename, append };
enum class Sync : std::uint8_t { none, data, file };

struct Steps {
  Way way = Way::rename;
  bool fresh = false;                 // of names that were not there
  Sync sync = Sync::none;             // of the file: before the rename, or at the end
  bool directory = false;             // sync of the directory, at the end
  bool neighbour_after_open = false;  // everything is synced once the file is open and cut
  bool neighbour_at_the_end = false;  // a file of another program is synced after the update
};

class Protocol final : public Workload {
 public:
  Protocol(std::string name, Promise promise, const Steps& steps, const Scale& scale)
      : Workload(std::move(name), promise), steps_(steps) {
    unsigned seed = 0;
    for (const std::size_t size : scale.sizes) {
      File& file = files_.emplace_back();
      file.name = "f" + std::to_string(files_.size());
      // Longer or shorter than the new version, by turns.
      const std::size_t before = files_.size() % 2 == 0 ? size + size / 4 : size - size / 4;
      if (!steps.fresh) file.before = testing::pattern(before, ++seed);
      file.after = testing::pattern(size, ++seed);
      if (steps.way == Way::append) file.after.insert(0, file.before.value_or(""));
    }
  }

  void prepare(FileSystem& fs) const override {
    for (const File& file : files_) {
      if (file.before) testing::write_file(fs, file.name, *file.before);
    }
  }

  void run(Session& session) const override {
    unsigned step = 0;
    for (const File& file : files_) {
      update(session, file);
      if (steps_.neighbour_at_the_end) session.neighbour_syncs_a_file();
      session.acknowledge(step++);
    }
  }

  [[nodiscard]] Finding judge(const Tree& tree, FileSystem&,
                              const std::vector<bool>& acknowledged) const override {
    Finding worst;
    for (std::size_t index = 0; index < files_.size(); ++index) {
      const File& file = files_[index];
      const Versions versions = {.before = file.before ? &*file.before : nullptr,
                                 .after = &file.after,
                                 .acknowledged = acknowledged[index]};
      worst = worse_of(std::move(worst), judge_file(tree, file, versions));
    }
    return worst;
  }

 private:
  struct File {
    std::string name;
    std::optional<std::string> before;
    std::string after;
  };

  // What was there before an append is durable, and an acknowledged append is, too: whatever else
  // its end shows, bytes that must be there and are not are lost.
  [[nodiscard]] Finding judge_file(const Tree& tree, const File& file,
                                   const Versions& versions) const {
    Finding found = judge_version(tree, file.name, versions);
    if (steps_.way != Way::append || found.kind <= Kind::lost) return found;
    const auto now = tree.find(file.name);
    const bool kept =
        !file.before || (now != tree.end() && now->second.content.starts_with(*file.before));
    if (versions.acknowledged || !kept) found.kind = Kind::lost;
    return found;
  }

  void update(Session& session, const File& file) const {
    FileSystem& fs = session.fs();
    const std::string target = steps_.way == Way::rename ? file.name + ".tmp" : file.name;
    const bool makes = steps_.way == Way::rename || steps_.fresh;
    const OpenOptions options = {.access = Access::write,
                                 .create = makes,
                                 .exclusive = makes,
                                 .truncate = steps_.way == Way::truncate,
                                 .append = steps_.way == Way::append};
    {
      const OwnedHandle handle(fs,
                               need(fs.open(Handle::working_directory, target, options), "open"));
      if (steps_.neighbour_after_open) session.neighbour_syncs_everything();
      write_content(fs, handle.get(), file);
      sync(fs, handle.get());
    }
    if (steps_.way == Way::rename) {
      need(fs.rename(Handle::working_directory, target, Handle::working_directory, file.name,
                     RenameMode::replace),
           "rename");
    }
    if (!steps_.directory) return;
    sync_folder(fs, ".");
  }

  void write_content(FileSystem& fs, Handle handle, const File& file) const {
    if (steps_.way == Way::overwrite) {
      overwrite_all(fs, handle, file.after);
    } else {
      const bool append = steps_.way == Way::append && file.before;
      write_all(fs, handle, std::string_view(file.after).substr(append ? file.before->size() : 0));
    }
  }

  void sync(FileSystem& fs, Handle handle) const {
    if (steps_.sync == Sync::data) need(fs.sync_data(handle), "fdatasync");
    if (steps_.sync == Sync::file) need(fs.sync(handle), "fsync");
  }

  Steps steps_;
  std::vector<File> files_;
};

// Lines appended to one file, through one descriptor, each synced and then acknowledged: what a log
// of any program does.
class AppendingLines final : public Workload {
 public:
  // `index`: beside the log a small file in a folder of its own is rewritten and never synced.
  AppendingLines(std::string name, Sync sync, bool index)
      : Workload(std::move(name), {.whole = false, .durable = true}), sync_(sync), index_(index) {
    constexpr unsigned line_count = 10;
    for (unsigned number = 0; number < line_count; ++number) {
      const std::size_t length = number % 3 == 2 ? 9000 : 40;
      std::string line = testing::pattern(length, number + 1);
      line.back() = '\n';
      lines_.push_back(std::move(line));
    }
  }

  void prepare(FileSystem&) const override {}

  void run(Session& session) const override {
    FileSystem& fs = session.fs();
    OwnedHandle index_file;
    if (index_) {
      need(fs.make_directory(Handle::working_directory, "kept", 0755), "mkdir");
      index_file = OwnedHandle(fs, need(fs.open(Handle::working_directory, "kept/index",
                                                {.access = Access::write, .create = true}),
                                        "open the index"));
    }
    const OpenOptions options = {.access = Access::write, .create = true, .append = true};
    const OwnedHandle file(fs, need(fs.open(Handle::working_directory, "log", options), "open"));
    sync_folder(fs, ".");
    for (unsigned index = 0; index < lines_.size(); ++index) {
      write_all(fs, file.get(), lines_[index]);
      if (sync_ == Sync::data) need(fs.sync_data(file.get()), "fdatasync");
      if (sync_ == Sync::file) need(fs.sync(file.get()), "fsync");
      session.acknowledge(index);
      if (index_) overwrite_all(fs, index_file.get(), testing::pattern(200, index));
    }
  }

  [[nodiscard]] Finding judge(const Tree& tree, FileSystem&,
                              const std::vector<bool>& acknowledged) const override {
    std::string promised;
    for (std::size_t index = 0; index < lines_.size() && acknowledged[index]; ++index) {
      promised += lines_[index];
    }
    const auto found = tree.find("log");
    const std::size_t size = found == tree.end() ? 0 : found->second.content.size();
    if (promised.empty() || (size != 0 && found->second.content.starts_with(promised))) return {};
    return {Kind::lost, std::to_string(promised.size()) + " bytes are acknowledged, the log has " +
                            std::to_string(size)};
  }

 private:
  Sync sync_;
  bool index_;
  std::vector<std::string> lines_;
};

}  // namespace

void add_protocols(Workloads& to, const Scale& scale) {
  constexpr Promise nothing = {};
  constexpr Promise whole = {.whole = true, .durable = false};
  constexpr Promise durable = {.whole = false, .durable = true};
  constexpr Promise both = {.whole = true, .durable = true};
  const auto add = [&](const char* name, Promise promise, const Steps& steps) {
    to.push_back(std::make_unique<Protocol>(name, promise, steps, scale));
  };
  add("truncate", nothing, {.way = Way::truncate});
  add("truncate-sync", nothing,
      {.way = Way::truncate, .sync = Sync::file, .neighbour_after_open = true});
  add("overwrite-sync", nothing, {.way = Way::overwrite, .sync = Sync::file});
  add("rename", nothing, {.way = Way::rename, .neighbour_at_the_end = true});
  add("rename-new", nothing, {.way = Way::rename, .fresh = true, .neighbour_at_the_end = true});
  add("rename-directory", nothing, {.way = Way::rename, .directory = true});
  add("rename-directory-new", nothing, {.way = Way::rename, .fresh = true, .directory = true});
  add("datasync-rename", whole, {.way = Way::rename, .sync = Sync::data});
  add("sync-rename", whole, {.way = Way::rename, .sync = Sync::file});
  add("sync-rename-directory", both, {.way = Way::rename, .sync = Sync::file, .directory = true});
  add("sync-rename-directory-new", both,
      {.way = Way::rename, .fresh = true, .sync = Sync::file, .directory = true});
  add("append", nothing, {.way = Way::append, .neighbour_at_the_end = true});
  add("append-datasync", durable, {.way = Way::append, .sync = Sync::data});
  const auto add_lines = [&](const char* name, Sync sync, bool index) {
    to.push_back(std::make_unique<AppendingLines>(name, sync, index));
  };
  add_lines("lines-datasync", Sync::data, false);
  add_lines("lines-datasync-index", Sync::data, true);
  add_lines("lines-sync-index", Sync::file, true);
}

}  // namespace untorn::lab
