// SPDX-License-Identifier: Apache-2.0
#include "prove/worker.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "prove/sandbox/descriptor.h"

namespace untorn::prove {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{10};
constexpr std::array<int, 3> ending_signals = {SIGINT, SIGTERM, SIGHUP};

// Written by the handler, read by everybody who was given its address.
bool stop_requested = false;

void request_stop(int /*signal*/) {
  *static_cast<volatile bool*>(&stop_requested) = true;
}

// The answer as bytes: fixed-width numbers of this machine and texts with their length.
class Packer {
 public:
  void put(std::uint64_t number) {
    text_.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  void put(std::string_view text) {
    put(text.size());
    text_ += text;
  }
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view text) : text_(text) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    if (text_.size() < sizeof value) return fail(), 0;
    std::memcpy(&value, text_.data(), sizeof value);
    text_.remove_prefix(sizeof value);
    return value;
  }
  std::string text() {
    const std::uint64_t size = number();
    if (size > text_.size()) return fail(), std::string();
    std::string value(text_.substr(0, size));
    text_.remove_prefix(size);
    return value;
  }
  [[nodiscard]] bool complete() const { return !failed_ && text_.empty(); }

 private:
  void fail() { failed_ = true; }
  std::string_view text_;
  bool failed_ = false;
};

std::string pack(const WorkerAnswer& answer) {
  Packer packer;
  packer.put(static_cast<std::uint64_t>(answer.exit_code));
  packer.put(answer.document);
  packer.put(answer.page);
  packer.put(answer.trace);
  packer.put(answer.trace_name);
  packer.put(answer.error ? 1U : 0U);
  if (answer.error) {
    packer.put(static_cast<std::uint64_t>(answer.error->code()));
    packer.put(static_cast<std::uint64_t>(answer.error->step()));
    packer.put(static_cast<std::uint64_t>(answer.error->outcome()));
    packer.put(static_cast<std::uint64_t>(answer.error->os_errno()));
    packer.put(answer.error->path());
    packer.put(answer.error->detail());
  }
  return std::move(packer).take();
}

std::optional<WorkerAnswer> unpack(std::string_view bytes) {
  Unpacker unpacker(bytes);
  WorkerAnswer answer;
  answer.exit_code = static_cast<int>(unpacker.number());
  answer.document = unpacker.text();
  answer.page = unpacker.text();
  answer.trace = unpacker.text();
  answer.trace_name = unpacker.text();
  if (unpacker.number() != 0) {
    const auto code = static_cast<Code>(unpacker.number());
    const auto step = static_cast<Step>(unpacker.number());
    const auto outcome = static_cast<Outcome>(unpacker.number());
    const auto os_errno = static_cast<int>(unpacker.number());
    std::string path = unpacker.text();
    answer.error.emplace(code, step, outcome, os_errno, std::move(path), unpacker.text());
  }
  if (!unpacker.complete()) return {};
  return answer;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

[[noreturn]] void be_worker(const std::function<WorkerAnswer(const bool*)>& work, int answer,
                            pid_t parent, const sigset_t& mask) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(2);
  struct sigaction action = {};
  action.sa_handler = request_stop;
  for (const int signal : ending_signals) {
    struct sigaction present = {};
    if (::sigaction(signal, nullptr, &present) == 0 && present.sa_handler != SIG_IGN)
      (void)::sigaction(signal, &action, nullptr);
  }
  (void)::sigprocmask(SIG_SETMASK, &mask, nullptr);
  write_all(answer, pack(work(&stop_requested)));
  ::_exit(0);
}

// Collects what the worker says until it has ended or patience has.
class WorkerWatch {
 public:
  WorkerWatch(pid_t worker, Descriptor answer, Descriptor signals)
      : worker_(worker), answer_(std::move(answer)), signals_(std::move(signals)) {}

  std::string collect() {
    std::optional<Clock::time_point> last_moment;
    for (bool open = true; open;) {
      std::array<pollfd, 2> events = {pollfd{answer_.get(), POLLIN, 0},
                                      pollfd{signals_.get(), POLLIN, 0}};
      const int ready = ::poll(events.data(), events.size(), last_moment ? 100 : -1);
      if (ready < 0 && errno != EINTR) break;
      if (ready > 0 && events[1].revents != 0) {
        take_signal();
        if (!last_moment) last_moment = Clock::now() + patience;
      }
      if (ready > 0 && events[0].revents != 0) open = read_some();
      if (last_moment && Clock::now() > *last_moment) (void)::kill(worker_, SIGKILL);
    }
    return std::move(text_);
  }

  // The wait status.
  int reap() const {
    int status = 0;
    while (::waitpid(worker_, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }
  [[nodiscard]] bool interrupted() const { return interrupted_; }

 private:
  void take_signal() {
    signalfd_siginfo info = {};
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
    interrupted_ = true;
    (void)::kill(worker_, SIGTERM);
  }

  bool read_some() {
    std::array<char, 65'536> buffer;
    const ssize_t count = ::read(answer_.get(), buffer.data(), buffer.size());
    if (count < 0) return errno == EINTR;
    text_.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

  pid_t worker_;
  Descriptor answer_;
  Descriptor signals_;
  std::string text_;
  bool interrupted_ = false;
};

Error worker_error(int os_errno, std::string detail) {
  return Error(Code::internal, Step::inspect, Outcome::not_applied, os_errno, "the worker process",
               std::move(detail));
}

std::string describe_end(int status) {
  if (WIFSIGNALED(status))
    return std::string("was ended by ") + ::strsignal(WTERMSIG(status)) + " before it answered";
  return "ended without an answer";
}

// Holds the ending signals back while it lives, so that they are taken by signalfd.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t held;
    ::sigemptyset(&held);
    for (const int signal : ending_signals) {
      struct sigaction present = {};
      const bool ignored =
          ::sigaction(signal, nullptr, &present) == 0 && present.sa_handler == SIG_IGN;
      if (!ignored) ::sigaddset(&held, signal);
    }
    (void)::sigprocmask(SIG_BLOCK, &held, &before_);
    descriptor_ = Descriptor(::signalfd(-1, &held, SFD_CLOEXEC));
  }
  ~HeldSignals() { (void)::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  [[nodiscard]] const sigset_t& before() const { return before_; }
  [[nodiscard]] Descriptor take_descriptor() { return std::move(descriptor_); }

 private:
  sigset_t before_ = {};
  Descriptor descriptor_;
};

}  // namespace

Result<WorkerAnswer> run_worker(const std::function<WorkerAnswer(const bool*)>& work) {
  HeldSignals held;
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return std::unexpected(worker_error(errno, "has no pipe to answer through"));
  Descriptor answer(ends[0]);
  Descriptor input(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t worker = ::fork();
  if (worker < 0) return std::unexpected(worker_error(errno, "cannot be started"));
  if (worker == 0) {
    answer.reset();
    be_worker(work, input.get(), parent, held.before());
  }
  input.reset();
  WorkerWatch watch(worker, std::move(answer), held.take_descriptor());
  const std::string text = watch.collect();
  const int status = watch.reap();
  auto unpacked = unpack(text);
  constexpr int interrupted_exit = 130;
  if (watch.interrupted()) {
    if (!unpacked) return WorkerAnswer{interrupted_exit, {}, {}};
    unpacked->exit_code = interrupted_exit;
  }
  if (!unpacked) return std::unexpected(worker_error(0, describe_end(status)));
  return *std::move(unpacked);
}

}  // namespace untorn::prove
