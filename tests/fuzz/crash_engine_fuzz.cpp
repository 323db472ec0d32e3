// SPDX-License-Identifier: Apache-2.0
//
// The fuzzer writes a program: calls on files b, c and d and in directory e, as it likes, and
// between them durable replacements of the file a. Whatever the neighbours do, in every crash state
// a holds a whole version, and after an acknowledgement that one or a newer one.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "untorn/crash.h"
#include "untorn/replace.h"

namespace {

using untorn::Access;
using untorn::FileSystem;
using untorn::Handle;

constexpr Handle here = Handle::working_directory;
constexpr unsigned versions_max = 4;
constexpr std::uint64_t states_max = 20'000;

std::string content_of(unsigned version) {
  return "version " + std::to_string(version) + std::string(std::size_t{700} * version, 'x');
}

// Takes the program apart, byte by byte; a finished program reads as zeros.
class Program {
 public:
  explicit Program(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  [[nodiscard]] bool done() const { return at_ >= bytes_.size(); }
  std::uint8_t next() { return done() ? std::uint8_t{0} : bytes_[at_++]; }
  std::string name() {
    static constexpr std::array<std::string_view, 5> names = {"b", "c", "d", "e/b", "e/c"};
    return std::string(names[next() % names.size()]);
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

void write_neighbour(FileSystem& fs, Program& program, bool truncate) {
  const auto file = fs.open(here, program.name(),
                            {.access = Access::read_write, .create = true, .truncate = truncate});
  if (!file) return;
  const std::string bytes(1U + program.next() * 37U, static_cast<char>('A' + program.next() % 26));
  (void)fs.write_at(*file, std::uint64_t{111} * program.next(), std::as_bytes(std::span(bytes)));
  if (program.next() % 3 == 0) (void)fs.sync(*file);
  (void)fs.close(*file);
}

void sync_directory(FileSystem& fs, std::string_view name) {
  if (const auto directory = fs.open(here, name, {.access = Access::directory})) {
    (void)fs.sync(*directory);
    (void)fs.close(*directory);
  }
}

void replace(FileSystem& fs, untorn::CrashLog& log, unsigned version) {
  const std::string content = content_of(version);
  if (!untorn::replace_file(fs, "a", std::as_bytes(std::span(content)))) std::abort();
  log.acknowledge(std::to_string(version));
}

void step(FileSystem& fs, untorn::CrashLog& log, Program& program, unsigned& version) {
  switch (program.next() % 9) {
    case 0:
      if (version < versions_max) replace(fs, log, ++version);
      return;
    case 1:
      return write_neighbour(fs, program, true);
    case 2:
      return write_neighbour(fs, program, false);
    case 3:
      return (void)fs.rename(here, program.name(), here, program.name(),
                             untorn::RenameMode::replace);
    case 4:
      return (void)fs.link(here, program.name(), here, program.name());
    case 5:
      return (void)fs.unlink(here, program.name());
    case 6:
      return (void)fs.make_directory(here, "e", 0755);
    case 7:
      return (void)fs.remove_directory(here, "e");
    default:
      return sync_directory(fs, program.next() % 2 == 0 ? "." : "e");
  }
}

std::string judge(FileSystem& fs, const untorn::CrashPoint& at) {
  unsigned acknowledged = 0;
  for (unsigned version = 1; version <= versions_max; ++version)
    if (at.acknowledged(std::to_string(version))) acknowledged = version;
  const auto file = fs.open(here, "a", {});
  if (!file) return "a is missing";
  std::string bytes(versions_max * 700U + 100U, '\0');
  const auto length = fs.read_at(*file, 0, std::as_writable_bytes(std::span(bytes)));
  (void)fs.close(*file);
  if (!length) return "a cannot be read";
  bytes.resize(*length);
  for (unsigned version = acknowledged; version <= versions_max; ++version)
    if (bytes == content_of(version)) return {};
  return "a holds no version from " + std::to_string(acknowledged) + " on";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 64) return 0;
  untorn::CrashTestOptions options;
  options.initial_files = {{"a", content_of(0)}};
  options.states_max = states_max;
  const auto report = untorn::crash_test(
      [&](FileSystem& fs, untorn::CrashLog& log) {
        Program program({data, size});
        unsigned version = 0;
        while (!program.done()) step(fs, log, program, version);
      },
      judge, options);
  if (report.ok() && report.states_distinct > 0) return 0;
  std::fputs(report.summary().c_str(), stderr);
  std::abort();
}
