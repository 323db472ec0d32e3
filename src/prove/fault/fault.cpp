// SPDX-License-Identifier: Apache-2.0
//
// The engine's process and the words that it and its caller exchange. Invariants:
//   E1  the process forks before its caller enters a sandbox, so that each run enters its own;
//   E2  the caller says one thing, how much time there is; the process answers with messages of a
//       letter, a length of eight bytes, and a text: `p` and the number of faults tried, at last
//       `r` and the findings;
//   E3  the process ends when it has answered, when its caller ends, or when it is told to by
//       SIGTERM, and takes its runs with it.
#include "prove/fault/fault.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "prove/fault/campaign.h"

namespace untorn::prove {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{8};  // between SIGTERM and SIGKILL
constexpr int look_ms = 100;                 // how often Ctrl-C is looked at
constexpr std::chrono::milliseconds progress_every{50};
constexpr char progress_letter = 'p';
constexpr char result_letter = 'r';

Error engine_error(int os_errno, std::string detail) {
  return Error(Code::io, Step::inspect, Outcome::not_applied, os_errno, "the engine fault",
               std::move(detail));
}

bool send_bytes(int channel, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(channel, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string number_bytes(std::uint64_t number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

std::uint64_t number_of(std::string_view bytes) {
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), std::min(bytes.size(), sizeof number));
  return number;
}

bool send_message(int channel, char letter, std::string_view text) {
  return send_bytes(channel, letter + number_bytes(text.size())) && send_bytes(channel, text);
}

// How much time the caller gives; nothing when it has none to give any more.
std::optional<std::chrono::milliseconds> receive_order(int channel, const bool* stop) {
  std::array<char, sizeof(std::uint64_t)> bytes = {};
  std::size_t done = 0;
  while (done < bytes.size()) {
    if (stop != nullptr && *stop) return {};
    const ssize_t count = ::recv(channel, bytes.data() + done, bytes.size() - done, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return {};
    done += static_cast<std::size_t>(count);
  }
  const std::uint64_t time_ms = number_of({bytes.data(), bytes.size()});
  return std::chrono::milliseconds(static_cast<std::int64_t>(time_ms));
}

// E2, E3.
[[noreturn]] void be_engine(const ProveOptions& options, int channel, pid_t parent) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(2);
  const auto time_max = receive_order(channel, options.stop);
  if (!time_max) ::_exit(0);
  CampaignLimits limits;
  limits.deadline = Clock::now() + *time_max;
  Clock::time_point next_word;
  limits.progress = [&](std::uint64_t tried) {
    if (Clock::now() < next_word) return;
    next_word = Clock::now() + progress_every;
    (void)send_message(channel, progress_letter, number_bytes(tried));
  };
  const FaultFindings findings = run_campaign(options, limits);
  ::_exit(send_message(channel, result_letter, pack(findings)) ? 0 : 1);
}

// Cuts what has come into messages.
class MessageReader {
 public:
  struct Message {
    char letter = 0;
    std::string text;
  };

  // False at the end.
  bool read_some(int channel) {
    std::array<char, 65'536> buffer;
    const ssize_t count = ::recv(channel, buffer.data(), buffer.size(), 0);
    if (count < 0) return errno == EINTR;
    bytes_.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

  std::optional<Message> next() {
    constexpr std::size_t head_bytes = 1 + sizeof(std::uint64_t);
    if (bytes_.size() < head_bytes) return {};
    const std::uint64_t size = number_of(std::string_view(bytes_).substr(1, head_bytes - 1));
    if (bytes_.size() - head_bytes < size) return {};
    Message message{bytes_.front(), bytes_.substr(head_bytes, size)};
    bytes_.erase(0, head_bytes + size);
    return message;
  }

 private:
  std::string bytes_;
};

FaultFindings without_answer() {
  FaultFindings findings;
  findings.engine.engine = Engine::fault;
  findings.engine.exhaustive = false;
  findings.undecided.push_back(
      {Reason::budget, "engine fault: its process ended before it answered"});
  return findings;
}

}  // namespace

Result<std::unique_ptr<FaultEngine>> FaultEngine::start(const ProveOptions& options) {
  std::array<int, 2> ends = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return std::unexpected(engine_error(errno, "has no socket to answer through"));
  Descriptor own(ends[0]);
  const Descriptor its(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process < 0) return std::unexpected(engine_error(errno, "cannot be started"));
  if (process == 0) {
    own.reset();
    be_engine(options, its.get(), parent);
  }
  return std::unique_ptr<FaultEngine>(new FaultEngine(options, process, std::move(own)));
}

FaultEngine::~FaultEngine() {
  channel_.reset();
  (void)::kill(process_, SIGTERM);
  const auto last_moment = Clock::now() + patience;
  for (;;) {
    const pid_t ended = ::waitpid(process_, nullptr, WNOHANG);
    if (ended == process_ || (ended < 0 && errno != EINTR)) return;
    if (Clock::now() > last_moment) (void)::kill(process_, SIGKILL);
    constexpr int pause_ms = 5;
    (void)::poll(nullptr, 0, pause_ms);
  }
}

FaultFindings FaultEngine::run(std::chrono::milliseconds time_max,
                               const std::function<void(std::uint64_t)>& progress) {
  const auto time_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(time_max.count(), 0));
  if (!send_bytes(channel_.get(), number_bytes(time_ms))) return without_answer();
  MessageReader reader;
  bool told = false;
  for (bool open = true; open;) {
    if (options_.stop != nullptr && *options_.stop && !told) {
      told = true;
      (void)::kill(process_, SIGTERM);
    }
    pollfd event = {channel_.get(), POLLIN, 0};
    if (::poll(&event, 1, look_ms) <= 0) continue;
    open = reader.read_some(channel_.get());
    while (auto message = reader.next()) {
      if (message->letter == progress_letter && progress) progress(number_of(message->text));
      if (message->letter != result_letter) continue;
      auto findings = unpack_findings(message->text);
      return findings ? *std::move(findings) : without_answer();
    }
  }
  return without_answer();
}

}  // namespace untorn::prove
