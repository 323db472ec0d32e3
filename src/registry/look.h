// SPDX-License-Identifier: Apache-2.0
//
// What stands in a registry's folder, and what is kept of it, without changing anything. Whoever
// must see no mixture holds the tree's lock meanwhile.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/place.h"
#include "registry/stored.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/registry.h"

namespace untorn::registry {

// The versions of one entry.
struct History {
  std::vector<std::uint64_t> numbers;   // of all files, ascending
  std::optional<StoredVersion> newest;  // whose line is right (V2)
  std::uint64_t damaged_above = 0;      // files above it that cannot be read
  bool has_newer_format = false;        // V3

  [[nodiscard]] std::uint64_t next_number() const noexcept {
    return numbers.empty() ? 1 : numbers.back() + 1;
  }
  // The version that should stand in the folder.
  [[nodiscard]] const StoredVersion* present() const noexcept {
    return newest && newest->origin != VersionOrigin::removed ? &*newest : nullptr;
  }
};

struct FoundFile {
  EntryFile about;
  std::optional<FileContent> found;  // what stands there, if it could be read
  std::optional<Status> status;      // of the file when it was read
  std::optional<Error> error;        // why it could not be read
};

struct FoundEntry {
  std::string name;
  History history;
  std::vector<FoundFile> files;          // the specification first
  std::optional<JsonDocument> document;  // of the specification, if it is an object
  std::vector<SpecProblem> spec_problems;

  [[nodiscard]] const FoundFile& spec() const noexcept { return files.front(); }
  // Something of it is there, or it is known and was not removed.
  [[nodiscard]] bool exists() const noexcept;
  // It is known and not removed, but someone took all its files away.
  [[nodiscard]] bool is_gone() const noexcept;
  [[nodiscard]] bool has_edits() const noexcept;
};

// How closely attachments are looked at: those that have their recorded size are not read, or all
// are.
enum class Depth : std::uint8_t { presence, contents };

class Look {
 public:
  [[nodiscard]] static Result<Look> at(const Place& place);

  // Every entry: those with a specification, and those known and not removed. Sorted.
  [[nodiscard]] Result<std::vector<std::string>> entries() const;
  [[nodiscard]] Result<FoundEntry> entry(const std::string& name, Depth depth) const;
  [[nodiscard]] Result<History> history(const std::string& name) const;
  // The text of a version's file; nothing if there is none of that number.
  [[nodiscard]] Result<std::optional<std::string>> version(const std::string& name,
                                                           std::uint64_t number) const;
  // Names in the folder, sorted; directories are left out of `files`.
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  [[nodiscard]] const std::vector<std::string>& files() const noexcept { return files_; }
  // The entry that has this file as an attachment.
  [[nodiscard]] Result<std::optional<std::string>> owner_of(const std::string& file) const;
  // What a file in the folder holds; nothing if it is no file that can be read.
  [[nodiscard]] Result<std::optional<std::string>> content_of(const std::string& file) const;
  // The file still is what was read.
  [[nodiscard]] bool is_unchanged(const FoundFile& file) const;

 private:
  explicit Look(const Place& place) : place_(&place) {}
  [[nodiscard]] Result<FoundFile> file(const std::string& entry, const std::string& attachment,
                                       const History& history, Depth depth) const;
  [[nodiscard]] Result<void> read(FoundFile& file) const;
  [[nodiscard]] Result<void> judge_attachment(const std::string& entry, FoundFile& file,
                                              const StoredVersion& stored) const;
  [[nodiscard]] Result<void> adopt_attachments(FoundEntry& entry, Depth depth) const;
  void judge_spec(FoundEntry& entry) const;
  [[nodiscard]] Result<OwnedHandle> store_of(const std::string& entry) const;

  const Place* place_;
  OwnedHandle folder_;
  OwnedHandle tree_;
  KeptFolder kept_;
  OwnedHandle store_;  // .untorn/registry/<key>
  std::vector<std::string> names_;
  std::vector<std::string> files_;
};

}  // namespace untorn::registry
