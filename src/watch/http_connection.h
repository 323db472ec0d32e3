// SPDX-License-Identifier: Apache-2.0
//
// One connection of the server: reads a head, answers, reads the next one. Never waits.
//
// What a client can make it hold is bounded: one head (http_head_bytes_max), and one answer. While
// an answer is on its way nothing more is read, so that requests sent ahead wait in the kernel.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "watch/http_request.h"

namespace untorn::watch {

struct HttpResponse {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
};

// Answers any request that could be read. GET and HEAD only; a HEAD is answered like a GET.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// How long a client may take, each from the beginning of what it times.
struct HttpLimits {
  std::size_t connections_max = 64;
  std::chrono::milliseconds head{5000};
  std::chrono::milliseconds idle{60'000};  // between two requests
  std::chrono::milliseconds answer{10'000};
  std::chrono::milliseconds linger{1000};  // after a refusal, so that the client can read it
};

class HttpConnection {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  // Takes the descriptor over, which does not block.
  HttpConnection(int descriptor, const HttpLimits& limits, Instant now);
  HttpConnection(HttpConnection&& other) noexcept;
  HttpConnection& operator=(HttpConnection&& other) noexcept;
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  ~HttpConnection();

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  // What to poll for.
  [[nodiscard]] short events() const noexcept;
  // When it is to be given up, unless something happens before.
  [[nodiscard]] Instant deadline() const noexcept { return deadline_; }
  // Since when nothing was answered: those that wait longest go first when there is no room.
  [[nodiscard]] Instant waiting_since() const noexcept { return waiting_since_; }
  [[nodiscard]] bool is_answering() const noexcept { return state_ == State::answering; }

  // Reads or writes what can be without waiting. False: the connection is over.
  [[nodiscard]] bool advance(const HttpHandler& handler, Instant now);

 private:
  enum class State : std::uint8_t { reading, answering, lingering };

  [[nodiscard]] bool read_some(Instant now);
  [[nodiscard]] bool write_some(Instant now);
  [[nodiscard]] bool drain();
  // Answers what stands in the buffer, if it is a whole head. False: it is not.
  [[nodiscard]] bool answer_next(const HttpHandler& handler, Instant now);
  void respond(const HttpResponse& response, bool with_body, bool keep, Instant now);

  int descriptor_ = -1;
  const HttpLimits* limits_;
  State state_ = State::reading;
  std::string input_;
  std::string output_;
  std::size_t written_ = 0;
  std::size_t drained_ = 0;
  bool keep_ = false;
  Instant deadline_;
  Instant waiting_since_;
};

}  // namespace untorn::watch
