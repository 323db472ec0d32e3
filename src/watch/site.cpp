// SPDX-License-Identifier: Apache-2.0
#include "watch/site.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "watch/listen_address.h"
#include "watch/pages.h"

namespace untorn::watch {
namespace {

struct Place {
  std::string_view path;
  std::string_view type;
  std::string (*render)(const View&);
};

constexpr std::array places = {
    Place{"/", "text/html; charset=utf-8", render_page},
    Place{"/health", "application/json", render_health},
    Place{"/metrics", "text/plain; version=0.0.4; charset=utf-8", render_metrics},
};

}  // namespace

HttpResponse Site::answer(const HttpRequest& request) const {
  constexpr unsigned misdirected = 421;
  constexpr unsigned not_found = 404;
  // Without a Host it is no browser.
  if (loopback_ && !request.host.empty() && !is_local_host_header(request.host)) {
    return {.status = misdirected,
            .body = "This server answers to localhost and to addresses, not to other names.\n"};
  }
  const auto* const place = std::ranges::find(places, request.path, &Place::path);
  if (place == places.end()) {
    return {.status = not_found, .body = "There are / , /metrics and /health.\n"};
  }
  const std::shared_ptr<const Picture> picture = watcher_.picture();
  const Counted counted = watcher_.counters();
  return {
      .type = std::string(place->type),
      .body = place->render({.picture = *picture, .counted = counted, .version = version_}),
  };
}

}  // namespace untorn::watch
