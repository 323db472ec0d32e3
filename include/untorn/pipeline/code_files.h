// SPDX-License-Identifier: Apache-2.0
//
// The source files of a project, changed by a program: created, modified by exact match, appended
// to, restored; one file or several in one change, all or none.
//
//   auto files = untorn::pipeline::CodeFiles::open("project");
//   auto change = files->change("task-1f0c");          // an operation that is done once
//   (void)change->create("shop/parser.py", source);
//   (void)change->modify("shop/main.py", "import sys\n", "import sys\nfrom shop import parser\n");
//   auto receipt = std::move(*change).commit();        // both, or neither
//
// What always holds:
//  C1  A change is one transaction.h transaction over the project: after any crash all of its files
//      are changed or none, once the next change (or recover_transactions) ran.
//  C2  No path leads out of the project, nor into `.untorn`, `.pipeline` or `.git`: such a one is
//      Code::invalid_argument.
//  C3  modify() acts only where the text occurs exactly once, byte for byte. Otherwise it fails
//      with Code::conflict, and the message says where it occurs, or which line is most like it.
//  C4  What a change replaces or removes is kept by the same transaction; restore() brings it back.
//      The last `versions_max` of each file are kept, in `.pipeline/backups/files/PATH/`.
//  C5  An operation with a name is done once: its mark, `.pipeline/operations/NAME`, appears with
//      the change. Committing it again changes nothing and says so (CodeReceipt::already), so a
//      program that was killed can simply repeat its last operation. Marks stay until
//      forget_operations().
//
// What was done is told in `.pipeline/logs/activity.log`, one JSON object a line (line_log.h),
// after the change is in place: a crash between the two loses the line, never the change.
//
// Threads: an object belongs to one thread at a time. A CodeChange holds the project's lock, so
// that what it read is what it changes; another one waits for it, and then fails with Code::busy.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/json.h"
#include "untorn/pipeline/project.h"

namespace untorn::pipeline {

enum class CodeAction : std::uint8_t { create, modify, append, write, remove, restore };
[[nodiscard]] std::string_view to_string(CodeAction) noexcept;

// What a change did to one file. Plain data.
struct CodeFileChange {
  std::string path;
  CodeAction action = CodeAction::write;  // the last one, if there were several
  std::uint64_t bytes = 0;                // of the new content; 0 for a removed file
  std::uint64_t line = 0;                 // where modify() or append() changed it, from 1; else 0
  [[nodiscard]] JsonValue to_json() const;
};

struct CodeReceipt {
  std::string operation;  // empty: without a name
  bool already = false;   // C5: it had been done before, and nothing was changed now
  std::vector<CodeFileChange> files;
  unsigned syncs = 0;
  [[nodiscard]] JsonValue to_json() const;
};

// One version that restore() can bring back.
struct CodeVersion {
  std::uint64_t number = 0;  // counts up
  bool absent = false;       // the file did not exist
  std::uint64_t bytes = 0;
  std::uint32_t mode = 0;    // permission bits that it had
  std::int64_t kept_ns = 0;  // since the epoch
  [[nodiscard]] JsonValue to_json() const;
};

// Several edits, collected; nothing is changed before commit(). Each call sees what the ones before
// it made of the file. After a failure the change can go on without that call.
class CodeChange {
 public:
  CodeChange(CodeChange&&) noexcept;
  CodeChange& operator=(CodeChange&&) noexcept;
  // Discards what was not committed.
  ~CodeChange();

  // C5: the operation was done before; commit() will change nothing.
  [[nodiscard]] bool already() const noexcept;

  // A new file, with the directories above it. Code::already_exists.
  [[nodiscard]] Result<void> create(std::string_view path, std::string_view content);
  // The whole content, of a file that exists or not.
  [[nodiscard]] Result<void> write(std::string_view path, std::string_view content);
  // C3. Code::not_found without the file; Code::invalid_argument for an empty `old_text`.
  [[nodiscard]] Result<void> modify(std::string_view path, std::string_view old_text,
                                    std::string_view new_text);
  // At the end of a file that exists; if its last line has no end, one is added before the text.
  [[nodiscard]] Result<void> append(std::string_view path, std::string_view text);
  // Code::not_found without the file.
  [[nodiscard]] Result<void> remove(std::string_view path);
  // The content as this change would leave it; nothing if there is no such file.
  [[nodiscard]] Result<std::optional<std::string>> read(std::string_view path) const;

  // Errors of Transaction::commit. The object is spent afterwards.
  [[nodiscard]] Result<CodeReceipt> commit() &&;

 private:
  friend class CodeFiles;
  struct State;
  explicit CodeChange(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

class CodeFiles {
 public:
  static constexpr unsigned versions_max = 10;

  [[nodiscard]] static Result<CodeFiles> open(FileSystem& fs, const std::filesystem::path& project,
                                              const ProjectOptions& options = {});
  [[nodiscard]] static Result<CodeFiles> open(const std::filesystem::path& project,
                                              const ProjectOptions& options = {});

  // Takes the project's lock. An operation's name: 1 to 100 of letters, digits, '_', '-', '.', not
  // beginning with '.'; empty: no name.
  [[nodiscard]] Result<CodeChange> change(std::string_view operation = {});

  // A change of one file each.
  [[nodiscard]] Result<CodeReceipt> create(std::string_view path, std::string_view content);
  [[nodiscard]] Result<CodeReceipt> write(std::string_view path, std::string_view content);
  [[nodiscard]] Result<CodeReceipt> modify(std::string_view path, std::string_view old_text,
                                           std::string_view new_text);
  [[nodiscard]] Result<CodeReceipt> append(std::string_view path, std::string_view text);
  [[nodiscard]] Result<CodeReceipt> remove(std::string_view path);

  // Makes versions(path)[back - 1] the content again, or the file absent as it was then. What is
  // there now becomes a version itself, so that restore(path) twice changes nothing in the end.
  // Code::not_found if there is no such version.
  [[nodiscard]] Result<CodeReceipt> restore(std::string_view path, std::size_t back = 1);
  // Newest first. A file that was never changed here has none.
  [[nodiscard]] Result<std::vector<CodeVersion>> versions(std::string_view path);
  // Code::not_found.
  [[nodiscard]] Result<std::string> read(std::string_view path);

  // Removes the marks of operations that were done before that time; how many.
  [[nodiscard]] Result<std::uint64_t> forget_operations(std::chrono::seconds older_than);
  // The last lines of the activity log, oldest first.
  [[nodiscard]] Result<std::vector<JsonValue>> activity(std::size_t count = 100);

  [[nodiscard]] const Project& project() const noexcept { return project_; }

 private:
  explicit CodeFiles(Project project) : project_(std::move(project)) {}
  Project project_;
};

}  // namespace untorn::pipeline
