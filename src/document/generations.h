// SPDX-License-Identifier: Apache-2.0
//
// The versions of a document that are kept, one file each.
//
// A file is one line of text, then the content, byte for byte:
//
//   untorn-generation 1 1 number=12 device=2049 inode=131 mode=600 kept=1700000000000000000
//   origin=replaced bytes=345 hash=0123456789abcdef0123456789abcdef
//
// (in one line, ended by a line feed): the magic; the version of the format; the oldest version a
// reader must know to open it; the generation's number; device and inode of the directory that the
// document lies in; the mode of the document, octal; nanoseconds since the epoch; how it came to
// be; the length of the content; and MurmurHash3 (x64, 128 bits, seed 0) of the line up to the
// blank before "hash", used as the seed for the content. What a person needs is `tail -n +2`.
//
//  G1  A generation is written once, under a new name, and never changed.
//  G2  It has no temporary: a cut or mixed one has the wrong hash, and is not used (D3).
//  G3  One that another directory made is used only if none of this directory can be.
//  G4  One of a newer format is neither used nor removed.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "document/home.h"
#include "untorn/document.h"

namespace untorn::document {

struct StoredGeneration {
  Generation about;              // `intact` as far as the first line and the length tell
  Handle folder = Handle::none;  // Home::folder() or Home::older()
  std::string name;              // of the file in it
  std::size_t line_bytes = 0;
  Hash128 seed;  // of the first line
  Hash128 hash;
  bool newer_format = false;
  std::optional<Error> unreadable;  // why its first line could not be read

  [[nodiscard]] bool holds(std::string_view content) const noexcept {
    return about.intact && about.bytes == content.size() && hash128(content, seed) == hash;
  }
};

// "generation-000000000012"
[[nodiscard]] bool is_generation_name(std::string_view name) noexcept;

// All of them, newest first, those of copies (G3) last. Reads first lines only.
[[nodiscard]] Result<std::vector<StoredGeneration>> list_generations(const Home& home);

// The content; nothing if it is not what was kept. An error says that it could not be read, which
// tells nothing of what it holds.
[[nodiscard]] Result<std::optional<std::string>> read_generation(const Home& home,
                                                                 const StoredGeneration& stored);

// A number that none of them has, above all.
[[nodiscard]] std::uint64_t next_number(const std::vector<StoredGeneration>& stored);

struct KeepRequest {
  std::uint64_t number = 1;
  Origin origin = Origin::replaced;
  std::uint32_t mode = 0;
  Durability durability = Durability::durable;
  std::optional<std::int64_t> kept_ns = std::nullopt;  // absent: now
  Counters* counters = nullptr;
};
// Needs the folder and the lock. Two syncs at `durable`, one at `ordered`. On failure nothing is
// left of it.
[[nodiscard]] Result<void> keep_generation(const Home& home, std::string_view content,
                                           const KeepRequest& request);
// Takes back one that was kept for a replacement that then failed.
void drop_generation(const Home& home, std::uint64_t number);

// What the document kept beside itself before it had a tree becomes generations of the folder: with
// their numbers, or the next ones where these are taken (an older version has written since). What
// cannot be used, or taken over, stays where it is and is found there. Needs the folder and the
// lock.
void take_over_older(Home& home, const DocumentOptions& options);

// Of those that were listed before `kept_since` more were kept: removes all but the newest `count`
// that are intact. What cannot be removed stays for next time.
void prune_generations(const Home& home, const std::vector<StoredGeneration>& listed,
                       unsigned kept_since, unsigned count);

}  // namespace untorn::document
