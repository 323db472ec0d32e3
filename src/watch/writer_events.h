// SPDX-License-Identifier: Apache-2.0
//
// Which process writes to the files of some folders (fanotify). Needs CAP_SYS_ADMIN: without it
// nothing is told, and everything else goes on.
//
// inotify says that a file was changed, but not by whom; and an operator who learns that a document
// is written in place wants to know by what. Only the folders that are marked are announced, not
// the whole mount: on a busy machine its other files would cost more than they tell.
//
// Threads: one at a time.
#pragma once
#include <sys/types.h>

#include <functional>
#include <set>
#include <string>

namespace untorn::watch {

struct WriterEvent {
  std::string path;  // absolute, as the kernel names it now
  pid_t process = 0;
};

// "python3, process 42". By the time that it is asked for, the process may have ended; then that.
[[nodiscard]] std::string words_of_process(pid_t process);

class WriterEvents {
 public:
  WriterEvents();
  WriterEvents(const WriterEvents&) = delete;
  WriterEvents& operator=(const WriterEvents&) = delete;
  ~WriterEvents();

  // To be polled for reading; -1 if it is not permitted.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  // Exactly these folders from now on.
  void mark(const std::set<std::string>& folders);
  // Reads what is there without waiting, at most one buffer full. What this process wrote itself is
  // left out.
  void read(const std::function<void(const WriterEvent&)>& found) const;

 private:
  int descriptor_ = -1;
  std::set<std::string> marked_;
};

}  // namespace untorn::watch
