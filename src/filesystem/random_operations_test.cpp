// SPDX-License-Identifier: Apache-2.0
//
// Goal: the file system in memory is the kernel's, as far as FileSystem shows it.
// Method: the same random sequence of calls runs on both, each answer (value or errno) is compared
// when it is given, and the whole trees at the end. Names are few, so that calls meet each other.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "filesystem/recording_file_system.h"
#include "filesystem/test_directory.h"

namespace untorn {
namespace {

// RapidCheck's own default, 100, is few for sequences; RC_PARAMS of the environment wins.
const int more_sequences = setenv("RC_PARAMS", "max_success=1000", 0);

constexpr Handle here = Handle::working_directory;
constexpr std::size_t slots = 4;

// Links that lead upwards must not lead out of the directory of the test: everything happens so far
// down that no chain of the paths and targets below reaches its top.
constexpr std::string_view bottom = "1/2/3/4/5/";

constexpr std::array paths = {"a",   "b",   "d",  "d/a",  "d/e", "d/e/a", "l",
                              "l/a", "d/l", "d/", "a/",   ".",   "d/.",   "d/../b",
                              "e",   "e/x", "l/", "d/..", "./a", "d/e/l", "d/e/.."};
constexpr std::array targets = {"a",  "d",       "d/e", "../a", "l",
                                "..", "missing", "d/l", "e/",   "./d/a"};

enum class Kind : std::uint8_t {
  open,
  close,
  write,
  write_at,
  truncate,
  read,
  rename,
  link,
  unlink,
  make_directory,
  remove_directory,
  make_symlink,
  read_link,
  status,
  list,
  set_mode,
  lock,
  unlock,
  sync_range,
  start_writeback,
  list_attributes,
};

struct Step {
  Kind kind = Kind::open;
  std::string path;
  std::string other;
  std::size_t slot = 0;
  std::uint32_t flags = 0;
  std::uint64_t number = 0;
};

OpenOptions options_of(const Step& step) {
  OpenOptions options;
  options.access = std::array{Access::read, Access::write, Access::read_write,
                              Access::directory}[step.flags % 4];
  options.create = (step.flags & 4U) != 0 && options.access != Access::directory;
  options.exclusive = options.create && (step.flags & 8U) != 0;
  // O_TRUNC with O_DIRECTORY, and with O_EXCL, says nothing more.
  options.truncate = (step.flags & 16U) != 0 && options.access != Access::directory;
  options.append = (step.flags & 32U) != 0;
  options.follow = (step.flags & 64U) == 0;
  options.mode = static_cast<std::uint32_t>(step.number & 0777U) | 0600U;
  return options;
}

void showValue(const Step& step, std::ostream& out) {
  out << fmt::format("{}(path={} other={} slot={} flags={} number={})", static_cast<int>(step.kind),
                     step.path, step.other, step.slot, step.flags, step.number);
}

rc::Gen<Step> any_step() {
  const auto any_path = rc::gen::elementOf(std::vector<std::string>(paths.begin(), paths.end()));
  const auto any_target =
      rc::gen::elementOf(std::vector<std::string>(targets.begin(), targets.end()));
  // Opening, renaming and making are what the others live on.
  const auto any_kind = rc::gen::weightedElement<Kind>({
      {8, Kind::open},
      {3, Kind::close},
      {5, Kind::write},
      {3, Kind::write_at},
      {2, Kind::truncate},
      {2, Kind::read},
      {6, Kind::rename},
      {3, Kind::link},
      {3, Kind::unlink},
      {5, Kind::make_directory},
      {2, Kind::remove_directory},
      {3, Kind::make_symlink},
      {2, Kind::read_link},
      {3, Kind::status},
      {1, Kind::list},
      {2, Kind::set_mode},
      {2, Kind::lock},
      {1, Kind::unlock},
      {2, Kind::sync_range},
      {1, Kind::start_writeback},
      {2, Kind::list_attributes},
  });
  const auto choose_other = [=](Kind kind) {
    return kind == Kind::make_symlink ? any_target : any_path;
  };
  return rc::gen::exec([=] {
    Step step;
    step.kind = *any_kind;
    step.path = std::string(bottom) + *any_path;
    step.other = *choose_other(step.kind);
    if (step.kind != Kind::make_symlink) step.other.insert(0, bottom);
    step.slot = *rc::gen::inRange<std::size_t>(0, slots);
    step.flags = *rc::gen::inRange<std::uint32_t>(0, 128);
    step.number = *rc::gen::inRange<std::uint64_t>(0, 9000);
    return step;
  });
}

template <class T>
std::string failed(const SystemResult<T>& result) {
  return fmt::format("errno {}", number(result.error()));
}

std::string outcome(const SystemResult<void>& result) {
  return result ? "done" : failed(result);
}

std::string describe(const SystemResult<Status>& status) {
  if (!status) return failed(status);
  const bool directory = status->type == FileType::directory;
  // Size and links of a directory are the file system's own affair.
  return fmt::format("type {} mode {:o} links {} size {}", static_cast<int>(status->type),
                     status->mode, directory ? 0 : status->links, directory ? 0 : status->size);
}

// Runs steps on one file system and says what each answered.
class Runner {
 public:
  explicit Runner(FileSystem& fs) : fs_(fs) {}
  ~Runner() {
    for (const Handle handle : handles_) {
      if (handle != Handle::none) (void)fs_.close(handle);
    }
  }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  std::string run(const Step& step) {
    switch (step.kind) {
      case Kind::open:
      case Kind::close:
      case Kind::write:
      case Kind::write_at:
      case Kind::truncate:
      case Kind::read:
      case Kind::set_mode:
      case Kind::lock:
      case Kind::unlock:
      case Kind::sync_range:
      case Kind::start_writeback:
        return run_on_handle(step);
      default:
        return run_on_name(step);
    }
  }

