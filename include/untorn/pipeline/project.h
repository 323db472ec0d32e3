// SPDX-License-Identifier: Apache-2.0
//
// One project directory, as all classes of `untorn/pipeline/` see it: where things lie in it, who
// is told what happens, and what is counted.
//
//   PROJECT/.pipeline/         state.json, patterns.json, tools/, roles/, patches/, logs/, debug/
//   PROJECT/.untorn/           what Untorn keeps beside them: one for the whole project
//
//   auto project = untorn::pipeline::Project::open("project", {.log = print_line});
//   auto change = project->begin();  // several files of the project, all or none
//
// The classes that take a directory open it by this; programs need it for what the classes do not
// offer.
//
// Errors of open(): not_found (no such directory; with `read_only` also: no `.pipeline` in it),
// not_regular_file (it, or `.pipeline`, is no directory), permission_denied, no_space, io.
//
// Threads: a Project is a value; copies share the counters.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "untorn/counters.h"
#include "untorn/document.h"
#include "untorn/durability.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/transaction.h"

namespace untorn::pipeline {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
[[nodiscard]] std::string_view to_string(LogLevel) noexcept;

// Gets one line, without a line end. Called in the thread that works; must not call back.
using LogSink = std::function<void(LogLevel, const std::string&)>;

struct ProjectOptions {
  Durability durability = Durability::durable;
  // How many versions of each document are kept, the present one included; at least 1.
  unsigned generations = 5;
  // Permission bits of documents that do not exist yet. Absent: 0666 less the umask.
  std::optional<std::uint32_t> mode = std::nullopt;
  // Look only: nothing is made, recovered or counted, and what would write fails with
  // Code::permission_denied.
  bool read_only = false;
  // How long to wait for a lock before Code::busy.
  std::chrono::milliseconds lock_wait = std::chrono::seconds(10);
  LogSink log = nullptr;
  // Count below PROJECT/.untorn/counters. A project that cannot be counted in is used all the same.
  bool count = true;
};

class Project {
 public:
  // The directory must exist; `.pipeline` is made if it is not there, durably.
  [[nodiscard]] static Result<Project> open(FileSystem& fs, const std::filesystem::path& directory,
                                            const ProjectOptions& options = {});
  [[nodiscard]] static Result<Project> open(const std::filesystem::path& directory,
                                            const ProjectOptions& options = {});

  [[nodiscard]] FileSystem& fs() const noexcept { return *fs_; }
  // On posix_file_system() absolute, links followed, so that a later chdir(2) does not matter; on
  // others as it was given.
  [[nodiscard]] const std::string& root() const noexcept { return root_; }
  // root() and the relative path.
  [[nodiscard]] std::string file(std::string_view relative) const;
  // A JSON document of the project, its generations in the project's `.untorn`.
  [[nodiscard]] Result<Document> document(std::string_view relative) const;
  [[nodiscard]] const ProjectOptions& options() const noexcept { return options_; }
  // Null if nothing is counted.
  [[nodiscard]] const std::shared_ptr<Counters>& counters() const noexcept { return counters_; }
  // To the sink, if there is one.
  void log(LogLevel level, const std::string& line) const;

  // A transaction over the project; what its begin() recovered is logged as a warning. With
  // `read_only` Code::permission_denied.
  [[nodiscard]] Result<Transaction> begin() const;

 private:
  Project(FileSystem& fs, std::string root, ProjectOptions options)
      : fs_(&fs), root_(std::move(root)), options_(std::move(options)) {}

  FileSystem* fs_;
  std::string root_;
  ProjectOptions options_;
  std::shared_ptr<Counters> counters_;
};

}  // namespace untorn::pipeline
