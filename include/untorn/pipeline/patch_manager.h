// SPDX-License-Identifier: Apache-2.0
//
// Numbered patches of a project: made from edits, kept as files, applied and reverted whole.
//
//   auto patches = untorn::pipeline::PatchManager::open("project");
//   auto made = patches->create("Fix the greeting", {{.path = "hello.py", .content = new_text}});
//   auto done = patches->apply(made->number);   // all files of the patch, or none
//   auto back = patches->revert(made->number);  // the same backwards
//
//   PROJECT/.pipeline/patches/0001_fix_the_greeting.patch   a diff that `git apply` reads
//   PROJECT/.pipeline/patches/0001_fix_the_greeting.json    its record: status, times, checksum
//   PROJECT/.pipeline/patches/counter.json                  the last number given
//
// What always holds:
//  Q1  A number is given once, to one patch, whatever crashes and however many processes create.
//      Counter, patch file and record appear in one transaction.
//  Q2  Targets and record change in one transaction: after any crash the record says "applied" just
//      if all files of the patch are changed. So apply() again after a crash does what is missing,
//      and applies nothing twice.
//  Q3  A patch that does not fit changes nothing. Context and removed lines must be equal byte for
//      byte; a hunk may have moved (the nearest place wins, below before above, as with git), but
//      nothing is ever ignored or guessed.
//  Q4  revert() is the patch backwards under the same rules: what was changed since, where the
//      patch has changed something, is refused and shown, never overwritten.
//  Q5  A patch file that is not the one that was created (checksum in the record) is refused with
//      Code::corrupt and left alone. `untorn apply` takes any patch.
//
// Paths are relative to the project, with '/'. Outside of it, through a symbolic link, below
// `.git`, `.untorn` or `.pipeline/patches`: refused with Code::invalid_argument.
//
// Limits: 256 MiB a patch, 10,000 operations of a transaction. Patches of text by lines; binary
// files, symbolic links and submodules are refused by name.
//
// Threads: a manager belongs to one thread at a time; any number of managers, in any number of
// processes, may share a project. Cost: create() is one transaction of three files; apply() and
// revert() one of the targets and the record (see transaction.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/json.h"
#include "untorn/pipeline/project.h"
#include "untorn/transaction.h"

namespace untorn::pipeline {

class PatchSource;

// `damaged`: the record cannot be read, or its patch file is not the one that was created.
enum class PatchStatus : std::uint8_t { created, applied, reverted, damaged };
[[nodiscard]] std::string_view to_string(PatchStatus) noexcept;

enum class PatchChange : std::uint8_t { modified, added, deleted, renamed, copied };
[[nodiscard]] std::string_view to_string(PatchChange) noexcept;

// Part of a file that becomes something else. `before` must occur exactly once in it.
struct TextReplacement {
  std::string before;
  std::string after;
};

// What shall become of one file: all of `content`, or `replacements` in their order, or `remove`.
// Just one of the three.
struct PatchEdit {
  std::string path;
  std::optional<std::string> content = std::nullopt;  // a new file if there is none
  std::vector<TextReplacement> replacements = {};
  bool remove = false;
};

// One file of a patch.
struct PatchedFile {
  std::string path;      // the name afterwards; of a deleted file the one before
  std::string old_path;  // of a renamed or copied file; otherwise empty
  PatchChange change = PatchChange::modified;
  std::size_t hunks = 0;
  std::size_t lines_added = 0;
  std::size_t lines_removed = 0;

  [[nodiscard]] JsonValue to_json() const;
};

// Why a patch does not fit, at one place.
struct PatchProblem {
  std::string path;
  std::size_t hunk = 0;        // counted from 1; 0: the file as a whole
  std::size_t patch_line = 0;  // of the patch, where the hunk or the file begins
  std::size_t line = 0;        // of the file, where the difference is; 0: not at a line
  // One line: "hello.py: hunk 1 does not fit: line 3 should be "a", but is "b""
  std::string message;

