// SPDX-License-Identifier: Apache-2.0
#include "filesystem/fork_guard.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace untorn {
namespace {

using Token = std::atomic<std::uint64_t>;
static_assert(Token::is_always_lock_free, "a lock could be held by a thread that a child lacks");
static_assert(std::atomic<Token*>::is_always_lock_free);

enum class Page : std::uint8_t { not_asked, wiped_on_fork, not_possible };

std::atomic<Page> page_state = Page::not_asked;
std::atomic<Token*> page = nullptr;

// A page that reads as zeros in a child; nullptr where the kernel cannot.
Token* map_wiped_page() {
  const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  // An emulator that takes any advice and does nothing takes this one too.
  constexpr int no_advice = -1;
  const bool believed = madvise(mapped, size, no_advice) != 0;
  if (believed && madvise(mapped, size, MADV_WIPEONFORK) == 0) return ::new (mapped) Token(0);
  (void)munmap(mapped, size);
  return nullptr;
}

Token* wiped_page() {
  const Page state = page_state.load(std::memory_order_acquire);
  if (state == Page::wiped_on_fork) return page.load(std::memory_order_relaxed);
  if (state == Page::not_possible) return nullptr;
  Token* fresh = map_wiped_page();
  if (fresh == nullptr) {
    page_state.store(Page::not_possible, std::memory_order_release);
    return nullptr;
  }
  // Of two threads that come first together, one gives its page back.
  Token* before = nullptr;
  if (!page.compare_exchange_strong(before, fresh)) {
    (void)munmap(fresh, static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
    fresh = before;
  }
  page_state.store(Page::wiped_on_fork, std::memory_order_release);
  return fresh;
}

}  // namespace

std::uint64_t process_token() noexcept {
  const auto process_number = [] { return static_cast<std::uint64_t>(getpid()); };
  Token* token = wiped_page();
  if (token == nullptr) return process_number();
  std::uint64_t known = token->load(std::memory_order_relaxed);
  if (known != 0) return known;
  std::uint64_t fresh = 0;
  if (getrandom(&fresh, sizeof(fresh), 0) != sizeof(fresh) || fresh == 0) fresh = process_number();
  return token->compare_exchange_strong(known, fresh, std::memory_order_relaxed) ? fresh : known;
}

}  // namespace untorn
