// SPDX-License-Identifier: Apache-2.0
//
// A small HTTP server for a few pages that are made on the spot. Nothing is served from files.
//
//   auto server = HttpServer::open(*ListenAddress::parse("127.0.0.1:0"), handler);
//   std::thread thread([&] { server->run(); });
//   …
//   server->stop();  // run() returns at once
//
// One thread and poll(2), for the sake of its bounds: at most HttpLimits::connections_max
// connections, each with one head and one answer in memory, and a time for everything that a client
// does. When there is no room, a new connection takes the place of the one that has waited longest
// without a request, so that a scraper gets through a crowd of clients that never finish theirs.
//
// The server of a library was not taken: that of Debian 12 (cpp-httplib 0.11) gives a thread to
// each connection that it works on and queues the others without a bound, so that eight slow
// clients keep everybody waiting.
//
// Threads: run() in one; stop() from any, also before run().
#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "watch/http_connection.h"
#include "watch/listen_address.h"

namespace untorn::watch {

class HttpServer {
 public:
  // Listens when it returns. The error is one line: "127.0.0.1:9464: Address already in use".
  [[nodiscard]] static std::expected<HttpServer, std::string> open(const ListenAddress& address,
                                                                   HttpHandler handler,
                                                                   const HttpLimits& limits = {});
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  ~HttpServer();

  // The one chosen, if 0 was asked for.
  [[nodiscard]] std::uint16_t port() const noexcept;
  // "http://127.0.0.1:9464/"
  [[nodiscard]] std::string url() const;

  // Serves until stop(). Answers that are on their way then are cut off.
  void run();
  void stop() noexcept;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace untorn::watch
