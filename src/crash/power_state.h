// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <utility>
#include <vector>

#include "crash/engine.h"
#include "crash/epoch.h"
#include "crash/epoch_space.h"

namespace untorn::crash {

[[nodiscard]] HashSum selection_hash(const Epoch& epoch, FileHashes& hashes,
                                     const Selection& selection);

// A state after a power cut. Paths are resolved and contents composed when they are asked for.
class PowerState final : public CrashState {
 public:
  // `number` is that of the epoch.
  PowerState(const Epoch& epoch, std::uint64_t number, ContentBuffers& buffers, Selection selection,
             HashSum hash)
      : epoch_(epoch),
        number_(number),
        buffers_(buffers),
        selection_(std::move(selection)),
        hash_(hash) {}

  [[nodiscard]] std::size_t begun() const override { return epoch_.end(); }
  [[nodiscard]] std::optional<History::File> file(const Path& path) const override;
  [[nodiscard]] std::vector<std::pair<Path, History::File>> tree() const override;
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> hash() const override {
    return {hash_.first, hash_.second};
  }
  [[nodiscard]] std::vector<std::size_t> lost() const override;
  [[nodiscard]] std::size_t lost_count() const override { return lost().size(); }
  [[nodiscard]] std::vector<std::size_t> kept() const override;
  [[nodiscard]] std::string code() const override;

 private:
  using Found = std::vector<std::pair<Path, InodeId>>;
  [[nodiscard]] const Found& found() const;
  [[nodiscard]] History::File make_file(InodeId inode) const;
  // The files with something open that a path leads to, as positions in Epoch::files(), sorted.
  [[nodiscard]] std::vector<std::uint32_t> found_files() const;

  const Epoch& epoch_;
  std::uint64_t number_;
  ContentBuffers& buffers_;
  Selection selection_;
  HashSum hash_;
  mutable std::optional<Found> found_;
};

// The selection that PowerState::code() wrote behind the number of the epoch; nothing if it is none
// of this epoch.
class CodeReader;
[[nodiscard]] std::optional<Selection> read_selection(const Epoch& epoch, CodeReader& reader);

}  // namespace untorn::crash
