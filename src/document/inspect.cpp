// SPDX-License-Identifier: Apache-2.0
#include "document/inspect.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/try.h"
#include "document/generations.h"
#include "document/home.h"
#include "document/session.h"
#include "document/set_aside.h"

namespace untorn::document {
namespace {

Condition condition_of(const View& view) {
  if (view.missing()) return Condition::missing;
  if (!view.file) return Condition::absent;
  if (view.damaged()) return Condition::damaged;
  return view.unsupported() ? Condition::unsupported : Condition::healthy;
}

// A folder on the way; Handle::none if it is not there.
Result<OwnedHandle> open_below(FileSystem& fs, Handle parent, std::string_view name,
                               const std::string& path) {
  auto opened = fs.open(parent, name, {.access = Access::directory, .follow = false});
  if (opened) return OwnedHandle(fs, *opened);
  if (number(opened.error()) == ENOENT) return OwnedHandle();
  return std::unexpected(Error::from_errno(number(opened.error()), Step::open_directory,
                                           Outcome::not_applied, path, std::string(name)));
}

}  // namespace

std::string_view to_string(Condition condition) noexcept {
  switch (condition) {
    case Condition::absent:
      return "absent";
    case Condition::healthy:
      return "healthy";
    case Condition::damaged:
      return "damaged";
    case Condition::unsupported:
      return "unsupported";
    case Condition::missing:
      return "missing";
  }
  return "unknown";
}

bool Inspection::repairable() const noexcept {
  return needs_repair() && std::ranges::any_of(generations, &Generation::intact);
}

Result<Inspection> inspect(FileSystem& fs, const std::filesystem::path& path) {
  UNTORN_TRY(const Home home, Home::find_kept(fs, path.native()));
  UNTORN_TRY(const View view, look(home));
  Inspection inspection;
  inspection.path = path.native();
  inspection.condition = condition_of(view);
  const bool fine =
      inspection.condition == Condition::healthy || inspection.condition == Condition::absent;
  if (!fine) inspection.reason = view.reason();
  if (view.file) inspection.bytes = view.file->bytes.size();
  for (const StoredGeneration& stored : view.generations) {
    const auto text = read_generation(home, stored);
    inspection.generations.push_back(stored.about);
    inspection.generations.back().intact = text && text->has_value();
  }
  UNTORN_TRY(inspection.set_aside, names_set_aside(home));
  return inspection;
}

Result<Recovery> repair(FileSystem& fs, const std::filesystem::path& path) {
  UNTORN_TRY(Home home, Home::find_kept(fs, path.native()));
  UNTORN_TRY(View view, look(home));
  if (!view.needs_recovery()) return Recovery();
  UNTORN_CHECK(choose(home, view));  // without a generation there is nothing to lock or to write
  const DocumentOptions options;
  UNTORN_CHECK(home.lock(options.lock_wait));
  UNTORN_TRY(view, look(home));
  if (!view.needs_recovery()) return Recovery();
  UNTORN_TRY(const Choice choice, choose(home, view));
  return bring_back(home, view, choice, options);
}

namespace {

constexpr unsigned levels_max = 64;

// The documents whose folders lie below `folder`, whose own name is `name` ("" for the top).
SystemResult<void> collect(FileSystem& fs, Handle folder, const std::string& name,
                           std::vector<std::string>& names, unsigned level) {
  auto entries = fs.list(folder);
  if (!entries) return std::unexpected(entries.error());
  bool is_document = false;
  for (const Entry& entry : *entries) {
    if (entry.type != FileType::directory) {
      is_document |= entry.name == lock_file_name || is_generation_name(entry.name);
      continue;
    }
    if (level == levels_max) continue;
    auto opened = fs.open(folder, entry.name, {.access = Access::directory, .follow = false});
    if (!opened) return std::unexpected(opened.error());
    const OwnedHandle below(fs, *opened);
    const std::string path = name.empty() ? entry.name : name + "/" + entry.name;
    if (auto done = collect(fs, below.get(), path, names, level + 1); !done) return done;
  }
  if (is_document && !name.empty()) names.push_back(name);
  return {};
}

}  // namespace

Result<std::vector<std::string>> names_kept_in(FileSystem& fs,
                                               const std::filesystem::path& directory) {
  const std::string path = directory.empty() ? "." : directory.native();
  auto opened = fs.open(Handle::working_directory, path, {.access = Access::directory});
  if (!opened) {
    return std::unexpected(Error::from_errno(number(opened.error()), Step::open_directory,
                                             Outcome::not_applied, path));
  }
  const OwnedHandle top(fs, *opened);
  std::vector<std::string> names;
  UNTORN_TRY(const OwnedHandle kept, open_below(fs, top.get(), kept_folder_name, path));
  if (kept.get() == Handle::none) return names;
  UNTORN_TRY(const OwnedHandle documents,
             open_below(fs, kept.get(), documents_directory_name, path));
  if (documents.get() == Handle::none) return names;
  auto collected = collect(fs, documents.get(), {}, names, 0);
  if (!collected) {
    return std::unexpected(
        Error::from_errno(number(collected.error()), Step::inspect, Outcome::not_applied, path));
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace untorn::document
