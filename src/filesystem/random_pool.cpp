// SPDX-License-Identifier: Apache-2.0
#include "filesystem/random_pool.h"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <span>

#include "base/hash.h"
#include "filesystem/fork_guard.h"

namespace untorn {
namespace {

using Bits = std::pair<std::uint64_t, std::uint64_t>;

struct Pool {
  std::array<std::uint64_t, 64> words{};
  std::size_t left = 0;       // of `words`, from the front
  std::uint64_t process = 0;  // whose bits they are: process_token() when they were drawn
};

// Trivially constructed and destroyed: usable while the thread ends.
thread_local constinit Pool pool;

// Draws as many pairs as the kernel gives; false if it gives none.
bool refill(std::uint64_t process) {
  ssize_t length = 0;
  do {
    length = getrandom(pool.words.data(), sizeof(pool.words), 0);
  } while (length < 0 && errno == EINTR);
  // A signal may cut an answer of more than 256 bytes short.
  constexpr std::size_t pair_bytes = 16;
  pool.left = length < 0 ? 0 : static_cast<std::size_t>(length) / pair_bytes * 2;
  pool.process = process;
  return pool.left != 0;
}

// Distinct within the machine, no more. Temporaries are opened with O_EXCL and O_NOFOLLOW.
Bits weak_bits(std::uint64_t process) {
  static std::atomic<std::uint64_t> calls = 0;
  struct timespec now = {};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  const std::array<std::uint64_t, 5> parts = {
      static_cast<std::uint64_t>(getpid()), process, static_cast<std::uint64_t>(now.tv_sec),
      static_cast<std::uint64_t>(now.tv_nsec), calls.fetch_add(1)};
  const Hash128 hash = hash128(std::as_bytes(std::span(parts)));
  return {hash.first, hash.second};
}

}  // namespace

Bits pooled_random_bits() noexcept {
  const std::uint64_t process = process_token();
  if ((pool.left == 0 || pool.process != process) && !refill(process)) return weak_bits(process);
  // What was given is forgotten at once: a later look into this memory does not tell it.
  const std::uint64_t second = std::exchange(pool.words[--pool.left], 0);
  const std::uint64_t first = std::exchange(pool.words[--pool.left], 0);
  return {first, second};
}

}  // namespace untorn
