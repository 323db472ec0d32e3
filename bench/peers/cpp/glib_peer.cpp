// SPDX-License-Identifier: Apache-2.0
//
// GLib's g_file_set_contents_full.
#include <glib.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "serve.h"

namespace {

void save(const std::string& path, std::string_view content, GFileSetContentsFlags flags) {
  constexpr int mode = 0666;
  GError* error = nullptr;
  const gboolean done = g_file_set_contents_full(
      path.c_str(), content.data(), static_cast<gssize>(content.size()), flags, mode, &error);
  const std::unique_ptr<GError, decltype(&g_error_free)> owned(error, g_error_free);
  if (done == FALSE) throw std::runtime_error(owned ? owned->message : "g_file_set_contents_full");
}

void consistent(const std::string& path, std::string_view content) {
  save(path, content, G_FILE_SET_CONTENTS_CONSISTENT);
}

void durable(const std::string& path, std::string_view content) {
  constexpr int both = G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE;
  save(path, content, static_cast<GFileSetContentsFlags>(both));
}

}  // namespace

int main(int count, char** arguments) {
  const std::array variants = {peers::one_by_one("consistent", consistent),
                               peers::one_by_one("durable", durable)};
  return peers::serve(std::span(arguments, static_cast<std::size_t>(count)), variants);
}