  [[nodiscard]] JsonValue to_json() const;
};

struct PatchInfo {
  std::uint64_t number = 0;
  std::string name;  // "0001_fix_the_greeting"
  std::string description;
  PatchStatus status = PatchStatus::created;
  std::string created;     // local time, ISO 8601
  std::string changed;     // when it was applied or reverted last; empty if never
  std::string patch_file;  // relative to the project
  std::vector<PatchedFile> files;
  std::string damage;  // what is wrong, if the status is `damaged`

  [[nodiscard]] JsonValue to_json() const;
};

// How a patch stands to the files as they are.
struct PatchCheck {
  bool applies = false;     // apply() would work
  bool is_applied = false;  // the files hold what it makes: it can be taken back
  std::vector<PatchedFile> files;
  // Why it does not apply (of verify() for an applied patch: why it cannot be reverted).
  std::vector<PatchProblem> problems;

  [[nodiscard]] JsonValue to_json() const;
};

struct PatchResult {
  PatchInfo info;        // afterwards
  bool already = false;  // it was applied (reverted) before: nothing was done
  TransactionReceipt receipt;

  [[nodiscard]] JsonValue to_json() const;
};

class PatchManager {
 public:
  // Errors of Project::open.
  [[nodiscard]] static Result<PatchManager> open(FileSystem& fs,
                                                 const std::filesystem::path& project,
                                                 const ProjectOptions& options = {});
  [[nodiscard]] static Result<PatchManager> open(const std::filesystem::path& project,
                                                 const ProjectOptions& options = {});

  // Makes and keeps the patch that turns the files as they are into what `edits` say; changes none
  // of them.
  //   invalid_argument  no edit, one that changes nothing, two of one file, a path as above,
  //                     content with a NUL byte, a description that is empty or over 4,096 bytes
  //   not_found         a replacement or removal in a file that is not there
  //   conflict          a `before` that does not occur exactly once; the message tells where
  //   unsupported       counter.json is of a newer format
  //   and those of Transaction
  [[nodiscard]] Result<PatchInfo> create(std::string_view description,
                                         const std::vector<PatchEdit>& edits);
  // Keeps a git or unified diff that was made elsewhere. invalid_argument if it is none.
  [[nodiscard]] Result<PatchInfo> add(std::string_view description, std::string_view patch);

  // Would apply() work? Changes nothing.
  [[nodiscard]] Result<PatchCheck> dry_run(std::uint64_t number);
  // Is it applied, and is everything in place to revert it; or would it apply? Changes nothing.
  [[nodiscard]] Result<PatchCheck> verify(std::uint64_t number);

  // All of its files, or none. An applied patch is left alone (PatchResult::already).
  //   not_found  no patch has that number
  //   conflict   it does not fit; the message shows the first place, dry_run() all of them
  //   corrupt    Q5;  unsupported: its record is of a newer format
  [[nodiscard]] Result<PatchResult> apply(std::uint64_t number);
  // The same backwards. A patch that is not applied is left alone (PatchResult::already).
  [[nodiscard]] Result<PatchResult> revert(std::uint64_t number);

  // By number. Damaged ones are among them, with their status; files of others are passed over.
  [[nodiscard]] Result<std::vector<PatchInfo>> list();
  [[nodiscard]] Result<PatchInfo> info(std::uint64_t number);
  // The patch itself. Q5.
  [[nodiscard]] Result<std::string> text(std::uint64_t number);

 private:
  explicit PatchManager(Project project) : project_(std::move(project)) {}
  [[nodiscard]] Result<std::optional<TreeLock>> quiet() const;
  [[nodiscard]] Result<PatchInfo> keep(Transaction transaction, const PatchSource& source,
                                       std::string_view description, std::string_view text);
  [[nodiscard]] Result<void> set_counter_aside(Transaction& transaction, const PatchSource& source);
  [[nodiscard]] Result<PatchResult> change(std::uint64_t number, bool backwards);

  Project project_;
};

}  // namespace untorn::pipeline
