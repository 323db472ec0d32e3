// SPDX-License-Identifier: Apache-2.0
#include "fix/apply.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <utility>

#include "scan/read_file.h"
#include "untorn/replace.h"

namespace untorn::fix {
namespace {

// Each holds three descriptors while its group is prepared.
constexpr std::size_t group_files = 100;

class Application {
 public:
  Application(FileSystem& fs, std::span<const FileUpdate> changes,
              const std::function<bool()>& stop)
      : fs_(fs), changes_(changes), stop_(stop) {}

  ApplyResult run() {
    while (published_ < changes_.size()) {
      const std::size_t end = std::min(changes_.size(), published_ + group_files);
      if (Result<void> done = apply_group(end); !done) {
        result_.kind = ApplyResult::Kind::failed;
        result_.error = done.error();
      }
      if (result_.kind != ApplyResult::Kind::applied) {
        put_back();
        break;
      }
    }
    return std::move(result_);
  }

 private:
  [[nodiscard]] Result<void> apply_group(std::size_t end) {
    std::vector<FileReplacer> prepared;
    for (std::size_t at = published_; at < end; ++at) {  // A1
      if (is_stopped()) return {};
      Result<FileReplacer> replacer = prepare(changes_[at]);
      if (!replacer) return std::unexpected(replacer.error());
      prepared.push_back(*std::move(replacer));
    }
    for (FileReplacer& replacer : prepared) {
      if (is_stopped()) return {};
      if (Result<void> same = check_unchanged(changes_[published_]); !same) return same;
      Result<Receipt> receipt = std::move(replacer).commit();
      if (!receipt) {
        // Published after all, though perhaps not durably: it is put back with the others.
        if (receipt.error().outcome() != Outcome::not_applied) ++published_;
        return std::unexpected(receipt.error());
      }
      ++published_;
    }
    return {};
  }

  bool is_stopped() {
    if (stop_ && stop_()) result_.kind = ApplyResult::Kind::stopped;
    return result_.kind == ApplyResult::Kind::stopped;
  }

  [[nodiscard]] Result<FileReplacer> prepare(const FileUpdate& change) {
    ReplaceOptions options;
    options.existence = change.before ? Existence::must_exist : Existence::must_not_exist;
    Result<FileReplacer> replacer = FileReplacer::open(fs_, change.path, options);
    if (!replacer) return replacer;
    if (Result<void> written = replacer->write(change.after); !written) {
      return std::unexpected(written.error());
    }
    return replacer;
  }

  // A2. A new file is checked by its rename.
  [[nodiscard]] Result<void> check_unchanged(const FileUpdate& change) {
    if (!change.before) return {};
    std::string now;
    if (scan::read_file(fs_, change.path, change.before->size(), now) && now == *change.before) {
      return {};
    }
    return std::unexpected(Error(Code::conflict, Step::check, Outcome::not_applied, 0, change.path,
                                 "somebody else has changed it meanwhile"));
  }

  // A3, the last one first.
  void put_back() {
    while (published_ > 0) {
      const FileUpdate& change = changes_[--published_];
      Result<void> done = change.before ? restore(change) : remove(change);
      if (!done) result_.not_put_back.push_back(done.error().message());
    }
  }

  [[nodiscard]] Result<void> restore(const FileUpdate& change) {
    const auto bytes = std::as_bytes(std::span(change.before->data(), change.before->size()));
    const Result<Receipt> receipt = replace_file(fs_, change.path, bytes);
    if (!receipt) return std::unexpected(receipt.error());
    return {};
  }

  [[nodiscard]] Result<void> remove(const FileUpdate& change) {
    const std::filesystem::path path = change.path;
    const std::string name = path.filename();
    auto directory = fs_.open(Handle::working_directory, path.parent_path().native(),
                              {.access = Access::directory});
    if (!directory) {
      return std::unexpected(Error::from_errno(number(directory.error()), Step::open_directory,
                                               Outcome::applied, change.path));
    }
    const OwnedHandle handle(fs_, *directory);
    if (auto gone = fs_.unlink(handle.get(), name); !gone) {
      return std::unexpected(
          Error::from_errno(number(gone.error()), Step::clean_up, Outcome::applied, change.path));
    }
    return {};
  }

  FileSystem& fs_;
  std::span<const FileUpdate> changes_;
  const std::function<bool()>& stop_;
  std::size_t published_ = 0;
  ApplyResult result_;
};

}  // namespace

ApplyResult apply_changes(FileSystem& fs, std::span<const FileUpdate> changes,
                          const std::function<bool()>& stop) {
  return Application(fs, changes, stop).run();
}

}  // namespace untorn::fix
