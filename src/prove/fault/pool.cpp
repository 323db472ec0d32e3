// SPDX-License-Identifier: Apache-2.0
#include "prove/fault/pool.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

namespace untorn::prove {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{5};  // between SIGTERM and SIGKILL
constexpr int look_ms = 100;                 // how often `stop` is looked at
constexpr off_t kept_messages_bytes = 16 << 10;

Error pool_error(int os_errno, std::string detail) {
  return Error(Code::io, Step::inspect, Outcome::not_applied, os_errno, "a run with a fault",
               std::move(detail));
}

// Standard error becomes a file in memory that cannot grow: the rest of what is printed is lost.
void keep_messages() {
  const Descriptor messages(::memfd_create("messages", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!messages.valid() || ::ftruncate(messages.get(), kept_messages_bytes) != 0 ||
      ::fcntl(messages.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0 ||
      ::dup2(messages.get(), STDERR_FILENO) < 0) {
    (void)::close(STDERR_FILENO);
  }
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// A file is read again by every run. What can be read only once was the first run's: here is
// nothing to wait for.
void leave_input() {
  struct stat status = {};
  if (::fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode)) return;
  const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing.valid() || ::dup2(nothing.get(), STDIN_FILENO) < 0) (void)::close(STDIN_FILENO);
}

[[noreturn]] void be_member(const std::function<std::string()>& work, int answer, pid_t parent) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(2);
  keep_messages();
  leave_input();
  ::_exit(write_all(answer, work()) ? 0 : 1);
}

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) return std::string("it was ended by ") + ::strsignal(WTERMSIG(status));
  return "it ended without an answer";
}

int reap(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::string printed_so_far() {
  std::string text(static_cast<std::size_t>(kept_messages_bytes), '\0');
  const ssize_t size = ::pread(STDERR_FILENO, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  text.resize(std::min(text.size(), text.find('\0')));
  return text;
}

Pool::~Pool() {
  end_all(SIGKILL);
  for (const Member& member : members_) (void)reap(member.process);
}

void Pool::end_all(int signal) {
  for (const Member& member : members_) (void)::kill(member.process, signal);
}

Result<void> Pool::start(std::uint64_t number, const std::function<std::string()>& work) {
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return std::unexpected(pool_error(errno, "has no pipe to answer through"));
  Descriptor answer(ends[0]);
  const Descriptor input(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process < 0) return std::unexpected(pool_error(errno, "cannot be started"));
  if (process == 0) {
    answer.reset();
    be_member(work, input.get(), parent);
  }
  members_.push_back({number, process, std::move(answer), {}});
  return {};
}

// False when it has said all.
bool Pool::read_some(Member& member) {
  std::array<char, 65'536> buffer;
  const ssize_t count = ::read(member.answer.get(), buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR;
  member.text.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

// A member that has said all, if there is one by then.
std::optional<std::size_t> Pool::poll_members(int patience_ms) {
  std::vector<pollfd> events;
  events.reserve(members_.size());
  for (const Member& member : members_) events.push_back({member.answer.get(), POLLIN, 0});
  if (::poll(events.data(), events.size(), patience_ms) <= 0) return {};
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].revents != 0 && !read_some(members_[i])) return i;
  }
  return {};
}

std::optional<PoolAnswer> Pool::wait() {
  std::optional<Clock::time_point> last_moment;
  while (!members_.empty()) {
    if (stop_ != nullptr && *stop_ && !last_moment) {
      end_all(SIGTERM);
      last_moment = Clock::now() + patience;
    }
    if (last_moment && Clock::now() > *last_moment) end_all(SIGKILL);
    const auto done = poll_members(look_ms);
    if (!done) continue;
    Member member = std::move(members_[*done]);
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(*done));
    const int status = reap(member.process);
    PoolAnswer answer{member.number, std::move(member.text), {}};
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      answer.text.clear();
      answer.why = describe_end(status);
    }
    return answer;
  }
  return {};
}

}  // namespace untorn::prove
