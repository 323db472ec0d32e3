// SPDX-License-Identifier: Apache-2.0
#include "watch/http_connection.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <string_view>
#include <utility>

namespace untorn::watch {
namespace {

// What a client that was refused may still send before it is cut off.
constexpr std::size_t drained_bytes_max = 65'536;

std::string_view phrase_of(unsigned status) {
  struct Phrase {
    unsigned status;
    std::string_view words;
  };
  static constexpr std::array phrases = {Phrase{200, "OK"},
                                         Phrase{400, "Bad Request"},
                                         Phrase{404, "Not Found"},
                                         Phrase{405, "Method Not Allowed"},
                                         Phrase{413, "Content Too Large"},
                                         Phrase{421, "Misdirected Request"},
                                         Phrase{431, "Request Header Fields Too Large"},
                                         Phrase{505, "HTTP Version Not Supported"}};
  for (const Phrase& phrase : phrases) {
    if (phrase.status == status) return phrase.words;
  }
  return "Error";
}

std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm broken_down = {};
  if (gmtime_r(&now, &broken_down) == nullptr) return "";
  return fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} GMT\r\n", broken_down);
}

// The page holds its own style, and nothing else may be loaded, run or framed.
constexpr std::string_view fixed_fields =
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n";

HttpResponse refusal(unsigned status) {
  return {.status = status, .body = fmt::format("{}\n", phrase_of(status))};
}

bool would_block(int os_errno) {
  return os_errno == EAGAIN || os_errno == EWOULDBLOCK || os_errno == EINTR;
}

}  // namespace

HttpConnection::HttpConnection(int descriptor, const HttpLimits& limits, Instant now)
    : descriptor_(descriptor),
      limits_(&limits),
      deadline_(now + limits.head),
      waiting_since_(now) {}

HttpConnection::HttpConnection(HttpConnection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      limits_(other.limits_),
      state_(other.state_),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      written_(other.written_),
      drained_(other.drained_),
      keep_(other.keep_),
      deadline_(other.deadline_),
      waiting_since_(other.waiting_since_) {}

HttpConnection& HttpConnection::operator=(HttpConnection&& other) noexcept {
  if (this != &other) {
    std::swap(descriptor_, other.descriptor_);
    limits_ = other.limits_;
    state_ = other.state_;
    input_ = std::move(other.input_);
    output_ = std::move(other.output_);
    written_ = other.written_;
    drained_ = other.drained_;
    keep_ = other.keep_;
    deadline_ = other.deadline_;
    waiting_since_ = other.waiting_since_;
  }
  return *this;
}

HttpConnection::~HttpConnection() {
  if (descriptor_ >= 0) (void)close(descriptor_);
}

short HttpConnection::events() const noexcept {
  return state_ == State::answering ? POLLOUT : POLLIN;
}

bool HttpConnection::advance(const HttpHandler& handler, Instant now) {
  switch (state_) {
    case State::reading:
      if (!read_some(now)) return false;
      break;
    case State::answering:
      if (!write_some(now)) return false;
      break;
    case State::lingering:
      return drain();
  }
  // Requests that were sent ahead are here already: no event would announce them.
  while (state_ == State::reading && answer_next(handler, now)) {
    if (!write_some(now)) return false;
  }
  return true;
}

bool HttpConnection::read_some(Instant now) {
  std::array<char, http_head_bytes_max> buffer = {};
  const std::size_t room = http_head_bytes_max - input_.size();
  const ssize_t got = recv(descriptor_, buffer.data(), room, 0);
  if (got < 0) return would_block(errno);
  if (got == 0) return false;
  // The time for a head begins with its first byte.
  if (input_.empty()) deadline_ = now + limits_->head;
  input_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

bool HttpConnection::answer_next(const HttpHandler& handler, Instant now) {
  HeadParse parse = parse_head(input_);
  if (parse.state == HeadParse::State::incomplete) return false;
  if (parse.state == HeadParse::State::refused) {
    input_.clear();
    respond(refusal(parse.status), true, false, now);
    return true;
  }
  input_.erase(0, parse.length);
  const HttpRequest& request = parse.request;
  const bool head_only = request.method == "HEAD";
  if (request.method != "GET" && !head_only) {
    respond(refusal(405), true, false, now);
  } else if (request.has_body) {
    respond(refusal(413), !head_only, false, now);
  } else {
    respond(handler(request), !head_only, request.keep_alive, now);
  }
  return true;
}

void HttpConnection::respond(const HttpResponse& response, bool with_body, bool keep, Instant now) {
  output_ = fmt::format("HTTP/1.1 {} {}\r\n{}Content-Type: {}\r\nContent-Length: {}\r\n{}",
                        response.status, phrase_of(response.status), date_now(), response.type,
                        response.body.size(), fixed_fields);
  constexpr unsigned method_not_allowed = 405;
  if (response.status == method_not_allowed) output_ += "Allow: GET, HEAD\r\n";
  if (!keep) output_ += "Connection: close\r\n";
  output_ += "\r\n";
  if (with_body) output_ += response.body;
  written_ = 0;
  keep_ = keep;
  state_ = State::answering;
  deadline_ = now + limits_->answer;
}

bool HttpConnection::write_some(Instant now) {
  while (written_ < output_.size()) {
    const ssize_t sent = send(descriptor_, output_.data() + written_, output_.size() - written_,
                              MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return would_block(errno);
    written_ += static_cast<std::size_t>(sent);
  }
  output_ = {};  // its memory as well: an idle connection holds none
  waiting_since_ = now;
  if (keep_) {
    state_ = State::reading;
    deadline_ = now + (input_.empty() ? limits_->idle : limits_->head);
    return true;
  }
  // Closing with bytes unread resets the connection, and the client may lose the answer: say that
  // nothing more comes, and let it finish.
  (void)shutdown(descriptor_, SHUT_WR);
  input_ = {};
  state_ = State::lingering;
  deadline_ = now + limits_->linger;
  return true;
}

bool HttpConnection::drain() {
  std::array<char, 4096> buffer = {};
  const ssize_t got = recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (got < 0) return would_block(errno);
  drained_ += static_cast<std::size_t>(got);
  return got != 0 && drained_ <= drained_bytes_max;
}

}  // namespace untorn::watch
