// SPDX-License-Identifier: Apache-2.0
//
// Which files a process has mapped as code, and where their symbols are.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "prove/stack/memory.h"

namespace untorn::prove {

// A file of machine code. It is opened when first seen, so that it can still be read after the run
// has replaced or removed it.
class CodeFile {
 public:
  CodeFile(std::string path, bool keep_open);
  CodeFile(const CodeFile&) = delete;
  CodeFile& operator=(const CodeFile&) = delete;
  ~CodeFile();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string_view file_name() const;
  // A new descriptor for the caller to close; -1 when the file cannot be read.
  [[nodiscard]] int open() const;

  // The value of a symbol as the file states it, before relocation. Found once, then remembered.
  [[nodiscard]] std::optional<std::uint64_t> symbol(const std::string& name);
  // Where the file wants its lowest segment, rounded down to a page.
  [[nodiscard]] std::uint64_t lowest_segment();

 private:
  void read_segments();

  std::string path_;
  int fd_ = -1;
  std::unordered_map<std::string, std::optional<std::uint64_t>> symbols_;
  std::optional<std::uint64_t> lowest_segment_;
};

// One file in one address space.
struct Module {
  std::shared_ptr<CodeFile> file;
  Address low = 0;  // where the file's first page is mapped
  Address high = 0;
  bool program = false;  // the executable itself, not a library

  [[nodiscard]] bool contains(Address address) const { return address - low < high - low; }
  [[nodiscard]] std::optional<Address> address_of(const std::string& symbol) const;
};

struct ModuleMap {
  std::vector<Module> modules;  // by address
  // All mapped code lies in these two ranges: the program's, and that of libraries.
  Address program_low = 0, program_high = 0;
  Address libraries_low = 0, libraries_high = 0;

  [[nodiscard]] const Module* find(Address address) const;
  [[nodiscard]] bool operator==(const ModuleMap& other) const;
};

// Files are shared between processes.
class ModuleReader {
 public:
  [[nodiscard]] std::shared_ptr<const ModuleMap> read(pid_t process);

 private:
  std::shared_ptr<CodeFile> file(const std::string& path, std::string_view identity);

  std::unordered_map<std::string, std::shared_ptr<CodeFile>> files_;
  // Forked processes have equal maps, and so do all runs of a program without address randomness.
  std::vector<std::shared_ptr<const ModuleMap>> recent_;  // newest last
};

}  // namespace untorn::prove
