// SPDX-License-Identifier: Apache-2.0
//
// One named folder under the doctor's eyes: called for each folder of a walk, from above downward.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "health/doctor.h"
#include "health/documents.h"
#include "health/known_trees.h"
#include "health/walk.h"
#include "untorn/filesystem.h"

namespace untorn::health {

class Examination {
 public:
  // All of these outlive it. The report gets what is found.
  Examination(FileSystem& fs, const Options& options, const NamedFolder& named,
              const FileSystemKind& kind, Report& report);

  // The folder may lie in a tree that begins above it: its documents here are judged.
  void begin();
  // In each folder with a `.untorn`: its transaction first, then logs, registries and documents;
  // then the names of the folder itself. False: it was interrupted.
  [[nodiscard]] bool look_at(const FolderView& folder);
  // Writes down what was acknowledged, and adds the counters up.
  void end();

 private:
  [[nodiscard]] bool going();
  // For the report; the second form has "." for its root.
  [[nodiscard]] std::string path_of(const std::string& real) const;
  [[nodiscard]] std::string shown_path_of(const std::string& real) const;

  void enter_tree(const std::string& real, bool has_kept_folder);
  void look_at_tree(const std::string& real);
  void look_at_sidecars(const FolderView& folder, const std::string& real);
  void judge_kept_documents(const std::string& tree, const std::vector<std::string>& names);
  void read_counters_of(const std::string& tree, bool may_fold);
  void look_at_file(const FolderView& folder, const Entry& entry, const std::string& real);
  [[nodiscard]] bool is_named_document(const Entry& entry, const std::string& real) const;
  void judge(const DocumentPlace& place);
  void add_set_aside(const std::string& real, const Status& status);
  void note_seen(KnownTree& tree);
  void add(Findings findings);

  FileSystem& fs_;
  const Options& options_;
  const NamedFolder& named_;
  Report& report_;
  DocumentPatterns patterns_;
  KnownTrees trees_;
  std::set<std::string> kept_;        // documents of which generations are kept, by absolute path
  std::vector<std::string> counted_;  // trees that may have counters
  std::set<std::string> moved_away_;  // torn ends of logs, by absolute path
};

}  // namespace untorn::health
