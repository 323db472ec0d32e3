// SPDX-License-Identifier: Apache-2.0
//
// Overwriting a file where it lies, recoverably: for the names that cannot be replaced.
//
// A single file that is mounted into a container (a bind mount) cannot be the target of a rename,
// and a file with several names cannot be replaced under all of them. replace_file refuses both,
// unless ReplaceOptions::sidecar names a directory on the target's own file system:
//
//   auto recovered = untorn::recover_in_place("/data/.sidecars");    // when the program starts
//   auto receipt = untorn::replace_file("/etc/app/config.json", bytes,
//                                       {.sidecar = "/data/.sidecars"});
//
//   1. the new content goes to a sidecar file in that directory, checksummed, synced, with its
//      name;
//   2. the target is overwritten, cut to length and synced;
//   3. the sidecar goes, and that is synced.
//
//   I1  From 1 on a crash loses neither content: the sidecar holds the new one whole, and until it
//       is there the target holds the old one.
//   I2  recover_in_place() finishes 2 and 3, or removes a sidecar that never became whole. Whoever
//       calls replace_file with the same sidecar recovers first.
//   I3  Readers may see a mixture while 2 runs, and after a crash until the recovery: this is the
//       price, and why it is never done unasked.
//   I4  Writers with the same sidecar directory exclude each other by a lock in it (the file
//       `.untorn-in-place-lock`, which stays), and writers of the same file, whatever its name and
//       their directory, by a lock (flock) on the file itself. Both are waited for, for at most
//       ReplaceOptions::lock_wait in all; then Code::busy. With if_match, and in a recovery, the
//       directory of the name is locked, too, as for a replacement by a rename.
//
// The same at every level: fsync of the sidecar, of its directory, of the target, and of the
// directory again, four in all; none where nothing survives a power cut anyway (tmpfs). Without the
// last one a power cut could bring the sidecar back, and recovery would undo what was written
// since.
//
// Owner, ACL and attributes of the target stay its own, ReplaceOptions::mode is set. What grows is
// written first: if there is no space for it, the old content is still whole (Code::no_space,
// Outcome::not_applied). After any other failure in 2 the outcome is `unknown`, the sidecar stays,
// and the message names it. Refused with Code::unsupported: a file system whose locks are not known
// to work (network file systems among them), several names on an overlay (writing would split
// them), ReplaceOptions::backups, and Match::detect. A directory on another file system, btrfs
// subvolume or layer of an overlay is Code::invalid_argument.
//
// Whoever writes into the target between a crash and the recovery is overwritten by it: recover
// before anybody else writes.
//
// Threads: any. Two recoveries of one directory exclude each other: one of them is busy.
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn {

// A sidecar that recovery left alone.
struct KeptSidecar {
  std::string sidecar;  // its name in the directory
  std::string target;   // the path that it names; empty if it could not be read
  std::string why;
};

struct InPlaceRecovery {
  std::vector<std::string> finished;   // targets that were overwritten from their sidecar
  std::vector<std::string> discarded;  // targets of sidecars that never became whole: they are old
  // Whole ones whose target is gone or is another file now, that a stranger may have written, or
  // that a newer version wrote.
  std::vector<KeptSidecar> kept;
  std::vector<std::string> damaged;  // sidecars that storage damaged, by the names that they now
                                     // have (`….damaged-1`): never used, their targets may be mixed
};

// Finishes what a crash interrupted, for every sidecar in `directory`; waits for no other writer:
// what a living one holds is left to it. May be repeated at any time, and may itself be
// interrupted. A target is found by its path and known by inode and birth, on the file system of
// its sidecar; where they differ, the sidecar is kept and named. Looks at one sidecar after the
// other, and makes two syncs for each target, of it and of the directory; changes nothing where
// there is nothing.
//   busy         another process holds the lock, or that of a target or of its directory
//   unsupported  locks are not known to work there
//   not_found    there is no such directory
//   io, …        a target could not be overwritten (outcome `unknown`): its sidecar is kept, and
//                the others were finished all the same
[[nodiscard]] Result<InPlaceRecovery> recover_in_place(FileSystem& fs,
                                                       const std::filesystem::path& directory);
[[nodiscard]] Result<InPlaceRecovery> recover_in_place(const std::filesystem::path& directory);

}  // namespace untorn
