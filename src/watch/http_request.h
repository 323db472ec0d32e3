// SPDX-License-Identifier: Apache-2.0
//
// The head of one HTTP/1 request, read strictly: what is not understood is refused by its number,
// never guessed at.
//
//   HeadParse parse = parse_head(buffer);  // after each read
//   if (parse.state == HeadParse::State::complete) answer(parse.request);
//
// Bodies are not read. A request that announces one says so, and must be the last of its
// connection.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace untorn::watch {

struct HttpRequest {
  std::string method = {};
  std::string path = {};  // without query; nothing in it is decoded
  std::string host = {};  // "" if none was named
  bool has_body = false;
  bool keep_alive = false;  // never with a body
};

struct HeadParse {
  enum class State : std::uint8_t { incomplete, complete, refused };
  State state = State::incomplete;
  HttpRequest request;     // complete
  std::size_t length = 0;  // complete: bytes of the head; what follows is the next request
  unsigned status = 0;     // refused: 400, 431 or 505
};

constexpr std::size_t http_head_bytes_max = 8192;
constexpr std::size_t http_fields_max = 100;

[[nodiscard]] HeadParse parse_head(std::string_view bytes);

}  // namespace untorn::watch
