// SPDX-License-Identifier: Apache-2.0
//
// Puts one crash state on the disk, from the record of a run and a token of its report.
//
//   auto replayed = replay_state(posix_file_system(), run, token, directory);
//
// The folder then holds every path that the log knows: the paths of the token as the crash left
// them, all others as they were at the cut (less the name changes that the state lost). Paths that
// the run never touched may be absent: the log does not know them. What lay in a folder of --also
// comes under `@also` with its whole path. Special files are left out; permission bits are kept,
// set-user-id and the like are not.
//
// Threads: one thread. Cost: the tree once, no syncs.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "crash/engine.h"
#include "prove/prove.h"
#include "prove/replay/token.h"
#include "prove/replay/trace_file.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::prove {

struct Replayed {
  Engine engine = Engine::power;
  crash::Model model = crash::Model::portable;
  std::vector<crash::Path> footprint;  // empty: everything
  std::size_t begun = 0;               // operations that had begun
  std::size_t operations = 0;          // of the whole log
  std::vector<OperationNote> lost;     // did not persist; of a kill: the call that was interrupted
  struct File {
    crash::Path path;
    FileType type = FileType::regular;
    std::uint64_t size = 0;
    bool varied = false;  // in the footprint
  };
  std::vector<File> files;  // what the folder holds now, sorted
};

// `directory` is open and empty. Errors: invalid_argument when the token is of another run or names
// no state of this one (nothing was written); io and others when the tree cannot be built.
[[nodiscard]] Result<Replayed> replay_state(FileSystem& fs, RecordedRun& run,
                                            const ReplayToken& token, Handle directory);

}  // namespace untorn::prove
