// SPDX-License-Identifier: Apache-2.0
//
// Forked processes that each do one piece of work and hand back one text, a few at a time. The work
// may enter namespaces or be ended by a fault in it: the caller stays as it was.
//
//   Pool pool(2, stop);
//   while (pool.has_room() && more()) pool.start(number, [&] { return pack(run()); });
//   while (auto answer = pool.wait()) use(answer->number, answer->text);
//
// A process ends with its parent. What is written to its standard error is not shown to anybody:
// the beginning of it is kept in memory, see printed_so_far(). Its standard input is that of the
// caller if that is a file, else empty.
//
// Threads: forks; use it in a process of one thread. Cost: one fork and one pipe for each piece.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "prove/sandbox/descriptor.h"
#include "untorn/error.h"

namespace untorn::prove {

struct PoolAnswer {
  std::uint64_t number = 0;
  std::string text;  // "" if the process died before it answered: `why`
  std::string why;
};

class Pool {
 public:
  // `stop` is looked at while waiting: then the processes are told to end, and killed if they do
  // not within a few seconds.
  Pool(std::size_t size, const bool* stop) : size_(size), stop_(stop) {}
  // Ends the processes that still work.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  [[nodiscard]] bool has_room() const noexcept { return members_.size() < size_; }

  // Errors: io when there is no pipe or no process to be had.
  [[nodiscard]] Result<void> start(std::uint64_t number, const std::function<std::string()>& work);

  // The next answer; nothing when no process works.
  [[nodiscard]] std::optional<PoolAnswer> wait();

 private:
  struct Member {
    std::uint64_t number = 0;
    pid_t process = -1;
    Descriptor answer;
    std::string text;
  };

  [[nodiscard]] std::optional<std::size_t> poll_members(int patience_ms);
  [[nodiscard]] static bool read_some(Member& member);
  void end_all(int signal);

  std::size_t size_;
  const bool* stop_;
  std::vector<Member> members_;
};

// What the program of this process has printed so far, shortened; for the process of a pool alone.
[[nodiscard]] std::string printed_so_far();

}  // namespace untorn::prove
