// SPDX-License-Identifier: Apache-2.0
//
// What the phases of a pipeline write besides its state: debug logs, documents, and improvements of
// prompts and roles that can be judged and taken back.
//
//   auto files = untorn::pipeline::PhaseFiles::open("project");
//   (void)files->debug("planning", "task 1f0c: 3 candidates");
//   (void)files->write_document("REPORT.md", report);
//   auto better = files->improve({.kind = untorn::pipeline::ImprovementKind::prompt,
//                                 .name = "planner", .text = text, .rationale = "shorter"});
//   (void)files->record_result(better->id, {.accepted = false, .score = 0.4});
//   (void)files->rollback(better->id);
//
// What always holds:
//  F1  A debug log is a line_log.h log: never torn, appended by any number of processes.
//  F2  Documents are replaced whole, several of one call all or none (transaction.h).
//  F3  The improved file and the record of its improvement, with the text that it replaces, appear
//      in one transaction; so do the restored file and the record of the rollback. After any crash
//      both or neither are there, once the next call ran.
//  F4  An improvement with an id of the caller's is done once: a retry after a crash changes
//      nothing, and says so (Improvement::already).
//  F5  rollback() never takes back what someone else wrote since: that is Code::conflict.
//  F6  No path leads out of the project, nor, for documents, into `.untorn`, `.pipeline` or `.git`.
//
//   PROJECT/.pipeline/debug/NAME.log          debug logs, and NAME.log.1 … after rotation
//   PROJECT/prompts/NAME.md                   prompts
//   PROJECT/.pipeline/roles/NAME.json         roles: JSON objects; to a RoleRegistry an improved
//                                             role is one that was edited, and kept as a version
//   PROJECT/.pipeline/improvements/ID.json    records
//
// Names are those of registry.h: ASCII letters, digits, '_', '-' and '.'.
//
// Errors: invalid_argument for names, paths and texts that are refused; those of Transaction and
// LineLog.
//
// Threads: an object belongs to one thread at a time; any number of processes may share a project.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/json.h"
#include "untorn/line_log.h"
#include "untorn/pipeline/project.h"

namespace untorn::pipeline {

enum class ImprovementKind : std::uint8_t { prompt, role };
[[nodiscard]] std::string_view to_string(ImprovementKind) noexcept;
[[nodiscard]] std::optional<ImprovementKind> improvement_kind(std::string_view name) noexcept;

enum class ImprovementStatus : std::uint8_t { pending, accepted, rejected, rolled_back };
[[nodiscard]] std::string_view to_string(ImprovementStatus) noexcept;

struct ImprovementRequest {
  ImprovementKind kind = ImprovementKind::prompt;
  std::string name;
  std::string text;  // the whole new content; of a role a JSON object
  std::string rationale = {};
  std::string id = {};  // F4; a name. Empty: the next number, as "0012"
};

// How an improvement did.
struct ImprovementResult {
  bool accepted = false;
  std::optional<double> score = std::nullopt;
  std::string note = {};
};

struct Improvement {
  std::string id;
  ImprovementKind kind = ImprovementKind::prompt;
  std::string name;
  std::string path;  // of the file, below the project
  std::string rationale;
  ImprovementStatus status = ImprovementStatus::pending;
  std::optional<double> score = {};
  std::string note = {};
  std::string created = {};                  // "2024-05-17T09:30:00.123456", local time
  std::string updated = {};                  // the last change of the record
  std::optional<std::string> old_text = {};  // nothing: there was no file
  std::string new_text = {};
  bool already = false;  // F4, or a rollback of what was rolled back: nothing was changed now

  // All but the texts, of which the lengths; both with `texts`.
  [[nodiscard]] JsonValue to_json(bool texts = false) const;
};

struct ImprovementList {
  std::vector<Improvement> improvements;  // by id
  // Records that are damaged or of a newer format, with the reason. They are left alone.
  std::vector<std::pair<std::string, std::string>> unreadable;

  [[nodiscard]] JsonValue to_json() const;
};

struct DocumentReceipt {
  struct File {
    std::string path;
    std::uint64_t bytes = 0;
    bool existed = false;
    bool unchanged = false;  // it held exactly this already, and was not written
  };
  std::vector<File> files;
  unsigned syncs = 0;

  [[nodiscard]] JsonValue to_json() const;
};

struct PhaseFilesOptions {
  // Of debug logs: a kill loses no line, a power cut those of the last second or hundred lines.
  LineSync debug_sync = LineSync::batched;
  std::uint64_t debug_rotate_bytes = std::uint64_t{16} << 20U;
  unsigned debug_keep = 5;
};

class PhaseFiles {
 public:
  [[nodiscard]] static Result<PhaseFiles> open(const Project& project,
                                               const PhaseFilesOptions& options = {});
  [[nodiscard]] static Result<PhaseFiles> open(FileSystem& fs, const std::filesystem::path& project,
                                               const ProjectOptions& options = {});
  [[nodiscard]] static Result<PhaseFiles> open(const std::filesystem::path& project,
                                               const ProjectOptions& options = {});

  // Appends to the debug log of that name. Text of several lines becomes several lines, together.
  // A torn end that a crash left is moved away, and logged as a warning.
  [[nodiscard]] Result<AppendReceipt> debug(std::string_view name, std::string_view text);
  // What debug() appended is on the disk.
  [[nodiscard]] Result<void> sync_debug();

  // Makes the folders above it. Path as source files have it: below the project, with '/'.
  [[nodiscard]] Result<DocumentReceipt> write_document(std::string_view path,
                                                       std::string_view text);
  // Path and text of each; all or none.
  [[nodiscard]] Result<DocumentReceipt> write_documents(
      const std::vector<std::pair<std::string, std::string>>& documents);
  // Code::not_found if there is none.
  [[nodiscard]] Result<std::string> read_document(std::string_view path) const;

  // F3. The record is pending. Code::conflict if the file holds this text already, or if the id is
  // that of another improvement.
  [[nodiscard]] Result<Improvement> improve(const ImprovementRequest& request);
  // Marks it accepted or rejected; again, if it is already. Code::conflict once it is rolled back.
  [[nodiscard]] Result<Improvement> record_result(std::string_view id,
                                                  const ImprovementResult& result);
  // Brings the old text back, or removes the file if there was none. F5: Code::conflict if the file
  // does not hold the improved text.
  [[nodiscard]] Result<Improvement> rollback(std::string_view id, std::string_view note = {});

  // Code::not_found for an id that is not there; Code::corrupt for a damaged record.
  [[nodiscard]] Result<Improvement> info(std::string_view id) const;
  [[nodiscard]] Result<ImprovementList> list() const;

  [[nodiscard]] const Project& project() const noexcept { return project_; }

 private:
  PhaseFiles(Project project, const PhaseFilesOptions& options)
      : project_(std::move(project)), options_(options) {}
  [[nodiscard]] Result<LineLog*> debug_log(const std::string& name);

  Project project_;
  PhaseFilesOptions options_;
  std::map<std::string, LineLog, std::less<>> logs_;
};

}  // namespace untorn::pipeline
