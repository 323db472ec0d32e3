// SPDX-License-Identifier: Apache-2.0
//
// How many crash states a second `crash_test` builds and checks: three files of 4 KiB that are
// saved in three ways, and a check that opens and reads all of them.
//
//   bench_crash ROUNDS            one line per workload: name, states of the models, states
//                                 checked, distinct states, and the median rate in distinct states
//                                 a second; then the same for the states of a database with a
//                                 rollback journal, each rebuilt in memory whole and hashed
//   bench_crash ROUNDS DIRECTORY  the same for trees written into this directory: five files of
//                                 4 KiB, overwritten in place; each distinct state is built
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "crash/engine.h"
#include "crash/tree.h"
#include "untorn/crash.h"

namespace {

using untorn::Access;
using untorn::CrashLog;
using untorn::CrashPoint;
using untorn::FileSystem;
using untorn::Handle;

constexpr std::size_t file_bytes = 4096;
constexpr std::array<const char*, 3> names = {"a.json", "b.json", "c.json"};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "bench_crash: %s failed\n", what);
  std::exit(2);
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

void write_file(FileSystem& fs, const std::string& name, char letter, bool sync, int pieces) {
  const auto file = fs.open(Handle::working_directory, name,
                            {.access = Access::write, .create = true, .truncate = true});
  if (!file) fail("open");
  const std::string piece(file_bytes / static_cast<std::size_t>(pieces), letter);
  for (int i = 0; i < pieces; ++i) {
    if (!fs.write(*file, bytes_of(piece))) fail("write");
  }
  if (sync && !fs.sync(*file)) fail("sync");
  (void)fs.close(*file);
}

void save_in_place(FileSystem& fs, CrashLog&) {
  for (const char* name : names) write_file(fs, name, 'n', false, 2);
}

void save_by_rename(FileSystem& fs, CrashLog&) {
  for (const char* name : names) {
    const std::string temporary = std::string(name) + ".tmp";
    write_file(fs, temporary, 'n', false, 1);
    if (!fs.rename(Handle::working_directory, temporary, Handle::working_directory, name,
                   untorn::RenameMode::replace)) {
      fail("rename");
    }
  }
}

void save_by_protocol(FileSystem& fs, CrashLog& log) {
  const auto directory = fs.open(Handle::working_directory, ".", {.access = Access::directory});
  if (!directory) fail("open of the directory");
  for (const char* name : names) {
    const std::string temporary = std::string(name) + ".tmp";
    write_file(fs, temporary, 'n', true, 1);
    if (!fs.rename(Handle::working_directory, temporary, Handle::working_directory, name,
                   untorn::RenameMode::replace)) {
      fail("rename");
    }
    if (!fs.sync(*directory)) fail("sync of the directory");
  }
  log.acknowledge("saved");
  (void)fs.close(*directory);
}

// Reads every file whole, as a real check would, and finds nothing wrong: the whole space is seen.
std::string read_all(FileSystem& fs, const CrashPoint&) {
  std::array<std::byte, file_bytes> buffer;
  std::size_t total = 0;
  for (const char* name : names) {
    const auto file = fs.open(Handle::working_directory, name, {});
    if (!file) continue;
    const auto count = fs.read_at(*file, 0, buffer);
    total += count.value_or(0);
    (void)fs.close(*file);
  }
  return total > names.size() * file_bytes ? "more than was ever written" : "";
}

// Five files that were there before, each overwritten by four writes that nothing syncs.
untorn::OperationLog overwriting_log() {
  constexpr int files = 5;
  constexpr std::size_t pieces = 4;
  untorn::OperationLog log;
  for (int i = 0; i < files; ++i) {
    const auto inode = static_cast<untorn::InodeId>(log.inodes.size());
    log.inodes.push_back(
        {untorn::FileType::regular, 0644, true, untorn::Bytes(std::string(file_bytes, 'o'))});
    log.names.push_back({untorn::root_inode, "file-" + std::to_string(i), inode});
    for (std::size_t piece = 0; piece < pieces; ++piece) {
      untorn::Operation write;
      write.kind = untorn::OperationKind::write;
      write.inode = inode;
      write.offset = piece * file_bytes / pieces;
      write.size = file_bytes / pieces;
      write.payload = untorn::Bytes(std::string(file_bytes / pieces, static_cast<char>('a' + i)));
      log.operations.push_back(std::move(write));
    }
  }
  return log;
}

// A database of `pages` pages that a rollback journal protects: each transaction saves the pages
// that it overwrites and syncs them, overwrites them, syncs the database, and unlinks the journal.
class JournalLog {
 public:
  explicit JournalLog(std::size_t pages) : pages_(pages) {
    log_.inodes.push_back({untorn::FileType::regular, 0644, true,
                           untorn::Bytes(std::string(pages * file_bytes, 'o'))});
    log_.names.push_back({untorn::root_inode, "database", database});
  }

  [[nodiscard]] const untorn::OperationLog& transactions(int count) {
    for (int number = 0; number < count; ++number) transaction(static_cast<char>('a' + number));
    return log_;
  }

 private:
  static constexpr untorn::InodeId database = 1;

  void transaction(char letter) {
    const auto journal = static_cast<untorn::InodeId>(log_.inodes.size());
    log_.inodes.push_back({untorn::FileType::regular, 0644, false, {}});
    name(untorn::OperationKind::create, journal);
    for (std::size_t page = 0; page < pages_; ++page) write(journal, page, 'j');
    add(untorn::OperationKind::sync_file).inode = journal;
    for (std::size_t page = 0; page < pages_; ++page) write(database, page, letter);
    add(untorn::OperationKind::sync_data).inode = database;
    name(untorn::OperationKind::unlink, journal);
  }