 private:
  std::string run_on_handle(const Step& step) {
    Handle& handle = handles_[step.slot];
    if (step.kind == Kind::open) return open(handle, step);
    if (handle == Handle::none) return "no handle";
    const std::string text(step.number % 5000, static_cast<char>('a' + step.number % 26));
    switch (step.kind) {
      case Kind::close:
        return outcome(fs_.close(std::exchange(handle, Handle::none)));
      case Kind::write:
        return count(fs_.write(handle, test::as_bytes(text)));
      case Kind::write_at:
        return count(fs_.write_at(handle, std::uint64_t{step.flags} * 100, test::as_bytes(text)));
      case Kind::truncate:
        return outcome(fs_.truncate(handle, step.number));
      case Kind::read:
        return read(handle, step);
      case Kind::set_mode:  // never so that the test could not clean up
        return outcome(
            fs_.set_mode(handle, static_cast<std::uint32_t>(step.number & 0777U) | 0700U));
      case Kind::lock:
        return outcome(
            fs_.lock(handle, step.flags % 2 == 0 ? LockMode::shared : LockMode::exclusive));
      case Kind::sync_range:
        return outcome(fs_.sync_range(handle));
      case Kind::start_writeback:
        return outcome(fs_.start_writeback(handle));
      default:
        return outcome(fs_.unlock(handle));
    }
  }

  std::string run_on_name(const Step& step) {
    const RenameMode mode = std::array{RenameMode::replace, RenameMode::no_replace,
                                       RenameMode::exchange, RenameMode::replace}[step.flags % 4];
    const auto bits = static_cast<std::uint32_t>(step.number) | 0700U;
    switch (step.kind) {
      case Kind::rename:
        return outcome(fs_.rename(here, step.path, here, step.other, mode));
      case Kind::link:
        return outcome(fs_.link(here, step.path, here, step.other));
      case Kind::unlink:
        return outcome(fs_.unlink(here, step.path));
      case Kind::make_directory:
        return outcome(fs_.make_directory(here, step.path, bits & 01777U));
      case Kind::remove_directory:
        return outcome(fs_.remove_directory(here, step.path));
      case Kind::make_symlink:
        return outcome(fs_.make_symlink(step.other, here, step.path));
      case Kind::read_link:
        return text(fs_.read_link(here, step.path));
      case Kind::list:
        return names(step);
      case Kind::list_attributes:
        return attributes(fs_.list_attributes_at(here, step.path));
      default:
        return describe(fs_.status_at(here, step.path));
    }
  }

  std::string open(Handle& slot, const Step& step) {
    const SystemResult<Handle> opened = fs_.open(here, step.path, options_of(step));
    if (!opened) return failed(opened);
    if (slot != Handle::none) (void)fs_.close(slot);
    slot = *opened;
    return describe(fs_.status(slot));
  }

