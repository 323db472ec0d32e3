// SPDX-License-Identifier: Apache-2.0
//
// A file system that forwards to another one and makes chosen calls fail.
//
//   FaultFileSystem fs(below);
//   run(fs);                                             // once without a fault: how many calls?
//   const std::size_t count = fs.sites().size();
//   for (std::size_t n = 0; n < count; ++n) {
//     FaultFileSystem failing(fresh(), {.at = n, .error = Errno{EIO}});
//     run(failing);  // must keep its promise
//   }
//
// kind() and random_bits() never fail and are no sites.
//
// Threads: every call takes a lock; with several threads the n-th call is whichever came n-th.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filesystem/calls.h"
#include "untorn/filesystem.h"

namespace untorn {

struct Fault {
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  enum class Effect : std::uint8_t {
    refused,          // the call fails and has done nothing (a close closes all the same)
    done_but_failed,  // the call takes effect, and fails: a lost answer of a server
    short_write,      // a write takes only `bytes` of what it was given, and succeeds
  };

  std::uint64_t at = never;       // which one, 0-based: of all calls, or of those of `call`
  std::optional<Call> call = {};  // count only these
  Errno error = {};
  bool persistent = false;  // every later call that `at` counts fails, too
  Effect effect = Effect::refused;
  std::size_t bytes = 0;  // of a short write
};

// One call that was made.
struct CallSite {
  Call call = Call::open;
  std::uint64_t occurrence = 0;  // of this call, 0-based
  std::string name;              // the name or path given, "" for calls on a handle
  bool failed = false;           // by our doing
};
// "rename 0 .untorn-tmp-…"
[[nodiscard]] std::string to_string(const CallSite& site);

class FaultFileSystem final : public FileSystem {
 public:
  explicit FaultFileSystem(FileSystem& below, Fault fault = {});
  explicit FaultFileSystem(FileSystem& below, std::vector<Fault> faults);

  // All calls so far, in order.
  [[nodiscard]] std::vector<CallSite> sites() const;
  // Did any fault take place?
  [[nodiscard]] bool fired() const;

  SystemResult<Handle> open(Handle directory, std::string_view name,
                            const OpenOptions& options) override;
  SystemResult<void> close(Handle handle) override;
  SystemResult<std::size_t> write(Handle file, std::span<const std::byte> bytes) override;
  SystemResult<std::size_t> write_at(Handle file, std::uint64_t offset,
                                     std::span<const std::byte> bytes) override;
  SystemResult<std::size_t> read_at(Handle file, std::uint64_t offset,
                                    std::span<std::byte> bytes) override;
  SystemResult<void> truncate(Handle file, std::uint64_t size) override;
  SystemResult<FileMapping> map(Handle file, std::size_t size) override;
  SystemResult<void> sync(Handle handle) override;
  SystemResult<void> sync_data(Handle file) override;
  SystemResult<void> sync_range(Handle file) override;
  SystemResult<void> start_writeback(Handle file) override;
  SystemResult<void> sync_everything(Handle handle) override;
  SystemResult<void> rename(Handle from_directory, std::string_view from, Handle to_directory,
                            std::string_view to, RenameMode mode) override;
  SystemResult<void> link(Handle from_directory, std::string_view from, Handle to_directory,
                          std::string_view to) override;
  SystemResult<void> unlink(Handle directory, std::string_view name) override;
  SystemResult<void> make_directory(Handle directory, std::string_view name,
                                    std::uint32_t mode) override;
  SystemResult<void> remove_directory(Handle directory, std::string_view name) override;
  SystemResult<void> make_symlink(std::string_view target, Handle directory,
                                  std::string_view name) override;
  SystemResult<std::string> read_link(Handle directory, std::string_view name) override;
  SystemResult<Status> status(Handle handle) override;
  SystemResult<Status> status_at(Handle directory, std::string_view name) override;
  SystemResult<std::vector<Entry>> list(Handle directory) override;
  SystemResult<void> may_write(Handle directory, std::string_view name) override;
  SystemResult<void> set_mode(Handle file, std::uint32_t mode) override;
  SystemResult<void> set_owner(Handle file, std::uint32_t user, std::uint32_t group) override;
  SystemResult<std::vector<std::string>> list_attributes(Handle file) override;
  SystemResult<std::vector<std::string>> list_attributes_at(Handle directory,
                                                            std::string_view name) override;
  SystemResult<std::string> get_attribute(Handle file, const std::string& name) override;
  SystemResult<void> set_attribute(Handle file, const std::string& name,
                                   std::string_view value) override;
  SystemResult<void> remove_attribute(Handle file, const std::string& name) override;
  SystemResult<void> lock(Handle file, LockMode mode) override;
  SystemResult<void> unlock(Handle file) override;
  FileSystemKind kind(Handle handle) override;
  FileSystemKind remembered_kind(Handle handle, const Status& status) override;
  std::pair<std::uint64_t, std::uint64_t> random_bits() override;

 private:
  // Notes the call and answers which fault meets it, if any.
  [[nodiscard]] std::optional<Fault> enter(Call call, std::string_view name);
  // The call, or the fault that meets it.
  template <class Result, class Forward>
  [[nodiscard]] Result through(Call call, std::string_view name, const Forward& forward);
  template <class Forward>
  [[nodiscard]] SystemResult<std::size_t> write_through(Call call, std::span<const std::byte> bytes,
                                                        const Forward& forward);

  FileSystem& below_;
  mutable std::mutex mutex_;
  std::vector<Fault> faults_;
  std::vector<CallSite> sites_;
  std::array<std::uint64_t, call_count> occurrences_{};
  bool fired_ = false;
};

}  // namespace untorn
