// SPDX-License-Identifier: Apache-2.0
#include "watch/http_request.h"

#include <gtest/gtest.h>

#include <string>

#include "watch/listen_address.h"

namespace untorn::watch {
namespace {

using State = HeadParse::State;

unsigned refusal_of(const std::string& head) {
  const HeadParse parse = parse_head(head);
  EXPECT_EQ(parse.state, State::refused) << head;
  return parse.status;
}

HttpRequest request_of(const std::string& head) {
  const HeadParse parse = parse_head(head);
  EXPECT_EQ(parse.state, State::complete) << head << " " << parse.status;
  EXPECT_EQ(parse.length, head.size());
  return parse.request;
}

TEST(HttpRequest, reads_what_a_scraper_sends) {
  const HttpRequest request = request_of(
      "GET /metrics?a=%2e HTTP/1.1\r\nHost: localhost:9464\r\nUser-Agent: Prometheus/2.42\r\n"
      "Accept: */*\r\n\r\n");
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.path, "/metrics");
  EXPECT_EQ(request.host, "localhost:9464");
  EXPECT_TRUE(request.keep_alive);
  EXPECT_FALSE(request.has_body);
}

TEST(HttpRequest, an_older_client_gets_one_answer_and_needs_no_host) {
  EXPECT_FALSE(request_of("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_FALSE(request_of("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n").keep_alive);
}

TEST(HttpRequest, lone_line_feeds_end_lines_and_empty_lines_before_are_ignored) {
  EXPECT_EQ(request_of("\r\n\nGET /a HTTP/1.1\nHost: b\n\n").path, "/a");
}

TEST(HttpRequest, understands_the_form_for_proxies) {
  EXPECT_EQ(request_of("GET http://a:1/b?c HTTP/1.1\r\nHost: a:1\r\n\r\n").path, "/b");
  EXPECT_EQ(request_of("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n").path, "/");
}

TEST(HttpRequest, what_follows_the_head_is_the_next_request) {
  const std::string first = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
  const HeadParse parse = parse_head(first + "GET /b");
  EXPECT_EQ(parse.state, State::complete);
  EXPECT_EQ(parse.length, first.size());
  EXPECT_EQ(parse.request.path, "/a");
}

TEST(HttpRequest, every_beginning_of_a_head_is_incomplete) {
  const std::string head = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
  for (std::size_t length = 0; length < head.size(); ++length) {
    EXPECT_EQ(parse_head(head.substr(0, length)).state, State::incomplete) << length;
  }
}

TEST(HttpRequest, a_head_over_its_bound_is_refused_however_it_is_made) {
  EXPECT_EQ(refusal_of("GET /" + std::string(http_head_bytes_max, 'a')), 431U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nA: " + std::string(http_head_bytes_max, 'a')), 431U);
  EXPECT_EQ(refusal_of(std::string(http_head_bytes_max, '\n')), 431U);
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t field = 0; field < http_fields_max; ++field) many += "a: b\r\n";
  EXPECT_EQ(refusal_of(many + "\r\n"), 431U);
}

TEST(HttpRequest, what_is_not_understood_is_refused) {
  const std::string host = "Host: a\r\n\r\n";
  EXPECT_EQ(refusal_of("GET /\r\n" + host), 400U);
  EXPECT_EQ(refusal_of("\x16\x03\x01\r\n\r\n"), 400U);  // the beginning of TLS
  EXPECT_EQ(refusal_of("G(T / HTTP/1.1\r\n" + host), 400U);
  EXPECT_EQ(refusal_of("GET a HTTP/1.1\r\n" + host), 400U);
  EXPECT_EQ(refusal_of("GET /a b HTTP/1.1\r\n" + host), 400U);
  EXPECT_EQ(refusal_of("GET /\x01 HTTP/1.1\r\n" + host), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/2.0\r\n" + host), 505U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n\r\n"), 400U);  // no Host
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: a\r\n" + host), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nno colon\r\n" + host), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nA : b\r\n" + host), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nA: b\r\n folded\r\n" + host), 400U);
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nContent-Length: -1\r\n" + host), 400U);
}

TEST(HttpRequest, a_body_ends_the_connection) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_FALSE(request_of(start + "Content-Length: 0\r\n\r\n").has_body);
  EXPECT_TRUE(request_of(start + "Content-Length: 007\r\n\r\n").has_body);
  const HttpRequest chunked = request_of(start + "Transfer-Encoding: chunked\r\n\r\n");
  EXPECT_TRUE(chunked.has_body);
  EXPECT_FALSE(chunked.keep_alive);
}

TEST(ListenAddress, reads_addresses_of_both_kinds) {
  EXPECT_EQ(ListenAddress::parse("127.0.0.1:9464")->host(), "127.0.0.1");
  EXPECT_EQ(ListenAddress::parse("LocalHost:0")->host(), "127.0.0.1");
  EXPECT_EQ(ListenAddress::parse("[::1]:65535")->host(), "[::1]");
  EXPECT_TRUE(ListenAddress::parse("127.8.8.8:1")->is_loopback());
  EXPECT_TRUE(ListenAddress::parse("[::1]:1")->is_loopback());
  EXPECT_FALSE(ListenAddress::parse("0.0.0.0:1")->is_loopback());
  EXPECT_FALSE(ListenAddress::parse("[::]:1")->is_loopback());
}

TEST(ListenAddress, refuses_what_is_no_address_with_port) {
  for (const char* text :
       {"", ":9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1x",
        "example.org:80", "[::1", "[::1]9", "::1:9464", "1.2.3:4"}) {
    EXPECT_FALSE(ListenAddress::parse(text).has_value()) << text;
  }
}

TEST(ListenAddress, only_addresses_and_localhost_are_hosts_that_nobody_can_point_elsewhere) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:9464", "localhost:9464", "LOCALHOST", "[::1]",
                           "[::1]:80", "10.0.0.7"}) {
    EXPECT_TRUE(is_local_host_header(host)) << host;
  }
  for (const char* host : {"evil.example", "evil.example:9464", "localhost.evil.example", "a:b",
                           "127.0.0.1.evil.example", "localhost:x"}) {
    EXPECT_FALSE(is_local_host_header(host)) << host;
  }
}

}  // namespace
}  // namespace untorn::watch
