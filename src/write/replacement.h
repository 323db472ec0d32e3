// SPDX-License-Identifier: Apache-2.0
//
// One replacement, step by step: what replace_file does in one go, FileReplacer in pieces, and
// Batch with the syncs of many taken together.
//
//   UNTORN_TRY(auto replacement, Replacement::begin(fs, {.path = path}, options));
//   UNTORN_CHECK(replacement->fill(content));
//   UNTORN_TRY(Receipt receipt, replacement->commit());
//
// commit() is prepare, secure, publish, settle and conclude, in this order, each once. A step up to
// publish() that fails removes the temporary (R10); the object is spent then.
//
// Threads: an object belongs to one thread at a time. Neither copied nor moved.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/hash.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/replace.h"
#include "write/in_place_writer.h"
#include "write/plan.h"
#include "write/resolve.h"
#include "write/same_content.h"
#include "write/target.h"
#include "write/temporary.h"

namespace untorn::write {

class Replacement {
 public:
  // Inspects (R1, R2). Nothing is changed, except that create_parents makes directories.
  [[nodiscard]] static Result<std::unique_ptr<Replacement>> begin(FileSystem& fs,
                                                                  const Origin& origin,
                                                                  const ReplaceOptions& options);
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement() = default;  // removes a temporary that was not published

  // skip_if_same with all of the content at hand: the receipt, if the file holds it already.
  [[nodiscard]] Result<std::optional<Receipt>> keep_if_same(std::span<const std::byte> content);

  // The whole content, into a temporary of its own. Makes it anew if a cleaner takes it away.
  [[nodiscard]] Result<void> fill(std::span<const std::byte> content);
  // The same in pieces: open_temporary() once, then write().
  [[nodiscard]] Result<void> open_temporary();
  [[nodiscard]] Result<void> write(std::span<const std::byte> content);

  // A stream with skip_if_same, after its last piece: the receipt, if all of it was the same.
  [[nodiscard]] Result<std::optional<Receipt>> keep_if_same();

  // Metadata and checks, and the plan for this file system. No sync.
  [[nodiscard]] Result<void> prepare();
  // The content, as plan().before says.
  [[nodiscard]] Result<void> secure();
  // From the lock of if_match to the one rename. No sync of the new content or of its name.
  [[nodiscard]] Result<void> publish();
  // What follows the rename, as plan().after says. A failure has the outcome applied_unsynced.
  [[nodiscard]] Result<void> settle();
  // The etag. Cannot fail: a file that cannot be looked at has none.
  void conclude();
  // All of these.
  [[nodiscard]] Result<Receipt> commit();

  // Cannot share its syncs with others: it overwrites in place. Call commit().
  [[nodiscard]] bool stands_alone() const noexcept { return in_place_ != nullptr; }
  // Closes the files between secure() and publish(), so that thousands can wait without a
  // descriptor each. publish() then looks first whether the temporary is still under its name.
  void park();
  // Another handle of the same directory, which is borrowed. One of its own is closed.
  void use_directory(Handle directory) noexcept;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const ReplaceOptions& options() const noexcept { return options_; }
  // Before prepare().
  void set_durability(Durability level) noexcept;
  [[nodiscard]] const Target& target() const noexcept { return target_; }
  [[nodiscard]] const Temporary& temporary() const noexcept { return temporary_; }
  // As of prepare().
  [[nodiscard]] const Plan& plan() const noexcept { return plan_; }
  [[nodiscard]] Receipt& receipt() noexcept { return receipt_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

 private:
  Replacement(FileSystem& fs, std::string path, ReplaceOptions options, Target target);

  [[nodiscard]] Error error(Errno os_errno, Step step, std::string detail = {}) const;
  [[nodiscard]] Error error(Code code, Step step, std::string detail) const;
  [[nodiscard]] Error give_up(const Error& reason);
  [[nodiscard]] Result<void> write_all(std::span<const std::byte> content);
  [[nodiscard]] Result<void> check_owner(Step step) const;
  [[nodiscard]] Result<void> apply_metadata();
  [[nodiscard]] Result<void> check_temporary() const;
  void choose_plan();
  [[nodiscard]] Result<void> sync_content();
  [[nodiscard]] Result<void> publish_unchecked();
  [[nodiscard]] Result<void> check_parked();
  [[nodiscard]] Result<void> settle_names();
  [[nodiscard]] SystemResult<Status> look_at_published();
  [[nodiscard]] bool remove_second_name(const Status& published);
  [[nodiscard]] Result<Receipt> keep_unchanged(const Hash128& content);
  [[nodiscard]] Result<Receipt> commit_in_place();

  FileSystem& fs_;
  std::string path_;
  ReplaceOptions options_;
  // Members are destroyed from the last to the first: the temporary goes before the directory
  // handle through which it is removed.
  Target target_;
  Temporary temporary_;
  std::string temporary_name_;  // before it was published
  std::unique_ptr<InPlaceWriter> in_place_;
  SameContent same_;
  Hash128Stream hash_;
  Plan plan_;
  Receipt receipt_;
  std::uint64_t bytes_ = 0;
  bool streams_ = false;
  std::optional<Error> failure_;
};

}  // namespace untorn::write

namespace untorn {

struct FileReplacer::State {
  std::unique_ptr<write::Replacement> replacement;
};

}  // namespace untorn
