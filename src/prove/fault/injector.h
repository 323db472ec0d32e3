// SPDX-License-Identifier: Apache-2.0
//
// Counts the calls of a run by their sites, and makes one of them fail.
//
//   J1  A site is what the call does (FaultCall), the program file that makes it, and the program's
//       own stack: functions and lines of its source, without frames of libraries and interpreters.
//       Calls of equal name from different lines are different sites; a loop is one site.
//   J2  Occurrences of a site are counted from 1, over all processes of the run.
//   J3  Only calls on files below the root count; a program's output does not.
//
// Threads: asked by the tracer's thread alone.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "filesystem/operation_log.h"
#include "prove/fault/kinds.h"
#include "prove/stack/stack.h"
#include "prove/trace/inject.h"

namespace untorn::prove {

// One fault of one run.
struct Fault {
  Hash128 site;
  FaultCall call = FaultCall::write;  // of that site
  std::uint64_t occurrence = 1;
  FaultKind kind;
};

// A call as far as it must be named after the run, when the log is complete.
struct CallRecord {
  FaultCall call = FaultCall::write;
  InodeId inode = no_inode;      // of what it changes or syncs; no_inode for names
  InodeId directory = no_inode;  // of the name that it makes or takes away
  std::string name;
  InodeId target_directory = no_inode;  // rename and link
  std::string target_name;
  std::uint64_t bytes = 0;     // that a write was asked to write
  std::size_t operations = 0;  // that the log had before it
  std::uint32_t stack = no_index;
};

struct SiteRecord {
  std::uint64_t occurrences = 0;
  std::vector<CallRecord> calls;  // the first ones of a long loop
  static constexpr std::size_t calls_max = 4096;
};

// What a call that failed did not write: bytes [begin, end) of a write; of a close everything that
// was written and not synced before it.
struct LostWrite {
  InodeId inode = no_inode;
  bool at_close = false;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::size_t operations = 0;  // that the log had before it
};

class FaultInjector final : public CallInjector {
 public:
  // Paths below `root`, where the run sees its root, are taken relative to it. Without a fault the
  // run is only watched.
  FaultInjector(StackCollector& stacks, std::string root, std::optional<Fault> fault)
      : stacks_(stacks), root_(std::move(root)), fault_(fault) {}

  [[nodiscard]] Injection at_entry(const PendingCall& call, std::size_t operations) override;

  // All sites of a run that was only watched.
  [[nodiscard]] const std::map<Hash128, SiteRecord>& sites() const noexcept { return sites_; }
  // The call that was the first to fail, and how many bytes it was allowed to write.
  [[nodiscard]] const std::optional<CallRecord>& failed() const noexcept { return failed_; }
  [[nodiscard]] std::uint64_t allowed_bytes() const noexcept { return allowed_bytes_; }
  // What all calls that failed did not write, as far as it is known where.
  [[nodiscard]] const std::vector<LostWrite>& lost_writes() const noexcept { return lost_writes_; }
  // Calls after it that a fault which stays meets as well. None: such a fault is no other one.
  [[nodiscard]] std::uint64_t later_calls() const noexcept { return later_calls_; }

 private:
  [[nodiscard]] Hash128 site_of(const PendingCall& call, FaultCall what);
  [[nodiscard]] std::string_view below_root(std::string_view path) const;
  [[nodiscard]] Injection fail(const CallRecord& record, const PendingCall& call);

  StackCollector& stacks_;
  std::string root_;
  std::optional<Fault> fault_;
  std::map<Hash128, SiteRecord> sites_;
  std::map<std::uint32_t, Hash128> known_stacks_;
  std::optional<CallRecord> failed_;
  std::uint64_t allowed_bytes_ = 0;
  std::vector<LostWrite> lost_writes_;
  std::uint64_t later_calls_ = 0;
};

}  // namespace untorn::prove
