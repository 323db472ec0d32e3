// SPDX-License-Identifier: Apache-2.0
//
// Zip: PKWARE's APPNOTE 6.3, read as unpackers do. The end record stands last, behind it only its
// own comment; it leads to the directory, whose entries lead to the members. Something may stand in
// front of the archive (a program that unpacks itself): all offsets are then from where the archive
// begins, which the place of the directory tells.
#include <algorithm>
#include <cstdint>
#include <optional>

#include "prove/formats/inflate.h"
#include "prove/formats/parsers.h"

namespace untorn::prove {

namespace {

constexpr std::string_view end_mark{"PK\x05\x06", 4};
constexpr std::string_view end64_mark{"PK\x06\x06", 4};
constexpr std::string_view end64_place_mark{"PK\x06\x07", 4};
constexpr std::string_view entry_mark{"PK\x01\x02", 4};
constexpr std::string_view member_mark{"PK\x03\x04", 4};
constexpr std::size_t end_bytes = 22;
constexpr std::size_t end64_bytes = 56;
constexpr std::size_t end64_place_bytes = 20;
constexpr std::size_t entry_bytes = 46;
constexpr std::size_t member_bytes = 30;
constexpr std::size_t comment_bytes_max = 65'535;
constexpr std::uint64_t in_extra16 = 0xFFFF;  // the true value stands in a 64-bit record
constexpr std::uint64_t in_extra32 = 0xFFFF'FFFF;
constexpr std::uint64_t extra64_id = 1;
constexpr unsigned encrypted_flags = 1U | 64U | 8192U;
constexpr unsigned method_stored = 0;
constexpr unsigned method_deflate = 8;

// A little-endian number of `width` bytes; the caller has looked that they are there.
std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i > 0; --i)
    value = value << 8U | static_cast<unsigned char>(bytes[at + i - 1]);
  return value;
}

struct Directory {
  std::uint64_t entries = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;  // as the end record says
  std::uint64_t place = 0;   // where it really begins
};

struct Entry {
  std::uint64_t flags = 0;
  std::uint64_t method = 0;
  std::uint64_t checksum = 0;
  std::uint64_t packed = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::string_view name;
};

class Archive {
 public:
  explicit Archive(std::string_view content) : content_(content) {}

  std::string problem() {
    const auto end = find_end();
    if (!end) return "it has no end record";
    Directory directory;
    if (std::string found = read_end(*end, directory); !found.empty()) return found;
    std::uint64_t at = directory.place;
    for (std::uint64_t i = 0; i < directory.entries; ++i) {
      Entry entry;
      if (!read_entry(directory, at, entry))
        return "the directory is damaged at byte " + std::to_string(at);
      if (std::string found = member(directory, entry); !found.empty())
        return "member \"" + std::string(entry.name) + "\": " + found;
    }
    if (at != directory.place + directory.size) return "the directory has more bytes than entries";
    return {};
  }

 private:
  [[nodiscard]] std::optional<std::size_t> find_end() const {
    if (content_.size() < end_bytes) return {};
    const std::size_t last = content_.size() - end_bytes;
    const std::size_t first = last - std::min(last, comment_bytes_max);
    for (std::size_t at = last;; --at) {
      if (content_.substr(at).starts_with(end_mark) &&
          number(content_, at + 20, 2) == content_.size() - at - end_bytes)
        return at;
      if (at == first) return {};
    }
  }

  std::string read_end(std::size_t end, Directory& directory) const {
    if (number(content_, end + 4, 2) != 0 && number(content_, end + 4, 2) != in_extra16)
      return "an archive in several parts is not judged";
    directory.entries = number(content_, end + 10, 2);
    directory.size = number(content_, end + 12, 4);
    directory.offset = number(content_, end + 16, 4);
    std::uint64_t behind = end;  // where the directory ends
    if (directory.entries == in_extra16 || directory.size == in_extra32 ||
        directory.offset == in_extra32) {
      const auto end64 = find_end64(end);
      if (!end64) return "the 64-bit end record is damaged";
      directory.entries = number(content_, *end64 + 32, 8);
      directory.size = number(content_, *end64 + 40, 8);
      directory.offset = number(content_, *end64 + 48, 8);
      behind = *end64;
    }
    if (directory.size > behind) return "the directory is cut off";
    directory.place = behind - directory.size;
    if (directory.offset > directory.place) return "the directory is not where it should be";
    return {};
  }

