// SPDX-License-Identifier: Apache-2.0
#include "line_log/inspect.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "base/numbered_name.h"
#include "base/try.h"
#include "filesystem/kept_folder.h"
#include "filesystem/read_whole.h"
#include "line_log/mark.h"
#include "line_log/torn.h"

namespace untorn::line_log {
namespace {

class LogInspector {
 public:
  LogInspector(FileSystem& fs, const std::string& tree, LogReport& report)
      : fs_(fs), report_(report), path_(tree + "/" + report.path) {
    const std::size_t slash = path_.rfind('/');
    folder_ = path_.substr(0, slash);
    name_ = path_.substr(slash + 1);
  }

  void run(const std::optional<Mark>& mark) {
    list_moved();
    auto looked = look(mark);
    if (!looked) report_.unreadable = std::move(looked).error();
  }

 private:
  [[nodiscard]] Error failed(Errno os_errno) const {
    return Error::from_errno(number(os_errno), Step::inspect, Outcome::not_applied, path_);
  }

  void list_moved() {
    const auto opened = fs_.open(Handle::working_directory, folder_, {.access = Access::directory});
    if (!opened) return;
    const OwnedHandle folder(fs_, *opened);
    const auto entries = fs_.list(folder.get());
    if (!entries) return;
    std::vector<std::pair<std::uint64_t, std::string>> found;
    const std::string above = report_.path.substr(0, report_.path.size() - name_.size());
    for (const Entry& entry : *entries) {
      const auto torn_number = number_beside(entry.name, name_, torn_infix);
      if (torn_number) found.emplace_back(*torn_number, above + entry.name);
    }
    std::ranges::sort(found);
    for (auto& [number, name] : found) report_.moved.push_back(std::move(name));
  }

  Result<void> look(const std::optional<Mark>& mark) {
    const auto opened = fs_.open(Handle::working_directory, path_, {.nonblocking = true});
    if (!opened) {
      if (number(opened.error()) == ENOENT) return {};
      return std::unexpected(failed(opened.error()));
    }
    const OwnedHandle log(fs_, *opened);
    wait_for_writer(log.get());
    const auto status = fs_.status(log.get());
    if (!status) return std::unexpected(failed(status.error()));
    if (status->type != FileType::regular) return {};
    report_.exists = true;
    report_.bytes = status->size;
    std::uint64_t from = 0;
    if (mark && mark->is_of(*status)) {
      const auto tail = tail_hash(fs_, log.get(), mark->synced);
      if (tail && *tail == mark->tail) from = mark->synced;
    }
    const auto looked = look_from(fs_, log.get(), from, status->size);
    if (!looked) return std::unexpected(failed(looked.error()));
    if (!looked->torn()) return {};
    report_.torn.happened = true;
    report_.torn.bytes = looked->size - looked->sound_end;
    report_.torn.reason = reason_of(fs_, log.get(), from, *looked);
    return {};
  }

  // An append under way is no torn end. The lock goes with the handle.
  void wait_for_writer(Handle log) {
    constexpr int attempts_max = 100;
    constexpr auto pause = std::chrono::milliseconds(10);
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
      const auto locked = fs_.lock(log, LockMode::shared);
      if (locked || number(locked.error()) != EWOULDBLOCK) return;
      std::this_thread::sleep_for(pause);
    }
  }

  FileSystem& fs_;
  LogReport& report_;
  std::string path_;
  std::string folder_;
  std::string name_;
};

struct FoundMark {
  std::optional<Mark> mark;
  LogReport report;
};

// Nothing: it is no mark of ours.
std::optional<FoundMark> read_mark_file(FileSystem& fs, Handle logs, const std::string& name,
                                        const std::string& tree) {
  FoundMark unread;
  unread.report.path = log_path(name);
  const auto fail = [&](Errno os_errno) -> std::optional<FoundMark> {
    const bool is_other = number(os_errno) == ENOENT || number(os_errno) == ELOOP;
    if (is_other || unread.report.path.empty()) return std::nullopt;
    unread.report.unreadable = Error::from_errno(
        number(os_errno), Step::inspect, Outcome::not_applied, tree + "/.untorn/logs/" + name);
    return unread;
  };
  const auto opened = fs.open(logs, name, {.follow = false, .nonblocking = true});
  if (!opened) return fail(opened.error());
  const OwnedHandle file(fs, *opened);
  const auto text = read_whole(fs, file.get());
  if (!text) return fail(text.error());
  ReadMark read = read_mark(*text);
  FoundMark found;
  if (read.newer_format) {
    found.report.path = log_path(name);
    found.report.unreadable.emplace(Code::unsupported, Step::inspect, Outcome::not_applied, 0,
                                    tree + "/.untorn/logs/" + name,
                                    "written by a newer version of Untorn");
    return found;
  }
  found.report.path = read.mark ? std::move(read.path) : log_path(name);
  if (found.report.path.empty()) return std::nullopt;
  found.mark = read.mark;
  return found;
}

}  // namespace

Result<std::vector<LogReport>> inspect_logs(FileSystem& fs, const std::string& tree) {
  std::vector<LogReport> reports;
  const auto failed = [&tree](Errno os_errno, Step step) {
    return Error::from_errno(number(os_errno), step, Outcome::not_applied, tree);
  };
  const auto opened = fs.open(Handle::working_directory, tree, {.access = Access::directory});
  if (!opened) return std::unexpected(failed(opened.error(), Step::open_directory));
  const OwnedHandle directory(fs, *opened);
  UNTORN_TRY(const KeptFolder kept, KeptFolder::find(fs, directory.get(), tree));
  if (kept.handle() == Handle::none) return reports;
  UNTORN_TRY(const OwnedHandle logs, kept.find_folder(kept.handle(), logs_folder_name));
  if (logs.get() == Handle::none) return reports;
  const auto entries = fs.list(logs.get());
  if (!entries) return std::unexpected(failed(entries.error(), Step::inspect));
  for (const Entry& entry : *entries) {
    std::optional<FoundMark> found = read_mark_file(fs, logs.get(), entry.name, tree);
    if (!found) continue;
    if (!found->report.unreadable) LogInspector(fs, tree, found->report).run(found->mark);
    reports.push_back(std::move(found->report));
  }
  std::ranges::sort(reports, {}, &LogReport::path);
  return reports;
}

}  // namespace untorn::line_log
