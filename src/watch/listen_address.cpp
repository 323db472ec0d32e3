// SPDX-License-Identifier: Apache-2.0
#include "watch/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <system_error>

namespace untorn::watch {
namespace {

constexpr std::string_view expected_form =
    "expected ADDRESS:PORT, such as 127.0.0.1:9464 or [::1]:9464";

struct HostAndPort {
  std::string host;  // without brackets
  std::optional<std::string_view> port;
};

std::optional<HostAndPort> split(std::string_view text) {
  HostAndPort parts;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    parts.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (text.empty()) return parts;
    if (text.front() != ':') return std::nullopt;
    parts.port = text.substr(1);
    return parts;
  }
  const std::size_t colon = text.find(':');
  parts.host = text.substr(0, colon);
  if (colon != std::string_view::npos) parts.port = text.substr(colon + 1);
  return parts;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

bool is_localhost(std::string_view name) {
  constexpr std::string_view localhost = "localhost";
  return std::ranges::equal(name, localhost, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

}  // namespace

std::expected<ListenAddress, std::string> ListenAddress::parse(std::string_view text) {
  const auto parts = split(text);
  if (!parts || !parts->port || parts->host.contains('\0')) {
    return std::unexpected(std::string(expected_form));
  }
  const auto port = port_of(*parts->port);
  if (!port) return std::unexpected("the port must be a number from 0 to 65535");
  const std::string host = is_localhost(parts->host) ? "127.0.0.1" : parts->host;
  ListenAddress address;
  sockaddr_in version_4 = {};
  sockaddr_in6 version_6 = {};
  if (inet_pton(AF_INET, host.c_str(), &version_4.sin_addr) == 1) {
    version_4.sin_family = AF_INET;
    version_4.sin_port = htons(*port);
    std::memcpy(&address.storage_, &version_4, sizeof version_4);
    address.size_ = sizeof version_4;
  } else if (inet_pton(AF_INET6, host.c_str(), &version_6.sin6_addr) == 1) {
    version_6.sin6_family = AF_INET6;
    version_6.sin6_port = htons(*port);
    std::memcpy(&address.storage_, &version_6, sizeof version_6);
    address.size_ = sizeof version_6;
  } else {
    return std::unexpected(std::string(expected_form));
  }
  return address;
}

bool ListenAddress::is_loopback() const noexcept {
  if (storage_.ss_family == AF_INET) {
    sockaddr_in version_4 = {};
    std::memcpy(&version_4, &storage_, sizeof version_4);
    constexpr unsigned first_octet_shift = 24;
    return ntohl(version_4.sin_addr.s_addr) >> first_octet_shift == IN_LOOPBACKNET;
  }
  sockaddr_in6 version_6 = {};
  std::memcpy(&version_6, &storage_, sizeof version_6);
  return std::memcmp(&version_6.sin6_addr, &in6addr_loopback, sizeof in6addr_loopback) == 0;
}

std::string ListenAddress::host() const {
  std::array<char, INET6_ADDRSTRLEN> text = {};
  if (storage_.ss_family == AF_INET) {
    sockaddr_in version_4 = {};
    std::memcpy(&version_4, &storage_, sizeof version_4);
    (void)inet_ntop(AF_INET, &version_4.sin_addr, text.data(), text.size());
    return text.data();
  }
  sockaddr_in6 version_6 = {};
  std::memcpy(&version_6, &storage_, sizeof version_6);
  (void)inet_ntop(AF_INET6, &version_6.sin6_addr, text.data(), text.size());
  return "[" + std::string(text.data()) + "]";
}

const sockaddr* ListenAddress::data() const noexcept {
  return reinterpret_cast<const sockaddr*>(&storage_);
}

bool is_local_host_header(std::string_view host) {
  const auto parts = split(host);
  if (!parts || parts->host.contains('\0')) return false;
  if (parts->port && !port_of(*parts->port)) return false;
  if (is_localhost(parts->host)) return true;
  in_addr version_4 = {};
  in6_addr version_6 = {};
  return inet_pton(AF_INET, parts->host.c_str(), &version_4) == 1 ||
         inet_pton(AF_INET6, parts->host.c_str(), &version_6) == 1;
}

}  // namespace untorn::watch
