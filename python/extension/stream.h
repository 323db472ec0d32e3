// SPDX-License-Identifier: Apache-2.0
//
// One replacement in pieces, as Python sees it: any thread may call it, also after fork(2).
//
//   Stream stream("settings.json", {});
//   if (auto opened = stream.open(); opened) …
//
// Threads: each call waits for the one before it, so never call with the interpreter's lock held.
// In a child of fork(2) no call waits, since a thread that does not exist there might hold the
// lock; writing and committing fail there, and the parent's temporary stays.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "untorn/replace.h"

namespace untorn::python {

class Stream {
 public:
  Stream(std::string path, const ReplaceOptions& options);

  // Looks at the path and makes the temporary. First, and once.
  [[nodiscard]] Result<void> open();

  // After discard() it takes everything and keeps nothing, so that the buffers above can be emptied
  // without a failure about content that was given up.
  [[nodiscard]] Result<void> write(std::string_view bytes);
  [[nodiscard]] Result<Receipt> commit();
  void discard();

  // Gives the content up because of an interruption: from now on write() and commit() fail.
  void break_off();

  // No more is taken: committed or tried to.
  [[nodiscard]] bool closed();
  [[nodiscard]] std::uint64_t bytes();

 private:
  [[nodiscard]] std::unique_lock<std::mutex> lock();

  const std::string path_;
  const ReplaceOptions options_;
  const pid_t process_;
  std::mutex mutex_;
  std::optional<FileReplacer> replacer_;
  std::uint64_t bytes_ = 0;
  bool discarded_ = false;
  bool closed_ = false;
};

}  // namespace untorn::python
