// SPDX-License-Identifier: Apache-2.0
//
// Where watch listens, as --listen says it: "127.0.0.1:9464", "[::1]:0", "localhost:9464".
//
// Names other than localhost are not looked up: an address that is asked for is an address.
#pragma once
#include <sys/socket.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace untorn::watch {

class ListenAddress {
 public:
  // The error is one phrase that says what is expected.
  [[nodiscard]] static std::expected<ListenAddress, std::string> parse(std::string_view text);

  // Only processes of this machine reach it.
  [[nodiscard]] bool is_loopback() const noexcept;
  // "127.0.0.1", "[::1]"
  [[nodiscard]] std::string host() const;

  [[nodiscard]] const sockaddr* data() const noexcept;
  [[nodiscard]] socklen_t size() const noexcept { return size_; }

 private:
  ListenAddress() = default;

  sockaddr_storage storage_ = {};
  socklen_t size_ = 0;
};

// An address of the Internet as a browser or scraper writes it into Host, with or without port, or
// "localhost": what no name service can point elsewhere.
[[nodiscard]] bool is_local_host_header(std::string_view host);

}  // namespace untorn::watch
