// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/modules.h"

#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <utility>

namespace untorn::prove {
namespace {

constexpr std::size_t files_open_max = 256;
constexpr std::size_t recent_maps_max = 32;
constexpr std::uint64_t page_size_bytes = 4096;

// An ELF file for as long as it is looked at.
class ElfReader {
 public:
  explicit ElfReader(int fd) : fd_(fd) {
    elf_version(EV_CURRENT);
    if (fd_ >= 0) elf_ = elf_begin(fd_, ELF_C_READ_MMAP, nullptr);
  }
  ElfReader(const ElfReader&) = delete;
  ElfReader& operator=(const ElfReader&) = delete;
  ~ElfReader() {
    if (elf_ != nullptr) elf_end(elf_);
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] Elf* get() const { return elf_; }

 private:
  int fd_;
  Elf* elf_ = nullptr;
};

std::optional<std::uint64_t> find_in_table(Elf* elf, Elf_Scn* section, const GElf_Shdr& header,
                                           std::string_view name) {
  Elf_Data* data = elf_getdata(section, nullptr);
  if (data == nullptr || header.sh_entsize == 0) return std::nullopt;
  const auto count =
      std::min<std::uint64_t>(header.sh_size / header.sh_entsize, std::numeric_limits<int>::max());
  for (int i = 0; i < static_cast<int>(count); ++i) {
    GElf_Sym symbol;
    if (gelf_getsym(data, i, &symbol) == nullptr) break;
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_value == 0) continue;
    const char* found = elf_strptr(elf, header.sh_link, symbol.st_name);
    if (found != nullptr && name == found) return symbol.st_value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> find_symbol(Elf* elf, std::string_view name) {
  for (const GElf_Word type : {GElf_Word{SHT_DYNSYM}, GElf_Word{SHT_SYMTAB}}) {
    for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr;
         section = elf_nextscn(elf, section)) {
      GElf_Shdr header;
      if (gelf_getshdr(section, &header) == nullptr || header.sh_type != type) continue;
      if (const auto found = find_in_table(elf, section, header, name)) return found;
    }
  }
  return std::nullopt;
}

// One line of /proc/PID/maps:
//   55d0c4a00000-55d0c4a22000 r-xp 00002000 fd:01 1234                       /usr/bin/program
struct Mapping {
  Address start = 0;
  Address end = 0;
  bool executable = false;
  std::string_view identity;  // device and inode
  std::string_view path;
};

std::string_view next_word(std::string_view& line) {
  const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t end = std::min(line.find(' ', begin), line.size());
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

std::optional<Mapping> parse_mapping(std::string_view line) {
  Mapping mapping;
  const std::string_view range = next_word(line);
  const char* const range_end = range.data() + range.size();
  const auto start = std::from_chars(range.data(), range_end, mapping.start, 16);
  if (start.ec != std::errc{} || start.ptr == range_end) return std::nullopt;
  if (std::from_chars(start.ptr + 1, range_end, mapping.end, 16).ec != std::errc{}) {
    return std::nullopt;
  }
  mapping.executable = next_word(line).find('x') != std::string_view::npos;
  next_word(line);  // the offset in the file
  const std::string_view device = next_word(line);
  const std::string_view inode = next_word(line);
  mapping.identity = {device.data(),
                      static_cast<std::size_t>(inode.data() + inode.size() - device.data())};
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  mapping.path = line;
  return mapping;
}

// The kernel writes a newline in a path as \012 and marks a removed file.
std::string readable_path(std::string_view path) {
  constexpr std::string_view deleted = " (deleted)";
  constexpr std::string_view newline = "\\012";
  if (path.ends_with(deleted)) path.remove_suffix(deleted.size());
  std::string result(path);
  for (std::size_t at = result.find(newline); at != std::string::npos;
       at = result.find(newline, at + 1)) {
    result.replace(at, newline.size(), "\n");
  }
  return result;
}

// Of a file whose size the kernel does not tell beforehand.
std::string whole_text(const std::string& path) {
  constexpr std::size_t step_bytes = 32U << 10U;
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  ssize_t count = 0;
  do {
    const std::size_t size = text.size();
    text.resize(size + step_bytes);
    count = ::read(fd, text.data() + size, step_bytes);
    text.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  } while (count > 0);
  close(fd);
  return text;
}

std::string program_path(pid_t process) {
  std::array<char, 4096> buffer;
  const std::string link = "/proc/" + std::to_string(process) + "/exe";
  const ssize_t size = readlink(link.c_str(), buffer.data(), buffer.size());
  return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
}

// The mappings of one file, in the order of the kernel.
struct FileMappings {
  std::string_view path;
  std::string_view identity;
  Address low = 0;
  Address high = 0;
  bool executable = false;
};

std::vector<FileMappings> group_by_file(std::string_view text) {
  std::vector<FileMappings> groups;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto mapping = parse_mapping(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!mapping || !mapping->path.starts_with('/')) continue;
    if (groups.empty() || groups.back().path != mapping->path) {
      groups.push_back({mapping->path, mapping->identity, mapping->start, mapping->end, false});
    }
    groups.back().high = mapping->end;
    groups.back().executable |= mapping->executable;
  }
  std::erase_if(groups, [](const FileMappings& group) { return !group.executable; });
  return groups;
}

void widen(Address& low, Address& high, const Module& module) {
  low = low == 0 ? module.low : std::min(low, module.low);
  high = std::max(high, module.high);
}

}  // namespace

CodeFile::CodeFile(std::string path, bool keep_open) : path_(std::move(path)) {
  if (keep_open) fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

CodeFile::~CodeFile() {
  if (fd_ >= 0) close(fd_);
}

std::string_view CodeFile::file_name() const {
  return std::string_view(path_).substr(path_.rfind('/') + 1);
}

int CodeFile::open() const {
  if (fd_ >= 0) return fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  return ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

std::optional<std::uint64_t> CodeFile::symbol(const std::string& name) {
  const auto known = symbols_.find(name);
  if (known != symbols_.end()) return known->second;
  std::optional<std::uint64_t> found;
  const ElfReader elf(open());
  if (elf.get() != nullptr) found = find_symbol(elf.get(), name);
  symbols_.emplace(name, found);
  return found;
}

std::uint64_t CodeFile::lowest_segment() {
  if (!lowest_segment_) read_segments();
  return *lowest_segment_;
}

void CodeFile::read_segments() {
  std::uint64_t lowest = std::numeric_limits<std::uint64_t>::max();
  const ElfReader elf(open());
  std::size_t count = 0;
  if (elf.get() != nullptr && elf_getphdrnum(elf.get(), &count) == 0) {
    for (int i = 0; std::cmp_less(i, count); ++i) {
      GElf_Phdr header;
      if (gelf_getphdr(elf.get(), i, &header) == nullptr) break;
      if (header.p_type == PT_LOAD) lowest = std::min(lowest, header.p_vaddr);
    }
  }
  if (lowest == std::numeric_limits<std::uint64_t>::max()) lowest = 0;
  lowest_segment_ = lowest & ~(page_size_bytes - 1);
}

std::optional<Address> Module::address_of(const std::string& symbol) const {
  const auto value = file->symbol(symbol);
  if (!value) return std::nullopt;
  return *value - file->lowest_segment() + low;
}

const Module* ModuleMap::find(Address address) const {
  auto after = std::ranges::upper_bound(modules, address, {}, &Module::low);
  if (after == modules.begin()) return nullptr;
  --after;
  return after->contains(address) ? &*after : nullptr;
}

bool ModuleMap::operator==(const ModuleMap& other) const {
  return std::ranges::equal(modules, other.modules, [](const Module& left, const Module& right) {
    return left.file == right.file && left.low == right.low && left.high == right.high;
  });
}

std::shared_ptr<CodeFile> ModuleReader::file(const std::string& path, std::string_view identity) {
  std::string key = path;
  key.push_back('\0');
  key += identity;
  auto& entry = files_[key];
  if (!entry) entry = std::make_shared<CodeFile>(path, files_.size() <= files_open_max);
  return entry;
}

std::shared_ptr<const ModuleMap> ModuleReader::read(pid_t process) {
  const std::string text = whole_text("/proc/" + std::to_string(process) + "/maps");
  const std::string program = program_path(process);
  auto map = std::make_shared<ModuleMap>();
  for (const FileMappings& group : group_by_file(text)) {
    Module module{.file = file(readable_path(group.path), group.identity),
                  .low = group.low,
                  .high = group.high,
                  .program = group.path == program};
    if (module.program) {
      widen(map->program_low, map->program_high, module);
    } else {
      widen(map->libraries_low, map->libraries_high, module);
    }
    map->modules.push_back(std::move(module));
  }
  const auto same =
      std::ranges::find_if(recent_, [&map](const auto& known) { return *known == *map; });
  if (same != recent_.end()) return *same;
  if (recent_.size() >= recent_maps_max) recent_.erase(recent_.begin());
  recent_.push_back(map);
  return map;
}

}  // namespace untorn::prove
