// SPDX-License-Identifier: Apache-2.0
//
// Keeps a picture of some folders: what is wrong in them, and who writes in place.
//
//   Watcher watcher(posix_file_system(), {.folders = folders});
//   (void)watcher.look_once();
//   for (watcher.step(); wait_readable(watcher.descriptor()); watcher.step()) {}
//   watcher.picture();  // from any thread
//
// Two sources. The kernel announces what happens to files (folder_events.h); a document that is
// changed under its name is known at once. A look (health::examine) finds everything else. It
// follows every announcement that could matter, and every `interval` whatever happens. Looks take
// at most a twentieth of the time: after one that took 0.1 s there is none for 2 s, so that what a
// busy tree costs does not grow with its business. Only a problem that is new is looked at again at
// once, and shown if it is still there: a writer that lives makes some for an instant, such as a
// document whose first generation is kept and whose name is not there yet.
//
// Nothing is changed: what can be repaired is for `untorn doctor --repair`.
//
// Threads: picture() and counters() from any; the rest from the one that made it.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "health/doctor.h"
#include "health/documents.h"
#include "untorn/filesystem.h"
#include "watch/counter_sum.h"
#include "watch/folder_events.h"
#include "watch/in_place_writes.h"
#include "watch/picture.h"
#include "watch/writer_events.h"

namespace untorn::watch {

// The path and kind of each problem that counts.
using ProblemNames = std::set<std::pair<std::string, std::string>>;

struct WatchOptions {
  std::vector<health::NamedFolder> folders;  // at least one
  std::vector<std::string> documents = {};   // globs, see health::DocumentPatterns
  std::chrono::milliseconds interval{60'000};
  // Makes descriptor() readable at least so often, for the caller's own work; 0: never.
  std::chrono::milliseconds wake_every{0};
  // Asked often during a look. False ends it, and what it found is dropped.
  std::function<bool()> keep_going = [] { return true; };
  // One line for whoever runs this: a problem that is new, one that is gone, a write in place.
  std::function<void(const std::string&)> message = [](const std::string&) {};
};

class Watcher {
 public:
  Watcher(FileSystem& fs, WatchOptions options);
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher();

  // Watches the folders from now on, and looks. False: keep_going ended it.
  [[nodiscard]] bool look_once();

  // Readable when there is something for step() to do; -1 if the system has no descriptors left.
  [[nodiscard]] int descriptor() const noexcept { return poll_; }
  // Takes what was announced, and looks if it is time to.
  void step();

  [[nodiscard]] std::shared_ptr<const Picture> picture() const;
  [[nodiscard]] Counted counters() { return counters_.read(); }

 private:
  using Instant = std::chrono::steady_clock::time_point;

  void add_folders();
  void read_announcements();
  void take(const FolderEvent& event);
  void take_change(const std::string& path);
  void take_writer(const WriterEvent& event);
  void tell_begun() const;
  void mark_document_folders();
  [[nodiscard]] bool is_document(const std::string& path) const;
  [[nodiscard]] std::string relative(const std::string& path) const;
  [[nodiscard]] bool look();
  // Takes the problems away that the look before this one has not found.
  void keep_confirmed(std::vector<health::Problem>& problems);
  void tell_difference(const Picture& before, const Picture& after) const;
  void publish(Picture picture);
  // The picture as it is, with what was announced since.
  void refresh();
  void set_timer() const;

  FileSystem& fs_;
  WatchOptions options_;
  health::DocumentPatterns patterns_;
  FolderEvents events_;
  WriterEvents writers_;
  InPlaceWrites in_place_;
  CounterSum counters_;
  std::unordered_set<std::string> documents_;  // absolute paths, as the last look found them
  std::string root_;
  int poll_ = -1;
  int timer_ = -1;
  bool dirty_ = false;              // a look is due, once the rest after the last one is over
  bool stale_ = false;              // something is known that the picture does not show yet
  bool lost_ = false;               // announcements were dropped, perhaps those of new folders
  std::vector<std::string> begun_;  // written in place, and not told yet
  ProblemNames found_;              // by the last look, confirmed or not
  bool unconfirmed_ = false;        // the last look found something new
  Instant last_look_;
  Instant last_refresh_;
  std::chrono::nanoseconds rest_{};  // after the last look
  mutable std::mutex mutex_;
  std::shared_ptr<const Picture> picture_;
};

}  // namespace untorn::watch
