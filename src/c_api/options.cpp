// SPDX-License-Identifier: Apache-2.0
//
// Options by key: one table of those with numbers, one of those with texts.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <span>
#include <string>

#include "c_api/objects.h"

namespace untorn::c_api {
namespace {

constexpr std::int64_t mode_max = 07777;
constexpr std::int64_t time_max = 1'000'000'000;
constexpr std::int64_t versions_max = 1'000;

struct NumberKey {
  int option;
  std::int64_t least;
  std::int64_t most;
  void (*set)(untorn_options& options, std::int64_t value);
};

template <class T>
constexpr std::int64_t number_of(T value) {
  return static_cast<std::int64_t>(value);
}

void set_mode(untorn_options& options, std::int64_t value) {
  std::optional<std::uint32_t> mode;
  if (value >= 0) mode = static_cast<std::uint32_t>(value);
  options.replace.mode = mode;
  options.log.mode = mode;
}

void set_lock_wait(untorn_options& options, std::int64_t value) {
  options.replace.lock_wait = std::chrono::milliseconds(value);
  options.log.lock_wait = std::chrono::milliseconds(value);
}

constexpr std::array replace_keys = {
    NumberKey{UNTORN_OPTION_DURABILITY, number_of(Durability::process),
              number_of(Durability::durable),
              [](auto& o, auto v) { o.replace.durability = static_cast<Durability>(v); }},
    NumberKey{UNTORN_OPTION_STRICT, 0, 1, [](auto& o, auto v) { o.replace.strict = v != 0; }},
    NumberKey{UNTORN_OPTION_SYMLINK, 0, number_of(SymlinkPolicy::refuse),
              [](auto& o, auto v) { o.replace.symlink = static_cast<SymlinkPolicy>(v); }},
    NumberKey{UNTORN_OPTION_EXISTENCE, 0, number_of(Existence::must_not_exist),
              [](auto& o, auto v) { o.replace.existence = static_cast<Existence>(v); }},
    NumberKey{UNTORN_OPTION_MODE, -1, mode_max, set_mode},
    NumberKey{UNTORN_OPTION_KEEP_METADATA, 0, 1,
              [](auto& o, auto v) { o.replace.keep_metadata = v != 0; }},
    NumberKey{UNTORN_OPTION_REQUIRE_METADATA, 0, 1,
              [](auto& o, auto v) { o.replace.require_metadata = v != 0; }},
    NumberKey{UNTORN_OPTION_OVERRIDE_READ_ONLY, 0, 1,
              [](auto& o, auto v) { o.replace.override_read_only = v != 0; }},
    NumberKey{UNTORN_OPTION_HARD_LINKS, 0, number_of(HardLinkPolicy::in_place),
              [](auto& o, auto v) { o.replace.hard_links = static_cast<HardLinkPolicy>(v); }},
    NumberKey{UNTORN_OPTION_SKIP_IF_SAME, 0, 1,
              [](auto& o, auto v) { o.replace.skip_if_same = v != 0; }},
    NumberKey{UNTORN_OPTION_PROTOCOL, 0, number_of(ProtocolChoice::classic),
              [](auto& o, auto v) { o.replace.protocol = static_cast<ProtocolChoice>(v); }},
    NumberKey{UNTORN_OPTION_MATCH, 0, number_of(Match::detect),
              [](auto& o, auto v) { o.replace.match = static_cast<Match>(v); }},
    NumberKey{UNTORN_OPTION_LOCK_WAIT_MS, 0, time_max, set_lock_wait},
    NumberKey{UNTORN_OPTION_BACKUPS, 0, versions_max,
              [](auto& o, auto v) { o.replace.backups = static_cast<unsigned>(v); }},
    NumberKey{UNTORN_OPTION_CREATE_PARENTS, 0, 1,
              [](auto& o, auto v) { o.replace.create_parents = v != 0; }},
};

constexpr std::array other_keys = {
    NumberKey{UNTORN_OPTION_LINE_SYNC, 0, number_of(LineSync::never),
              [](auto& o, auto v) { o.log.sync = static_cast<LineSync>(v); }},
    NumberKey{UNTORN_OPTION_BATCH_LINES, 1, INT64_MAX,
              [](auto& o, auto v) { o.log.batch_lines = static_cast<std::uint64_t>(v); }},
    NumberKey{UNTORN_OPTION_BATCH_TIME_MS, 0, time_max,
              [](auto& o, auto v) { o.log.batch_time = std::chrono::milliseconds(v); }},
    NumberKey{UNTORN_OPTION_ROTATE_BYTES, 0, INT64_MAX,
              [](auto& o, auto v) { o.log.rotate_bytes = static_cast<std::uint64_t>(v); }},
    NumberKey{UNTORN_OPTION_ROTATE_AGE_S, 0, time_max,
              [](auto& o, auto v) { o.log.rotate_age = std::chrono::seconds(v); }},
    NumberKey{UNTORN_OPTION_KEEP_ROTATED, 1, versions_max,
              [](auto& o, auto v) { o.log.keep = static_cast<unsigned>(v); }},
    NumberKey{UNTORN_OPTION_REMOVE, 0, 1, [](auto& o, auto v) { o.sweep.remove = v != 0; }},
    NumberKey{UNTORN_OPTION_OLDER_THAN_S, 0, time_max,
              [](auto& o, auto v) { o.sweep.older_than = std::chrono::seconds(v); }},
    NumberKey{UNTORN_OPTION_BELOW, 0, 1, [](auto& o, auto v) { o.sweep.below = v != 0; }},
};

using Text = std::optional<std::string>;

struct TextKey {
  int option;
  void (*set)(untorn_options& options, Text&& text);
};

void set_sidecar(untorn_options& options, Text&& text) {
  options.replace.sidecar.reset();
  if (text) options.replace.sidecar.emplace(std::move(*text));
}

constexpr std::array text_keys = {
    TextKey{UNTORN_OPTION_IF_MATCH,
            [](untorn_options& o, Text&& text) { o.replace.if_match = std::move(text); }},
    TextKey{UNTORN_OPTION_SIDECAR, set_sidecar},
    TextKey{UNTORN_OPTION_TREE,
            [](untorn_options& o, Text&& text) {
              o.log.tree = text ? std::move(*text) : std::string();
            }},
};

int set_number(std::span<const NumberKey> keys, untorn_options& options, int option,
               std::int64_t value) {
  const auto key = std::find_if(keys.begin(), keys.end(),
                                [&](const NumberKey& each) { return each.option == option; });
  if (key == keys.end() || value < key->least || value > key->most) return UNTORN_INVALID_ARGUMENT;
  key->set(options, value);
  return UNTORN_OK;
}

}  // namespace
extern "C" {

untorn_options* untorn_options_new(uint32_t abi) noexcept {
  if (abi == 0 || abi > UNTORN_ABI) return nullptr;
  try {
    return new untorn_options();
  } catch (const std::exception&) {  // nothing but a lack of memory
    return nullptr;
  }
}

void untorn_options_free(untorn_options* options) noexcept {
  delete options;
}

int untorn_options_set(untorn_options* options, int option, int64_t value) noexcept {
  if (options == nullptr) return UNTORN_INVALID_ARGUMENT;
  const int done = set_number(replace_keys, *options, option, value);
  return done == UNTORN_OK ? done : set_number(other_keys, *options, option, value);
}

int untorn_options_set_text(untorn_options* options, int option, const char* text) noexcept {
  if (options == nullptr) return UNTORN_INVALID_ARGUMENT;
  const auto* const key = std::find_if(text_keys.begin(), text_keys.end(),
                                       [&](const TextKey& each) { return each.option == option; });
  if (key == text_keys.end()) return UNTORN_INVALID_ARGUMENT;
  try {
    key->set(*options, text == nullptr ? Text() : Text(text));
  } catch (const std::bad_alloc&) {
    return UNTORN_NO_MEMORY;
  }
  return UNTORN_OK;
}

}  // extern "C"
}  // namespace untorn::c_api
