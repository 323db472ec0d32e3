// SPDX-License-Identifier: Apache-2.0
//
// The server against real sockets, with clients that do not behave.
#include "watch/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace untorn::watch {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Client {
 public:
  explicit Client(const HttpServer& server)
      : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const void* const data = &address;
    EXPECT_EQ(connect(descriptor_, static_cast<const sockaddr*>(data), sizeof address), 0);
    const timeval limit = {.tv_sec = 20, .tv_usec = 0};
    (void)setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  Client(Client&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() {
    if (descriptor_ >= 0) (void)close(descriptor_);
  }

  void say(std::string_view text) const {
    (void)::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
  }
  // "" at the end, or if nothing came in time.
  [[nodiscard]] std::string hear() const {
    std::string text(65'536, '\0');
    const ssize_t got = recv(descriptor_, text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  // Until the server closes.
  [[nodiscard]] std::string hear_all() const {
    std::string all;
    for (std::string piece = hear(); !piece.empty(); piece = hear()) all += piece;
    return all;
  }
  [[nodiscard]] std::string hear_until(std::string_view end) const {
    std::string all;
    while (!all.ends_with(end)) {
      const std::string piece = hear();
      if (piece.empty()) break;
      all += piece;
    }
    return all;
  }
  // The server has closed or reset it.
  [[nodiscard]] bool is_over() const { return hear().empty(); }

 private:
  int descriptor_;
};

// More than the buffers of a connection hold.
constexpr std::size_t long_body_bytes = 32'000'000;

std::string long_body() {
  std::string body;
  body.resize(long_body_bytes, 'x');
  return body;
}

class Running {
 public:
  explicit Running(const HttpLimits& limits = {}, std::string body = "hello")
      : server_(HttpServer::open(
                    *ListenAddress::parse("127.0.0.1:0"),
                    [body = std::move(body)](const HttpRequest& request) {
                      return HttpResponse{.body = request.path + " " + body};
                    },
                    limits)
                    .value()),
        thread_([this] { server_.run(); }) {}
  ~Running() {
    server_.stop();
    thread_.join();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  [[nodiscard]] Client connect() const { return Client(server_); }
  [[nodiscard]] const HttpServer& server() const { return server_; }

 private:
  HttpServer server_;
  std::thread thread_;
};

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr std::string_view last_get = "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

TEST(HttpServer, answers_and_closes_when_asked_to) {
  const Running running;
  const Client client = running.connect();
  client.say(last_get);
  const std::string answer = client.hear_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 8\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n/a hello"));
}

TEST(HttpServer, answers_requests_that_were_sent_ahead_in_their_order) {
  const Running running;
  const Client client = running.connect();
  std::string ahead;
  for (int number = 0; number < 100; ++number) {
    ahead += "GET /" + std::to_string(number) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  client.say(ahead + std::string(last_get));
  const std::string answers = client.hear_all();
  std::size_t at = 0;
  for (int number = 0; number < 100; ++number) {
    at = answers.find("/" + std::to_string(number) + " hello", at);
    ASSERT_NE(at, std::string::npos) << number;
  }
  EXPECT_THAT(answers, EndsWith("/a hello"));
}

TEST(HttpServer, a_connection_serves_one_request_after_the_other) {
  const Running running;
  const Client client = running.connect();
  for (int number = 0; number < 3; ++number) {
    client.say(get);
    EXPECT_THAT(client.hear_until("hello"), EndsWith("/a hello"));
  }
}

TEST(HttpServer, a_request_in_single_bytes_is_read) {
  const Running running;
  const Client client = running.connect();
  for (const char c : last_get) client.say(std::string_view(&c, 1));
  EXPECT_THAT(client.hear_all(), EndsWith("/a hello"));
}

TEST(HttpServer, head_has_no_body_but_its_length) {
  const Running running;
  const Client client = running.connect();
  client.say("HEAD /a HTTP/1.0\r\n\r\n");
  const std::string answer = client.hear_all();
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 8\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(HttpServer, other_methods_are_refused_and_their_body_is_not_taken_for_a_request) {
  const Running running;
  const Client client = running.connect();
  client.say("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 29\r\n\r\n" + std::string(get));
  const std::string answer = client.hear_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nAllow: GET, HEAD\r\n"));
  EXPECT_EQ(answer.find("200 OK"), std::string::npos);
}

TEST(HttpServer, a_huge_head_is_refused_and_the_client_can_read_why) {
  const Running running;
  const Client client = running.connect();
  client.say("GET / HTTP/1.1\r\nA: " + std::string(60'000, 'a'));
  EXPECT_THAT(client.hear_all(), StartsWith("HTTP/1.1 431 "));
}

TEST(HttpServer, a_client_that_sends_without_end_is_cut_off) {
  const Running running;
  const Client client = running.connect();
  const std::string piece(65'536, 'a');
  for (int count = 0; count < 64; ++count) client.say(piece);
  (void)client.hear_all();
  EXPECT_TRUE(client.is_over());
}

TEST(HttpServer, what_is_no_http_is_refused) {
  const Running running;
  const Client client = running.connect();
  client.say("\x16\x03\x01 hello\r\n\r\n");
  EXPECT_THAT(client.hear_all(), StartsWith("HTTP/1.1 400 "));
}

TEST(HttpServer, a_client_that_never_ends_its_head_is_given_up) {
  const Running running({.head = milliseconds(50)});
  const Client silent = running.connect();
  const Client slow = running.connect();
  slow.say("GET / HT");
  EXPECT_TRUE(silent.is_over());
  EXPECT_TRUE(slow.is_over());
}

TEST(HttpServer, a_client_that_drips_is_given_up_all_the_same) {
  const Running running({.head = milliseconds(100)});
  const Client client = running.connect();
  client.say("GET / HTTP/1.1\r\n");
  // The time is for the whole head, so that a byte now and then does not lengthen it.
  for (int count = 0; count < 20; ++count) {
    client.say("a: b\r\n");
    std::this_thread::sleep_for(milliseconds(20));
  }
  client.say("Host: x\r\n\r\n");
  EXPECT_TRUE(client.is_over());
}

TEST(HttpServer, a_client_that_does_not_read_is_given_up) {
  const Running running({.answer = milliseconds(100), .linger = milliseconds(50)}, long_body());
  const Client client = running.connect();
  client.say(get);
  std::this_thread::sleep_for(milliseconds(400));
  EXPECT_LT(client.hear_all().size(), long_body_bytes);
}

TEST(HttpServer, an_idle_connection_is_given_up) {
  const Running running({.idle = milliseconds(50)});
  const Client client = running.connect();
  client.say(get);
  EXPECT_THAT(client.hear_until("hello"), EndsWith("/a hello"));
  EXPECT_TRUE(client.is_over());
}

TEST(HttpServer, a_thousand_clients_that_never_finish_do_not_keep_a_scraper_out) {
  const Running running;
  std::deque<Client> crowd;
  for (int count = 0; count < 1000; ++count) {
    crowd.push_back(running.connect());
    crowd.back().say("GET / HT");
    if (count % 100 == 99) {
      const Client scraper = running.connect();
      scraper.say(last_get);
      EXPECT_THAT(scraper.hear_all(), EndsWith("/a hello")) << count;
    }
    // Those that waited longest had to go; the test has descriptors for so many only.
    constexpr std::size_t clients_max = 300;
    if (crowd.size() > clients_max) {
      EXPECT_TRUE(crowd.front().is_over());
      crowd.pop_front();
    }
  }
}

TEST(HttpServer, without_room_the_one_that_waits_longest_makes_place) {
  const Running running({.connections_max = 2});
  const Client first = running.connect();
  first.say("GET");
  const Client second = running.connect();
  second.say(get);
  EXPECT_THAT(second.hear_until("hello"), EndsWith("hello"));
  const Client third = running.connect();
  third.say(get);
  EXPECT_THAT(third.hear_until("hello"), EndsWith("hello"));
  EXPECT_TRUE(first.is_over());
  second.say(last_get);
  EXPECT_THAT(second.hear_all(), EndsWith("hello"));
}

TEST(HttpServer, stops_while_clients_hang_on) {
  auto running = std::make_unique<Running>(HttpLimits{}, long_body());
  const Client silent = running->connect();
  const Client deaf = running->connect();
  deaf.say(get);
  running.reset();  // would wait for ever if it waited for them
  EXPECT_TRUE(silent.is_over());
}

TEST(HttpServer, a_port_in_use_is_an_error_in_words) {
  const Running running;
  const std::string address = "127.0.0.1:" + std::to_string(running.server().port());
  const auto second = HttpServer::open(*ListenAddress::parse(address), {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error(), "Address already in use");
  EXPECT_EQ(running.server().url(), "http://" + address + "/");
}

}  // namespace
}  // namespace untorn::watch
