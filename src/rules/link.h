// SPDX-License-Identifier: Apache-2.0
//
// Facts of all files of a project, brought together: who calls a writing function with which path,
// which files are read back by the same project, and which temporaries are published by a rename.
//
//   std::vector<LinkedFile> linked = link(files);
//   for (const LinkedFile& file : linked)
//     for (const Finding& finding : judge(file)) report(file.source.path, finding);
//
// One level deep: a path, or a mode, that is a parameter takes what the callers pass, as far as
// they say it themselves; a temporary is followed into one function that it is passed to, and out
// of one that it came from. Callers and readers in tests count only for tests.
//
// Limits: link() takes time and memory in proportion to the facts. `files` must outlive what it
// returns.
// Threads: both are functions of their arguments alone; judge() may run in many threads at a time.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "languages/facts.h"
#include "rules/finding.h"

namespace untorn::rules {

// One file of the project.
struct SourceFacts {
  std::string path;  // relative to the root, with '/'
  languages::FileFacts facts;
};

// One path that an operation may write to: its own, or what one caller passes.
struct LinkedTarget {
  languages::PathFacts path;
  std::string called_by;        // "save() at app.py line 7"; empty: nobody else was asked
  std::string read_back;        // "load() at line 20", "load() at state/x.py line 20"; or empty
  std::uint32_t edited_at = 0;  // line at which the same function reads it before; 0: it does not
  bool published = false;       // a temporary that a rename gives its lasting name
  bool in_temporary = false;    // below a folder that the caller calls temporary
  std::string caller_function;  // of called_by: "StateManager.save"
  std::string caller_module;    // "pipeline.state.manager"
};

// What a rename or move gives a new name.
struct Publication {
  bool publishes = false;         // the source is a temporary of the program, the target lasts
  bool synced = false;            // the source was synced after its last write
  bool directory_synced = false;  // the target's directory is synced afterwards
  bool own_name = false;          // no other process can be writing to the same temporary
  bool writes_seen = false;       // the write to the source is in the project
};

// What the project adds to one operation.
struct LinkedOperation {
  languages::OperationKind kind = languages::OperationKind::read;  // with the mode of the callers
  std::vector<LinkedTarget> targets;                               // never empty
  bool all_temporary = false;     // no path among the targets outlives the run under its name
  bool in_atomic_writer = false;  // in a function that is declared to write atomically, or in a
                                  // file that keeps the whole protocol
  bool made_here = false;         // the same function made the file exclusively before
  std::optional<Publication> publication;  // of rename and move
};

// What the project adds to a recovery flaw.
struct LinkedFlaw {
  std::string written_by;  // "save() at line 30": who overwrites what the loader gave up; or empty
};

struct LinkedFile {
  const SourceFacts& source;
  std::vector<LinkedOperation> operations;  // one for each operation of the facts
  std::vector<LinkedFlaw> flaws;            // one for each of recovery_flaws
};

struct LinkOptions {
  // Functions that write atomically, by their full names: "pkg.files.save", "pkg.files.Store.save".
  std::vector<std::string> atomic_writers;
};

[[nodiscard]] std::vector<LinkedFile> link(std::span<const SourceFacts> files,
                                           const LinkOptions& options = {});

struct JudgeOptions {
  bool include_tests = false;  // judge what only tests write, too
};

// Judges one file: matches of all rules, merged so that a site is one finding, with role, severity
// and why. In the order of the text. Generated files have no findings.
[[nodiscard]] std::vector<Finding> judge(const LinkedFile& file, const JudgeOptions& options = {});

}  // namespace untorn::rules