  std::string read(Handle handle, const Step& step) {
    std::string buffer(2000, '?');
    const auto result = fs_.read_at(handle, step.number, std::as_writable_bytes(std::span(buffer)));
    if (!result) return failed(result);
    return buffer.substr(0, *result);
  }

  std::string names(const Step& step) {
    const auto opened = fs_.open(here, step.path, {.access = Access::directory});
    if (!opened) return failed(opened);
    const OwnedHandle directory(fs_, *opened);
    std::string result;
    const auto entries = fs_.list(directory.get());
    if (!entries) return failed(entries);
    for (const Entry& entry : *entries)
      result += fmt::format("{} {}\n", static_cast<int>(entry.type), entry.name);
    return result;
  }

  static std::string attributes(const SystemResult<std::vector<std::string>>& result) {
    if (!result) return failed(result);
    // A security module may give every file a label of its own.
    return fmt::format("{} of users", std::ranges::count_if(*result, [](const std::string& name) {
                         return name.starts_with("user.");
                       }));
  }
  static std::string count(const SystemResult<std::size_t>& result) {
    return result ? fmt::format("{} bytes", *result) : failed(result);
  }
  static std::string text(const SystemResult<std::string>& result) {
    return result ? *result : failed(result);
  }

  FileSystem& fs_;
  std::array<Handle, slots> handles_ = {Handle::none, Handle::none, Handle::none, Handle::none};
};

// Every name with its type, mode, content and the number of its file's first name.
void describe_tree(FileSystem& fs, Handle directory, const std::string& prefix,
                   std::map<std::uint64_t, std::string>& first_names, std::string& to) {
  const std::vector<Entry> entries = fs.list(directory).value();
  for (const Entry& entry : entries) {
    const std::string path = prefix + entry.name;
    const Status status = fs.status_at(directory, entry.name).value();
    const std::string& first = first_names.try_emplace(status.inode, path).first->second;
    to += fmt::format("{} = {} {}", path, first, describe(SystemResult<Status>(status)));
    if (status.type == FileType::symlink) {
      to += " -> " + fs.read_link(directory, entry.name).value();
    } else if (status.type == FileType::regular) {
      const OwnedHandle file(fs, fs.open(directory, entry.name, {}).value());
      to += " : " + test::read_handle(fs, file.get());
    }
    to += '\n';
    if (status.type != FileType::directory) continue;
    const OwnedHandle child(fs,
                            fs.open(directory, entry.name, {.access = Access::directory}).value());
    describe_tree(fs, child.get(), path + '/', first_names, to);
  }
}

std::string tree_of(FileSystem& fs) {
  std::map<std::uint64_t, std::string> first_names;
  std::string result;
  describe_tree(fs, here, "", first_names, result);
  return result;
}

void make_bottom(FileSystem& fs) {
  for (std::size_t end = 1; end < bottom.size(); end += 2)
    ASSERT_TRUE(fs.make_directory(here, bottom.substr(0, end), 0755).has_value());
}

struct Umask {
  explicit Umask(mode_t mask) : before(umask(mask)) {}
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  ~Umask() { umask(before); }
  mode_t before;
};

MemoryOptions as_this_user() {
  return {.umask = 027, .user = geteuid(), .group = getegid()};
}

RC_GTEST_PROP(random_operations, memory_answers_as_the_kernel, ()) {
  const auto steps = *rc::gen::scale(3.0, rc::gen::container<std::vector<Step>>(any_step()));
  const test::TestDirectory directory(test::fast_folder());
  const test::WorkingDirectory inside(directory.path());
  const Umask mask(027);
  InMemoryFileSystem memory(as_this_user());
  make_bottom(posix_file_system());
  make_bottom(memory);
  {
    Runner real(posix_file_system());
    Runner model(memory);
    for (const Step& step : steps) {
      const std::string expected = real.run(step);
      const std::string answered = model.run(step);
      if (expected == answered) continue;
      std::ostringstream what;
      showValue(step, what);
      RC_FAIL(
          fmt::format("{}: the kernel answers '{}', memory '{}'", what.str(), expected, answered));
    }
  }
  RC_ASSERT(tree_of(memory) == tree_of(posix_file_system()));
  RC_ASSERT(memory.open_handles() == 0U);
  RC_ASSERT(more_sequences == 0);
}

}  // namespace
}  // namespace untorn
