// SPDX-License-Identifier: Apache-2.0
//
// Which path of the server answers with which page.
//
//   /metrics   for Prometheus          /health   a JSON document          /   for people
//
// Everything else is 404. A server that only this machine reaches answers only to names that no
// name service can point at it: otherwise a page of the web could have a browser read it, under a
// name of its own that leads to 127.0.0.1 (DNS rebinding).
#pragma once
#include <string>
#include <utility>

#include "watch/http_connection.h"
#include "watch/watcher.h"

namespace untorn::watch {

class Site {
 public:
  Site(Watcher& watcher, std::string version, bool loopback)
      : watcher_(watcher), version_(std::move(version)), loopback_(loopback) {}

  // From any thread.
  [[nodiscard]] HttpResponse answer(const HttpRequest& request) const;

 private:
  Watcher& watcher_;
  std::string version_;
  bool loopback_;
};

}  // namespace untorn::watch
