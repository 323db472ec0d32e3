// SPDX-License-Identifier: Apache-2.0
#include "watch/http_request.h"
#include "base/text.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace untorn::watch {
namespace {

constexpr unsigned bad_request = 400;
constexpr unsigned head_too_large = 431;
constexpr unsigned version_not_supported = 505;

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || marks.contains(c);
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  return out;
}

// Up to the next line end, which is taken away. A lone line feed ends a line as well.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The length of the head with its empty line, if it is all there.
std::optional<std::size_t> head_length(std::string_view bytes) {
  std::size_t at = 0;
  while (true) {
    const std::size_t end = bytes.find('\n', at);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = bytes.substr(at, end - at);
    if (at != 0 && (line.empty() || line == "\r")) return end + 1;
    at = end + 1;
  }
}

bool has_item(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (lower(trimmed(list.substr(0, comma))) == wanted) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

class HeadReader {
 public:
  explicit HeadReader(std::string_view head) : rest_(head) {}

  // 0, or the status of the refusal.
  unsigned read() {
    if (const unsigned refused = read_request_line(); refused != 0) return refused;
    std::size_t fields = 0;
    for (std::string_view line = take_line(rest_); !line.empty(); line = take_line(rest_)) {
      if (++fields > http_fields_max) return head_too_large;
      if (const unsigned refused = read_field(line); refused != 0) return refused;
    }
    // RFC 9112, 3.2: exactly one Host, from HTTP/1.1 on.
    if (hosts_ > 1 || (newer_ && hosts_ == 0)) return bad_request;
    if (request_.has_body) request_.keep_alive = false;
    return 0;
  }

  HttpRequest take() { return std::move(request_); }

 private:
  unsigned read_request_line() {
    const std::string_view line = take_line(rest_);
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || last == first) return bad_request;
    const std::string_view version = line.substr(last + 1);
    request_.method = line.substr(0, first);
    if (!is_token(request_.method)) return bad_request;
    if (!version.starts_with("HTTP/")) return bad_request;
    newer_ = version == "HTTP/1.1";
    if (!newer_ && version != "HTTP/1.0") return version_not_supported;
    request_.keep_alive = newer_;
    return read_target(line.substr(first + 1, last - first - 1));
  }

  unsigned read_target(std::string_view target) {
    const bool printable =
        std::ranges::all_of(target, [](char c) { return c > ' ' && c != '\x7f'; });
    if (!printable) return bad_request;
    constexpr std::string_view scheme = "http://";
    if (target.starts_with(scheme)) {  // as it is sent to proxies; servers must understand it
      target.remove_prefix(scheme.size());
      const std::size_t slash = target.find('/');
      target = slash == std::string_view::npos ? "/" : target.substr(slash);
    }
    if (target != "*" && !target.starts_with('/')) return bad_request;
    request_.path = target.substr(0, target.find_first_of("?#"));
    return 0;
  }

  unsigned read_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    // A space before the colon, or a folded line, is how requests are smuggled.
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return bad_request;
    const std::string name = lower(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (value.contains('\0') || value.contains('\r')) return bad_request;
    if (name == "host") {
      ++hosts_;
      request_.host = value;
    } else if (name == "transfer-encoding") {
      request_.has_body = true;
    } else if (name == "content-length") {
      const bool number =
          !value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
      if (!number) return bad_request;
      if (value.find_first_not_of('0') != std::string_view::npos) request_.has_body = true;
    } else if (name == "connection" && has_item(value, "close")) {
      request_.keep_alive = false;
    }
    return 0;
  }

  std::string_view rest_;
  HttpRequest request_;
  bool newer_ = false;
  unsigned hosts_ = 0;
};

}  // namespace

HeadParse parse_head(std::string_view bytes) {
  // Empty lines before a request are to be ignored (RFC 9112, 2.2).
  std::size_t skipped = 0;
  while (skipped < bytes.size() && (bytes[skipped] == '\r' || bytes[skipped] == '\n')) ++skipped;
  const std::string_view head = bytes.substr(skipped);
  const auto length = head_length(head.substr(0, http_head_bytes_max));
  if (!length) {
    const bool full = bytes.size() >= http_head_bytes_max;
    return full ? HeadParse{.state = HeadParse::State::refused,
                            .request = {},
                            .status = head_too_large}
                : HeadParse{};
  }
  HeadReader reader(head.substr(0, *length));
  if (const unsigned refused = reader.read(); refused != 0) {
    return {.state = HeadParse::State::refused, .request = {}, .status = refused};
  }
  return {
      .state = HeadParse::State::complete, .request = reader.take(), .length = skipped + *length};
}

}  // namespace untorn::watch
