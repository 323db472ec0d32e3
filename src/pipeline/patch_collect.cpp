// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <utility>

#include "base/try.h"
#include "pipeline/patch_plan.h"
#include "transaction/paths.h"

namespace untorn::pipeline {
namespace {

using Kind = SourceFile::Kind;
using Names = std::set<std::string, std::less<>>;

// The permissions that this process takes away from what it makes. There is no call that only asks;
// where the system does not tell, nobody else gets any.
std::uint32_t creation_mask(FileSystem& fs) {
  constexpr std::uint32_t private_mask = 0077;
  constexpr std::uint32_t permission_bits = 0777;
  constexpr std::string_view label = "\nUmask:\t";
  constexpr std::size_t digits = 4;
  std::array<char, 4096> buffer{};
  auto opened = fs.open(Handle::working_directory, "/proc/self/status", {});
  if (!opened) return private_mask;
  const OwnedHandle file(fs, *opened);
  const auto size = fs.read_at(file.get(), 0, std::as_writable_bytes(std::span(buffer)));
  if (!size) return private_mask;
  const std::string_view text(buffer.data(), *size);
  const std::size_t at = text.find(label);
  if (at == std::string_view::npos || text.size() - at < label.size() + digits) return private_mask;
  std::uint32_t mask = 0;
  for (const char digit : text.substr(at + label.size(), digits)) {
    if (digit < '0' || digit > '7') return private_mask;
    mask = mask * 8 + static_cast<std::uint32_t>(digit - '0');
  }
  return mask & permission_bits;
}

class Collector {
 public:
  Collector(const PatchPlan& plan, const PatchSource& source, FileSystem& fs,
            Transaction& transaction)
      : plan_(plan), source_(source), fs_(fs), transaction_(transaction) {}

  Result<void> run() {
    UNTORN_CHECK(make_folders());
    UNTORN_CHECK(rename_files());
    for (const auto& [path, name] : plan_.names) {
      if (name.made) UNTORN_CHECK(put(path, name));
    }
    for (const auto& [path, name] : plan_.names) {
      if (!leaves(name) || renamed_.contains(path)) continue;
      UNTORN_CHECK(transaction_.remove(path));
    }
    UNTORN_CHECK(remove_empty_folders());
    return look_again();
  }

 private:
  static bool is_there(const PlannedName& name) { return name.before.kind == Kind::regular; }
  // A file was there, and none will be.
  static bool leaves(const PlannedName& name) { return is_there(name) && name.gone && !name.made; }

  Result<void> make_folders() {
    for (const auto& [path, name] : plan_.names) {
      const std::string_view folder = transaction::parent_of(path);
      if (!name.made || is_there(name) || folder.empty()) continue;
      UNTORN_TRY(const bool there, source_.has_folder(folder));
      if (!there) UNTORN_CHECK(transaction_.make_directory(folder));
    }
    return {};
  }

  // Where one file takes a free name and leaves its own: it stays the same file, with its owner and
  // attributes. Otherwise content moves.
  Result<void> rename_files() {
    for (const auto& [path, name] : plan_.names) {
      if (!name.made || is_there(name) || name.renamed_from.empty()) continue;
      if (!leaves(plan_.names.at(name.renamed_from))) continue;
      UNTORN_CHECK(transaction_.rename(name.renamed_from, path));
      renamed_.insert(name.renamed_from);
    }
    return {};
  }

  Result<void> put(const std::string& path, const PlannedName& name) {
    const PlannedName::Made& made = *name.made;
    if (renamed_.contains(name.renamed_from)) {
      const SourceFile& before = plan_.names.at(name.renamed_from).before;
      if (before.content == made.content && before.mode == made.mode) return {};
      return transaction_.put(path, made.content, {.mode = made.mode});
    }
    if (is_there(name)) {
      if (name.before.content == made.content && (!made.mode || name.before.mode == *made.mode)) {
        return {};
      }
      return transaction_.put(path, made.content,
                              {.mode = made.mode, .existence = Existence::must_exist});
    }
    std::optional<std::uint32_t> mode = made.mode;
    constexpr std::uint32_t program_mode = 0777;
    if (!mode && made.is_executable) mode = program_mode & ~creation_mask(fs_);
    return transaction_.put(path, made.content,
                            {.mode = mode, .existence = Existence::must_not_exist});
  }

  // G4. From the deepest folder up, as long as one is left without anything.
  Result<void> remove_empty_folders() {
    Names left;
    Names made;
    std::vector<std::string> folders;
    for (const auto& [path, name] : plan_.names) {
      if (leaves(name)) {
        left.insert(path);
        folders.emplace_back(transaction::parent_of(path));
      } else if (name.made) {
        for (std::string_view at = transaction::parent_of(path); !at.empty();
             at = transaction::parent_of(at)) {
          made.emplace(at);
        }
      }
    }
    const auto is_deeper = [](const std::string& one, const std::string& other) {
      return std::pair(std::count(one.begin(), one.end(), '/'), std::string_view(one)) >
             std::pair(std::count(other.begin(), other.end(), '/'), std::string_view(other));
    };
    std::set<std::string, decltype(is_deeper)> waiting(folders.begin(), folders.end(), is_deeper);
    while (!waiting.empty()) {
      const std::string folder = *waiting.begin();
      waiting.erase(waiting.begin());
      if (folder.empty() || made.contains(folder)) continue;
      UNTORN_TRY(const std::vector<Entry> entries, source_.list(folder));
      const bool is_empty = std::all_of(entries.begin(), entries.end(), [&](const Entry& each) {
        return left.contains(folder + "/" + each.name);
      });
      if (!is_empty) continue;
      UNTORN_CHECK(transaction_.remove(folder));
      left.insert(folder);
      waiting.emplace(transaction::parent_of(folder));
    }
    return {};
  }

  // G3.
  Result<void> look_again() const {
    for (const auto& [path, name] : plan_.names) {
      UNTORN_TRY(const SourceFile now, source_.look(path));
      if (now == name.before) continue;
      return std::unexpected(Error(Code::conflict, Step::check, Outcome::not_applied, 0, path,
                                   "another program changed it while the patch was applied"));
    }
    return {};
  }

  const PatchPlan& plan_;
  const PatchSource& source_;
  FileSystem& fs_;
  Transaction& transaction_;
  Names renamed_;
};

}  // namespace

Result<void> collect(const PatchPlan& plan, const PatchSource& source, FileSystem& fs,
                     Transaction& transaction) {
  return Collector(plan, source, fs, transaction).run();
}

}  // namespace untorn::pipeline
