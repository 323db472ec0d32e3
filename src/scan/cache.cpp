// SPDX-License-Identifier: Apache-2.0
#include "scan/cache.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "scan/codec.h"
#include "scan/hex.h"
#include "scan/read_file.h"
#include "untorn/replace.h"

namespace untorn::scan {
namespace {

// "untorn.scan-cache", the format's version and the oldest format whose reader may read it.
constexpr std::string_view magic = "UTSCACHE";
constexpr std::uint32_t format_version = 2;
constexpr std::uint32_t oldest_reader = 2;
constexpr std::string_view file_suffix = ".facts";
// Coarser than the clock that any local file system stamps its files with, FAT's two seconds
// included.
constexpr std::int64_t racy_ns = 2'500'000'000;

}  // namespace

[[nodiscard]] constexpr SkipKind codec_last(SkipKind) {
  return SkipKind::unsupported;
}

[[nodiscard]] auto codec_fields(MaybeConst<FileStamp> auto& value) {
  auto& [size, modified_ns, changed_ns, inode, device, read_ns] = value;
  return std::tie(size, modified_ns, changed_ns, inode, device, read_ns);
}

namespace {

void put_entry(Encoder& encoder, const Cache::Named& named) {
  const auto& [stamp, content, is_script, is_text, mentions, skip, reason, names, calls, has_facts,
               facts] = named.entry;
  encoder.put(named.path);
  encoder.put(stamp);
  encoder.put(content);
  encoder.put(is_script);
  encoder.put(is_text);
  encoder.put(mentions);
  encoder.put(skip);
  encoder.put(reason);
  encoder.put(names);
  encoder.put(calls);
  encoder.put(has_facts);
  encoder.put(facts);
}

bool get_entry(Decoder& decoder, std::string_view& path, CacheEntry& entry) {
  auto& [stamp, content, is_script, is_text, mentions, skip, reason, names, calls, has_facts,
         facts] = entry;
  path = decoder.get_text();
  const bool good = decoder.get(stamp) && decoder.get(content) && decoder.get(is_script) &&
                    decoder.get(is_text) && decoder.get(mentions) && decoder.get(skip) &&
                    decoder.get(reason) && decoder.get(names) && decoder.get(calls) &&
                    decoder.get(has_facts);
  facts = decoder.get_text();
  return good && decoder.good();
}

// Makes `folder` and those above it that are missing. C3: whether it worked shows when it is used.
void make_folders(FileSystem& fs, const std::string& folder) {
  constexpr std::uint32_t private_mode = 0700;
  for (std::size_t end = folder.find('/', 1);; end = folder.find('/', end + 1)) {
    (void)fs.make_directory(Handle::working_directory, folder.substr(0, end), private_mode);
    if (end == std::string::npos) return;
  }
}

// C4: the files that were written longest ago go.
void drop_oldest(FileSystem& fs, const std::string& folder) {
  const auto opened = fs.open(Handle::working_directory, folder, {.access = Access::directory});
  if (!opened) return;
  const OwnedHandle directory(fs, *opened);
  const auto names = fs.list(directory.get());
  if (!names || names->size() <= Cache::roots_max) return;
  std::vector<std::pair<std::int64_t, std::string>> files;
  for (const Entry& entry : *names) {
    if (!entry.name.ends_with(file_suffix)) continue;
    const auto status = fs.status_at(directory.get(), entry.name);
    if (status && status->type == FileType::regular) {
      files.emplace_back(status->modified_ns, entry.name);
    }
  }
  if (files.size() <= Cache::roots_max) return;
  std::sort(files.begin(), files.end());
  files.resize(files.size() - Cache::roots_max);
  for (const auto& [modified_ns, name] : files) (void)fs.unlink(directory.get(), name);
}

}  // namespace

FileStamp stamp_of(const Status& status, std::int64_t read_ns) {
  return {.size = status.size,
          .modified_ns = status.modified_ns,
          .changed_ns = status.changed_ns,
          .inode = status.inode,
          .device = status.device,
          .read_ns = read_ns};
}

bool is_fresh(const FileStamp& stamp, const Status& status) {
  if (status.type != FileType::regular) return false;
  const bool same = stamp.size == status.size && stamp.modified_ns == status.modified_ns &&
                    stamp.changed_ns == status.changed_ns && stamp.inode == status.inode &&
                    stamp.device == status.device;
  return same && std::max(stamp.modified_ns, stamp.changed_ns) < stamp.read_ns - racy_ns;
}

std::string Cache::path() const {
  return key_.folder + "/" + to_hex(hash128(key_.root)) + std::string(file_suffix);
}

Cache Cache::load(FileSystem& fs, CacheKey key) {
  Cache cache;
  cache.key_ = std::move(key);
  if (cache.key_.folder.empty()) return cache;
  if (!read_file(fs, cache.path(), file_bytes_max, *cache.bytes_)) return cache;
  if (!cache.read(*cache.bytes_)) cache.entries_.clear();
  return cache;
}

bool Cache::read(std::string_view bytes) {
  constexpr std::size_t checksum_digits = 32;
  if (!bytes.starts_with(magic) || bytes.size() < magic.size() + checksum_digits) return false;
  const std::string_view body = bytes.substr(0, bytes.size() - checksum_digits);
  Decoder decoder(body.substr(magic.size()));
  std::uint32_t version = 0;
  std::uint32_t reader = 0;
  std::string tool;
  std::string root;
  const bool ours = decoder.get(version) && decoder.get(reader) && version == format_version &&
                    decoder.get(tool) && tool == key_.tool && decoder.get(root) &&
                    root == key_.root && bytes.substr(body.size()) == to_hex(hash128(body));
  if (!ours) return false;
  std::uint64_t count = 0;
  if (!decoder.get(count) || count > body.size()) return false;
  entries_.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t each = 0; each < count; ++each) {
    std::string_view path;
    CacheEntry entry;
    if (!get_entry(decoder, path, entry)) return false;
    entries_.insert_or_assign(path, std::move(entry));
  }
  return decoder.finished();
}

const CacheEntry* Cache::find(std::string_view path) const {
  const auto found = entries_.find(path);
  return found == entries_.end() ? nullptr : &found->second;
}

void Cache::replace(FileSystem& fs, std::span<const Named> entries) const {
  constexpr std::uint32_t private_mode = 0600;
  if (key_.folder.empty()) return;
  Encoder encoder;
  encoder.put(format_version);
  encoder.put(oldest_reader);
  encoder.put(key_.tool);
  encoder.put(key_.root);
  encoder.put(std::uint64_t{entries.size()});
  for (const Named& each : entries) put_entry(encoder, each);
  std::string bytes = std::string(magic) + std::move(encoder).take();
  bytes += to_hex(hash128(bytes));
  if (bytes.size() > file_bytes_max) return;
  make_folders(fs, key_.folder);
  const auto content = std::as_bytes(std::span(bytes));
  // C3: without it the next scan takes longer, and that is all.
  const auto receipt =
      replace_file(fs, path(), content, {.durability = Durability::process, .mode = private_mode});
  if (receipt) drop_oldest(fs, key_.folder);
}

}  // namespace untorn::scan
