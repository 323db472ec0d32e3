// SPDX-License-Identifier: Apache-2.0
#include "write/parents.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "base/try.h"
#include "counters/timing.h"
#include "filesystem/unsupported.h"
#include "write/plan.h"

namespace untorn::write {
namespace {

constexpr std::uint32_t mode_new = 0777;  // less the umask, by the kernel

class ParentMaker {
 public:
  ParentMaker(FileSystem& fs, const std::string& path, const ReplaceOptions& options)
      : fs_(fs), path_(path), options_(options) {}

  Result<MadeParents> run(std::string_view parents) {
    UNTORN_TRY(std::string_view missing, open_existing(parents));
    choose_sync();
    while (!missing.empty()) {
      const std::size_t end = std::min(missing.find('/'), missing.size());
      const std::string_view component = missing.substr(0, end);
      missing.remove_prefix(std::min(end + 1, missing.size()));
      if (component.empty() || component == ".") continue;
      UNTORN_CHECK(enter(component));
    }
    return std::move(made_);
  }

 private:
  [[nodiscard]] std::unexpected<Error> failed(Errno os_errno, Step step,
                                              std::string_view name) const {
    return std::unexpected(
        Error::from_errno(number(os_errno), step, Outcome::not_applied, path_, std::string(name)));
  }

  // Opens the longest beginning of `parents` that exists; what follows it is returned. By the whole
  // beginning in words: directories on the way need not be readable.
  Result<std::string_view> open_existing(std::string_view parents) {
    std::size_t end = parents.size();
    for (;;) {
      const std::string_view beginning = end == 0 ? std::string_view(".") : parents.substr(0, end);
      auto opened = fs_.open(Handle::working_directory, beginning, {.access = Access::directory});
      if (opened) {
        made_.directory = OwnedHandle(fs_, *opened);
        return parents.substr(end);
      }
      if (number(opened.error()) != ENOENT || end == 0) {
        return failed(opened.error(), Step::open_directory, beginning);
      }
      end = parent_end(parents, end);
    }
  }

  // Where the beginning one component shorter ends, with its slash: "a/b/" → "a/" → "".
  static std::size_t parent_end(std::string_view parents, std::size_t end) {
    while (end > 0 && parents[end - 1] == '/') --end;
    while (end > 0 && parents[end - 1] != '/') --end;
    return end;
  }

  // N2, N3.
  void choose_sync() {
    const Plan plan =
        plan_for(fs_.kind(made_.directory.get()), options_.durability, options_.protocol);
    const bool covered = plan.protocol == Protocol::one_commit && plan.after.directory;
    sync_each_ = options_.durability == Durability::durable && plan.after.any() && !covered;
  }

  Result<void> enter(std::string_view component) {
    const Handle here = made_.directory.get();
    auto opened = fs_.open(here, component, {.access = Access::directory});
    if (!opened && number(opened.error()) == ENOENT) {
      auto made = fs_.make_directory(here, component, mode_new);
      if (!made && number(made.error()) != EEXIST) {
        return failed(made.error(), Step::open_directory, component);
      }
      UNTORN_CHECK(sync_names(here, component));
      opened = fs_.open(here, component, {.access = Access::directory});
    }
    if (!opened) return failed(opened.error(), Step::open_directory, component);
    made_.directory = OwnedHandle(fs_, *opened);
    return {};
  }

  Result<void> sync_names(Handle directory, std::string_view component) {
    if (!sync_each_) return {};
    ++made_.syncs;
    auto synced =
        counters::timed_sync(options_.counters.get(), [&] { return fs_.sync(directory); });
    // A directory that has no sync lowers the level when the file itself is settled.
    if (synced || means_unsupported(synced.error())) return {};
    return failed(synced.error(), Step::sync_directory, component);
  }

  FileSystem& fs_;
  const std::string& path_;
  const ReplaceOptions& options_;
  MadeParents made_;
  bool sync_each_ = false;
};

}  // namespace

Result<MadeParents> make_parents(FileSystem& fs, const std::string& path, std::string_view parents,
                                 const ReplaceOptions& options) {
  return ParentMaker(fs, path, options).run(parents);
}

}  // namespace untorn::write
