// SPDX-License-Identifier: Apache-2.0
//
// What a command looked at, below the places where a crash state is shown. Two states that are
// equal on all of it get the same answer from a deterministic command.
//
// Invariants:
//   K1  a name that the command used stands in the set, whether something was there or not, and so
//       does every folder and link on the way to it;
//   K2  opening a folder counts as reading all names in it, opening a file as reading all of it,
//       asking for its status as reading type, mode and size. Times and numbers of inodes are not
//       part of a state;
//   K3  what the command itself changes first is in the set as it was before, so that it is a
//       function of the set too. Where that does not hold (a folder that was there moves, mounts,
//       handles, io_uring, shared sockets), the set is not complete and says why.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "crash/engine.h"
#include "prove/judge/follow.h"
#include "prove/sandbox/sandbox.h"

namespace untorn::prove {

struct Read {
  enum class Kind : std::uint8_t {
    status,        // type, mode and size
    content,       // of a file all bytes, of a folder all names
    acknowledged,  // the file of what the program had acknowledged; no path
  };
  Kind kind = Kind::status;
  crash::Path path;

  auto operator<=>(const Read&) const = default;
};

struct ReadSet {
  std::vector<Read> reads;  // in order, each once
  bool complete = true;
  std::string why;            // not complete: one phrase
  bool changes_tree = false;  // the command wrote, or tried to

  void add_all(const ReadSet& other);
};

class ReadRecorder {
 public:
  // `acknowledged` is the path of the file of acknowledged output.
  ReadRecorder(std::vector<StatePlace> places, std::string acknowledged);

  // A new run: forgets the last one's reads.
  void begin();
  // The program that is executed first, before there is a call to see.
  void see_program(const std::string& working_directory, const std::string& program);
  void see(const FollowedCall& call);
  [[nodiscard]] const ReadSet& reads() const noexcept { return set_; }

 private:
  enum class Last : std::uint8_t { follow, keep };  // a link in the last place

  void see_path(const FollowedCall& call, int directory, std::uint64_t address, Read::Kind kind,
                Last last, bool may_be_empty = false);
  void see_change(const FollowedCall& call, int directory, std::uint64_t address);
  void see_move(const FollowedCall& call, int directory, std::uint64_t address);
  void see_open(const FollowedCall& call);
  void see_other(const FollowedCall& call);
  void see_changing_call(const FollowedCall& call);
  void see_socket(const FollowedCall& call);
  // Walks the path as the process sees it now; the path that it leads to.
  std::string walk(pid_t process, const std::string& path, Read::Kind kind, Last last);
  void see_interpreter(pid_t process, const std::string& program);
  [[nodiscard]] std::optional<std::string> full_path(const FollowedCall& call, int directory,
                                                     std::uint64_t address, bool may_be_empty);
  // The target of a link; nothing if it is none.
  [[nodiscard]] std::optional<std::string> link_at(const std::string& path);
  [[nodiscard]] std::optional<crash::Path> inside(std::string_view path) const;
  void add(Read::Kind kind, const crash::Path& path);
  void give_up(std::string why);

  std::vector<StatePlace> places_;
  std::string acknowledged_;
  ReadSet set_;
  std::set<Read> known_;
  // Outside the state nothing changes: which paths are links there.
  std::unordered_map<std::string, std::optional<std::string>> links_;
};

}  // namespace untorn::prove