  // It stands right before its locator, which stands right before the end record. (The place that
  // the locator names is off where something stands before the archive.)
  [[nodiscard]] std::optional<std::size_t> find_end64(std::size_t end) const {
    if (end < end64_place_bytes + end64_bytes) return {};
    const std::size_t locator = end - end64_place_bytes;
    if (!content_.substr(locator).starts_with(end64_place_mark)) return {};
    const std::size_t place = locator - end64_bytes;
    if (!content_.substr(place).starts_with(end64_mark)) return {};
    return place;
  }

  // Moves `at` behind the entry.
  bool read_entry(const Directory& directory, std::uint64_t& at, Entry& entry) const {
    const std::uint64_t behind = directory.place + directory.size;
    if (behind - at < entry_bytes || !content_.substr(at).starts_with(entry_mark)) return false;
    const std::string_view head = content_.substr(at);
    const std::uint64_t name = number(head, 28, 2);
    const std::uint64_t extra = number(head, 30, 2);
    const std::uint64_t whole = entry_bytes + name + extra + number(head, 32, 2);
    if (behind - at < whole) return false;
    entry.flags = number(head, 8, 2);
    entry.method = number(head, 10, 2);
    entry.checksum = number(head, 16, 4);
    entry.packed = number(head, 20, 4);
    entry.size = number(head, 24, 4);
    entry.offset = number(head, 42, 4);
    entry.name = head.substr(entry_bytes, name);
    at += whole;
    return widen(entry, head.substr(entry_bytes + name, extra));
  }

  // Fields that do not fit 32 bits stand in an extra field, in a fixed order.
  static bool widen(Entry& entry, std::string_view extra) {
    while (extra.size() >= 4) {
      const std::uint64_t id = number(extra, 0, 2);
      const std::uint64_t size = number(extra, 2, 2);
      if (extra.size() - 4 < size) return true;  // other padding; unpackers pass over it
      if (id == extra64_id) {
        std::string_view values = extra.substr(4, size);
        for (std::uint64_t* field : {&entry.size, &entry.packed, &entry.offset}) {
          if (*field != in_extra32) continue;
          if (values.size() < 8) return false;
          *field = number(values, 0, 8);
          values.remove_prefix(8);
        }
        return true;
      }
      extra.remove_prefix(4 + size);
    }
    return true;
  }

  std::string member(const Directory& directory, const Entry& entry) {
    if ((entry.flags & encrypted_flags) != 0) return "it is encrypted and not judged";
    const std::uint64_t start = directory.place - directory.offset;
    if (entry.offset > directory.offset || directory.offset - entry.offset < member_bytes)
      return "its place lies behind the directory";
    const std::uint64_t at = start + entry.offset;
    const std::string_view head = content_.substr(at, directory.place - at);
    if (!head.starts_with(member_mark)) return "there is no member at its place";
    const std::uint64_t name = number(head, 26, 2);
    const std::uint64_t extra = number(head, 28, 2);
    if (head.size() - member_bytes < name + extra) return "it is cut off";
    if (head.substr(member_bytes, name) != entry.name) return "another member stands at its place";
    const std::string_view rest = head.substr(member_bytes + name + extra);
    if (rest.size() < entry.packed) return "it is cut off";
    return unpack(entry, rest.substr(0, entry.packed));
  }

  std::string unpack(const Entry& entry, std::string_view packed) {
    // Many entries may share one member, so what is read counts as well as what comes out.
    read_ += packed.size();
    if (read_ > inflated_bytes_max) return std::string(too_large_words);
    if (entry.method == method_stored) {
      if (packed.size() != entry.size) return "its size is wrong";
      return crc32_of(packed) == entry.checksum ? "" : "its checksum is wrong";
    }
    if (entry.method != method_deflate)
      return "its packing method " + std::to_string(entry.method) + " is not judged";
    inflater_.next();
    switch (inflater_.feed(packed)) {
      case Inflater::Result::ended:
        break;
      case Inflater::Result::wants_more:
        return "it ends early";
      case Inflater::Result::damaged:
        return "it does not unpack: " + inflater_.problem();
      case Inflater::Result::too_large:
        return std::string(too_large_words);
    }
    if (inflater_.size() != entry.size || inflater_.consumed() != packed.size())
      return "its size is wrong";
    return inflater_.checksum() == entry.checksum ? "" : "its checksum is wrong";
  }

  std::string_view content_;
  Inflater inflater_{Inflater::Wrapping::none, inflated_bytes_max};
  std::uint64_t read_ = 0;  // packed bytes of members so far
};

}  // namespace

std::string problem_with_zip(std::string_view content) {
  return Archive(content).problem();
}

}  // namespace untorn::prove
