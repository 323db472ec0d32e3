// SPDX-License-Identifier: Apache-2.0
#include "watch/http_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

namespace untorn::watch {
namespace {

using Instant = HttpConnection::Instant;

constexpr int waiting_connections_max = 128;  // in the kernel, before they are accepted
// Without descriptors a new connection cannot be taken, and would be announced without end.
constexpr std::chrono::milliseconds pause_without_descriptors{100};

std::string words_of(int os_errno) {
  return std::generic_category().message(os_errno);
}

class Descriptor {
 public:
  explicit Descriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) (void)close(descriptor_);
  }
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

std::uint16_t port_of(int listener) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof storage;
  void* const address = &storage;
  if (getsockname(listener, static_cast<sockaddr*>(address), &size) != 0) return 0;
  if (storage.ss_family == AF_INET) {
    sockaddr_in version_4 = {};
    std::memcpy(&version_4, &storage, sizeof version_4);
    return ntohs(version_4.sin_port);
  }
  sockaddr_in6 version_6 = {};
  std::memcpy(&version_6, &storage, sizeof version_6);
  return ntohs(version_6.sin6_port);
}

}  // namespace

struct HttpServer::State {
  State(Descriptor listening, Descriptor stopping, const ListenAddress& asked, HttpHandler answers,
        const HttpLimits& bounds)
      : listener(std::move(listening)),
        stopper(std::move(stopping)),
        address(asked),
        handler(std::move(answers)),
        limits(bounds) {}

  void run();
  void accept_waiting(Instant now);
  void make_room();
  void advance_ready(const std::vector<pollfd>& polled, Instant now);
  void drop_late(Instant now);
  [[nodiscard]] int timeout_ms(Instant now) const;

  Descriptor listener;
  Descriptor stopper;  // an eventfd
  ListenAddress address;
  HttpHandler handler;
  HttpLimits limits;
  std::vector<HttpConnection> connections;
  Instant deaf_until;
};

int HttpServer::State::timeout_ms(Instant now) const {
  Instant first = deaf_until > now ? deaf_until : Instant::max();
  for (const HttpConnection& connection : connections) {
    first = std::min(first, connection.deadline());
  }
  if (first == Instant::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - now).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

void HttpServer::State::run() {
  std::vector<pollfd> polled;
  while (true) {
    const Instant before = std::chrono::steady_clock::now();
    polled.clear();
    polled.push_back({.fd = stopper.get(), .events = POLLIN, .revents = 0});
    // A negative descriptor is not looked at.
    const int listening = before < deaf_until ? -1 : listener.get();
    polled.push_back({.fd = listening, .events = POLLIN, .revents = 0});
    for (const HttpConnection& connection : connections) {
      polled.push_back(
          {.fd = connection.descriptor(), .events = connection.events(), .revents = 0});
    }
    (void)poll(polled.data(), polled.size(), timeout_ms(before));
    if (polled[0].revents != 0) return;
    const Instant now = std::chrono::steady_clock::now();
    advance_ready(polled, now);
    drop_late(now);
    if (polled[1].revents != 0) accept_waiting(now);
  }
}

void HttpServer::State::advance_ready(const std::vector<pollfd>& polled, Instant now) {
  constexpr std::size_t others = 2;
  std::size_t kept = 0;
  for (std::size_t index = 0; index < connections.size(); ++index) {
    const bool ready = polled[index + others].revents != 0;
    if (ready && !connections[index].advance(handler, now)) continue;
    if (kept != index) connections[kept] = std::move(connections[index]);
    ++kept;
  }
  connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(kept), connections.end());
}

void HttpServer::State::drop_late(Instant now) {
  std::erase_if(connections, [now](const HttpConnection& each) { return each.deadline() <= now; });
}

// Those that are not being answered first; among them, the one that has waited longest.
void HttpServer::State::make_room() {
  const auto oldest =
      std::ranges::min_element(connections, {}, [](const HttpConnection& connection) {
        return std::pair(connection.is_answering(), connection.waiting_since());
      });
  if (oldest != connections.end()) connections.erase(oldest);
}

void HttpServer::State::accept_waiting(Instant now) {
  // As many as there is room for; the rest is announced again.
  for (std::size_t taken = 0; taken < limits.connections_max; ++taken) {
    const int accepted = accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) {
      const int os_errno = errno;
      if (os_errno == ECONNABORTED || os_errno == EINTR) continue;
      if (os_errno == EAGAIN || os_errno == EWOULDBLOCK) return;
      make_room();
      deaf_until = now + pause_without_descriptors;
      return;
    }
    HttpConnection connection(accepted, limits, now);
    if (connections.size() >= limits.connections_max) make_room();
    connections.push_back(std::move(connection));
  }
}

HttpServer::HttpServer(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() = default;

std::expected<HttpServer, std::string> HttpServer::open(const ListenAddress& address,
                                                        HttpHandler handler,
                                                        const HttpLimits& limits) {
  const auto failed = [] { return std::unexpected(words_of(errno)); };
  Descriptor listener(
      socket(address.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (listener.get() < 0) return failed();
  // A port that an earlier run has just left is free; one that someone listens on is not.
  const int yes = 1;
  (void)setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener.get(), address.data(), address.size()) != 0) return failed();
  if (listen(listener.get(), waiting_connections_max) != 0) return failed();
  Descriptor stopper(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (stopper.get() < 0) return failed();
  return HttpServer(std::make_unique<State>(std::move(listener), std::move(stopper), address,
                                            std::move(handler), limits));
}

std::uint16_t HttpServer::port() const noexcept {
  return port_of(state_->listener.get());
}

std::string HttpServer::url() const {
  return "http://" + state_->address.host() + ":" + std::to_string(port()) + "/";
}

void HttpServer::run() {
  state_->run();
}

void HttpServer::stop() noexcept {
  (void)eventfd_write(state_->stopper.get(), 1);
}

}  // namespace untorn::watch
