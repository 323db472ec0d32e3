// SPDX-License-Identifier: Apache-2.0
#include "fix/apply_together.h"

#include <filesystem>
#include <utility>

#include "filesystem/kept_folder.h"
#include "scan/read_file.h"
#include "transaction/leave.h"
#include "untorn/transaction.h"

namespace untorn::fix {
namespace {

namespace stdfs = std::filesystem;

ApplyResult failed(const Error& error) {
  ApplyResult result;
  result.kind = ApplyResult::Kind::failed;
  result.error = error;
  result.interrupted = error.outcome() == Outcome::unknown;
  return result;
}

ApplyResult stopped() {
  ApplyResult result;
  result.kind = ApplyResult::Kind::stopped;
  return result;
}

// Whether the answer to this is to change the files one by one.
bool means_apart(const Error& error) {
  switch (error.code()) {
    case Code::mount_point:
    case Code::not_regular_file:
    case Code::not_found:
    case Code::permission_denied:
      return true;
    default:
      return false;
  }
}

class Together {
 public:
  Together(FileSystem& fs, const std::string& root, std::span<const FileUpdate> changes,
           const std::function<bool()>& stop)
      : fs_(fs), root_(root), changes_(changes), stop_(stop) {}

  std::optional<ApplyResult> run() {
    auto opened = fs_.open(Handle::working_directory, root_, {.access = Access::directory});
    if (!opened) return std::nullopt;
    const OwnedHandle directory(fs_, *opened);
    if (!locks_are_trusted(fs_.kind(directory.get()))) return std::nullopt;
    const bool had_folder = fs_.status_at(directory.get(), kept_folder_name).has_value();
    std::optional<ApplyResult> result = change();
    // G3. What cannot be removed does no harm.
    if (!had_folder) (void)transaction::remove_unused_kept_folder(fs_, root_);
    return result;
  }

 private:
  [[nodiscard]] std::optional<ApplyResult> change() {
    auto change = Transaction::begin(fs_, root_);
    if (!change && means_apart(change.error())) return std::nullopt;
    if (!change) return failed(change.error());
    for (const FileUpdate& update : changes_) {
      if (is_stopped()) return stopped();  // G2
      const std::string path = stdfs::path(update.path).lexically_relative(root_).generic_string();
      if (path.empty() || path.starts_with("..")) return std::nullopt;
      auto collected = collect(*change, path, update);
      if (!collected && collected.error().code() == Code::mount_point) return std::nullopt;
      if (!collected) return failed(collected.error());
    }
    if (is_stopped()) return stopped();
    auto receipt = std::move(*change).commit();
    if (!receipt) return failed(receipt.error());
    if (!receipt->changed.empty()) return failed(changed_at_last(*receipt));
    return ApplyResult();
  }

  // G1. Read after put() has looked at it: what changes later makes commit() fail.
  [[nodiscard]] Result<void> collect(Transaction& change, const std::string& path,
                                     const FileUpdate& update) {
    PutOptions options;
    options.existence = update.before ? Existence::must_exist : Existence::must_not_exist;
    auto put = change.put(path, update.after, options);
    if (!put || !update.before) return put;
    std::string now;
    if (scan::read_file(fs_, update.path, update.before->size(), now) && now == *update.before) {
      return {};
    }
    return std::unexpected(Error(Code::conflict, Step::check, Outcome::not_applied, 0, update.path,
                                 "somebody else has changed it meanwhile"));
  }

  [[nodiscard]] Error changed_at_last(const TransactionReceipt& receipt) const {
    std::string detail = "somebody else changed it in the last instant: it is as they left it";
    if (!receipt.kept.empty()) detail += ", and the fix is kept as " + receipt.kept.front();
    return {
        Code::conflict,   Step::rename, Outcome::applied, 0, root_ + "/" + receipt.changed.front(),
        std::move(detail)};
  }

  bool is_stopped() const { return stop_ && stop_(); }

  FileSystem& fs_;
  const std::string& root_;
  std::span<const FileUpdate> changes_;
  const std::function<bool()>& stop_;
};

}  // namespace

std::optional<ApplyResult> apply_together(FileSystem& fs, const std::string& root,
                                          std::span<const FileUpdate> changes,
                                          const std::function<bool()>& stop) {
  return Together(fs, root, changes, stop).run();
}

}  // namespace untorn::fix
