// SPDX-License-Identifier: Apache-2.0
//
// Announcements of the kernel (inotify) for every folder below some folders.
//
//   FolderEvents events(posix_file_system());
//   events.add("/var/lib/app");
//   events.read([](const FolderEvent& event) { … });  // whenever descriptor() is readable
//
// A folder that appears is added by itself. Links are not followed and other file systems are not
// entered. `.untorn/counters` is left out: what changes there is counting. What cannot be announced
// (no watches left, no permission, writes through a mapping, writes of other machines to a network
// file system) is for the next look to find; coverage() says how many folders that concerns.
//
// Threads: one at a time.
#pragma once
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>

#include "untorn/filesystem.h"
#include "watch/picture.h"

namespace untorn::watch {

enum class FolderEventKind : std::uint8_t {
  changed,     // the content of a file
  closed,      // a file that was open for writing
  appeared,    // a name, by being made or moved here
  moved_here,  // a file, by a rename: perhaps over another one
  gone,        // a name
  overflow,    // announcements were dropped; path is empty
};

struct FolderEvent {
  FolderEventKind kind = FolderEventKind::changed;
  std::string path;  // absolute
  bool folder = false;
};

class FolderEvents {
 public:
  explicit FolderEvents(FileSystem& fs);
  FolderEvents(const FolderEvents&) = delete;
  FolderEvents& operator=(const FolderEvents&) = delete;
  ~FolderEvents();

  // To be polled for reading; -1 if the kernel offers none, and coverage() says why.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  // Adds a folder and all below it; again, to find what was missed. Cheap for what is added already
  // but for the walk.
  void add(const std::string& folder);
  // Reads what is there without waiting, at most one buffer full.
  void read(const std::function<void(const FolderEvent&)>& found);

  [[nodiscard]] bool is_watched(const std::string& folder) const;
  [[nodiscard]] Coverage coverage() const;
  // Folders with an `.untorn/counters`.
  [[nodiscard]] const std::set<std::string>& counter_trees() const noexcept { return trees_; }

 private:
  void open();
  // The number of folders that were not known.
  std::size_t walk_once(const std::string& folder);
  bool watch_folder(const std::string& folder);
  void forget_below(const std::string& folder);
  void take(int watch, std::uint32_t mask, const std::string& name,
            const std::function<void(const FolderEvent&)>& found);

  FileSystem& fs_;
  int descriptor_ = -1;
  std::unordered_map<int, std::string> folders_;  // by watch
  std::unordered_map<std::string, int> watches_;  // by folder
  std::set<std::string> unwatched_;
  std::set<std::string> trees_;
  std::uint64_t overflows_ = 0;
  std::string reason_;
};

}  // namespace untorn::watch