  untorn::Operation& add(untorn::OperationKind kind) {
    log_.operations.emplace_back().kind = kind;
    return log_.operations.back();
  }

  void name(untorn::OperationKind kind, untorn::InodeId inode) {
    untorn::Operation& operation = add(kind);
    operation.inode = inode;
    operation.directory = untorn::root_inode;
    operation.name = "database-journal";
  }

  void write(untorn::InodeId inode, std::size_t page, char letter) {
    untorn::Operation& operation = add(untorn::OperationKind::write);
    operation.inode = inode;
    operation.offset = page * file_bytes;
    operation.size = file_bytes;
    operation.payload = untorn::Bytes(std::string(file_bytes, letter));
  }

  std::size_t pages_;
  untorn::OperationLog log_;
};

struct Built {
  untorn::crash::Enumeration enumeration;
  double states_per_second = 0;
};

Built build_trees(const untorn::crash::History& history, const std::string& path) {
  FileSystem& fs = untorn::posix_file_system();
  const auto directory = fs.open(Handle::working_directory, path, {.access = Access::directory});
  if (!directory) fail("open of the directory");
  Built built;
  {
    untorn::crash::TreeBuilder builder(fs, *directory);
    untorn::crash::Budget budget;
    budget.states = 50'000;
    const auto start = std::chrono::steady_clock::now();
    built.enumeration =
        untorn::crash::enumerate(history, untorn::crash::Model::portable, {}, budget,
                                 [&](const untorn::crash::CrashState& state) {
                                   if (!builder.build(state.tree())) fail("building a tree");
                                   (void)state.hash();
                                   return true;
                                 });
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    built.states_per_second = static_cast<double>(built.enumeration.distinct) / elapsed.count();
    if (!builder.clear()) fail("clearing the directory");
  }
  (void)fs.close(*directory);
  return built;
}

Built rebuild_states(const untorn::crash::History& history, untorn::crash::Model model) {
  Built built;
  std::size_t bytes = 0;
  std::uint64_t hashes = 0;
  const auto start = std::chrono::steady_clock::now();
  built.enumeration =
      untorn::crash::enumerate(history, model, {}, {}, [&](const untorn::crash::CrashState& state) {
        for (const auto& [path, file] : state.tree()) bytes += file.content.size();
        hashes ^= state.hash().first;
        return true;
      });
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  if (bytes == 0 || hashes == 0) fail("rebuilding the states");
  built.states_per_second = static_cast<double>(built.enumeration.distinct) / elapsed.count();
  return built;
}

void print(const char* name, std::uint64_t total, std::uint64_t checked, std::uint64_t distinct,
           std::vector<double> rates) {
  std::sort(rates.begin(), rates.end());
  std::printf("%s\t%llu\t%llu\t%llu\t%.0f\n", name, static_cast<unsigned long long>(total),
              static_cast<unsigned long long>(checked), static_cast<unsigned long long>(distinct),
              rates[rates.size() / 2]);
}

void measure_trees(int rounds, const std::string& path) {
  const untorn::OperationLog log = overwriting_log();
  const untorn::crash::History history(log);
  std::vector<double> rates;
  Built built;
  for (int round = 0; round < rounds; ++round) {
    built = build_trees(history, path);
    rates.push_back(built.states_per_second);
  }
  print("trees written to a directory", built.enumeration.total.value, built.enumeration.checked,
        built.enumeration.distinct, rates);
}

void measure_journal(int rounds) {
  JournalLog maker(7);
  const untorn::crash::History history(maker.transactions(3));
  for (const auto& [name, model] :
       {std::pair("rollback journal, portable", untorn::crash::Model::portable),
        std::pair("rollback journal, ext4", untorn::crash::Model::ext4)}) {
    std::vector<double> rates;
    Built built;
    for (int round = 0; round < rounds; ++round) {
      built = rebuild_states(history, model);
      if (!built.enumeration.exhaustive) fail("enumerating all states");
      rates.push_back(built.states_per_second);
    }
    print(name, built.enumeration.total.value, built.enumeration.checked,
          built.enumeration.distinct, rates);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 5;
  if (rounds < 1) fail("reading ROUNDS");
  if (count > 2) {
    measure_trees(rounds, arguments[2]);
    return 0;
  }
  const std::vector<std::pair<const char*, std::function<void(FileSystem&, CrashLog&)>>> workloads =
      {{"in place", save_in_place},
       {"rename without sync", save_by_rename},
       {"classic protocol", save_by_protocol}};
  for (const auto& [name, workload] : workloads) {
    untorn::CrashTestOptions options;
    for (const char* file : names) {
      options.initial_files.emplace_back(file, std::string(file_bytes, 'o'));
    }
    std::vector<double> rates;
    untorn::CrashTestReport report;
    for (int round = 0; round < rounds; ++round) {
      report = untorn::crash_test(workload, read_all, options);
      if (!report.ok()) fail(report.summary().c_str());
      // Of those that were built and checked; the others were shown to be equal to one of them.
      rates.push_back(report.states_per_second * static_cast<double>(report.states_distinct) /
                      static_cast<double>(report.states_checked));
    }
    print(name, report.states_total, report.states_checked, report.states_distinct, rates);
  }
  measure_journal(rounds);
  return 0;
}
