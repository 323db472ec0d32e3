// SPDX-License-Identifier: Apache-2.0
#include "watch/watcher.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <iterator>
#include <set>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/escape.h"
#include "document/inspect.h"
#include "health/temporaries.h"

namespace untorn::watch {
namespace {

using std::chrono::steady_clock;

// Looks take at most one part in twenty-one of the time.
constexpr int rest_per_look = 20;
constexpr std::chrono::seconds rest_min{1};
// Longer than a writer needs from one step to the next, unless its disk is very slow.
constexpr std::chrono::milliseconds confirmed_after{250};
// During a look announcements are taken so often, before the kernel has to drop them.
constexpr std::chrono::milliseconds taken_every{50};
// A picture with many problems costs its copy: then it is not brought up to date at once.
constexpr std::size_t many_problems = 1000;
constexpr std::chrono::seconds refreshed_every{1};
// Each marked folder costs memory of the kernel.
constexpr std::size_t marked_folders_max = 4096;
constexpr std::size_t told_max = 10;  // of a kind at a time

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// What is left of `path` below `folder`; nothing if it lies elsewhere.
std::string below(const std::string& folder, const std::string& path) {
  const std::string start = folder.ends_with('/') ? folder : folder + "/";
  return path.starts_with(start) ? path.substr(start.size()) : "";
}

void poll_also(int poll, int descriptor) {
  if (descriptor < 0) return;
  epoll_event event = {};
  event.events = EPOLLIN;
  (void)epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event);
}

ProblemNames names_of(const std::vector<health::Problem>& problems) {
  ProblemNames names;
  for (const health::Problem& problem : problems) {
    if (is_open(problem)) names.emplace(problem.path, health::to_string(problem.kind));
  }
  return names;
}

}  // namespace

Watcher::Watcher(FileSystem& fs, WatchOptions options)
    : fs_(fs),
      options_(std::move(options)),
      patterns_(options_.documents),
      events_(fs),
      counters_(fs),
      root_(health::common_folder(options_.folders)),
      poll_(epoll_create1(EPOLL_CLOEXEC)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      picture_(std::make_shared<Picture>()) {
  poll_also(poll_, timer_);
  poll_also(poll_, events_.descriptor());
  poll_also(poll_, writers_.descriptor());
}

Watcher::~Watcher() {
  if (timer_ >= 0) (void)close(timer_);
  if (poll_ >= 0) (void)close(poll_);
}

bool Watcher::look_once() {
  add_folders();
  if (!look()) return false;
  if (!unconfirmed_) return true;
  std::this_thread::sleep_for(confirmed_after);
  return look();
}

void Watcher::step() {
  std::uint64_t expirations = 0;
  if (timer_ >= 0) (void)::read(timer_, &expirations, sizeof expirations);
  read_announcements();
  const Instant now = steady_clock::now();
  const bool due = now - last_look_ >= options_.interval;
  if (due || lost_) add_folders();
  if (due || (dirty_ && now - last_look_ >= rest_)) {
    (void)look();
  } else if (stale_ && (picture()->problems.size() < many_problems ||
                        now - last_refresh_ >= refreshed_every)) {
    refresh();
  }
  set_timer();
}

void Watcher::add_folders() {
  lost_ = false;
  for (const health::NamedFolder& folder : options_.folders) events_.add(folder.real);
  counters_.add(events_.counter_trees());
  stale_ = true;
}

void Watcher::read_announcements() {
  begun_.clear();
  events_.read([this](const FolderEvent& event) { take(event); });
  writers_.read([this](const WriterEvent& event) { take_writer(event); });
  counters_.add(events_.counter_trees());
  tell_begun();
}

void Watcher::tell_begun() const {
  const std::vector<InPlaceWrite> listed = in_place_.list();
  for (std::size_t index = 0; index < std::min(begun_.size(), told_max); ++index) {
    const std::string& path = begun_[index];
    const auto write = std::ranges::find(listed, path, &InPlaceWrite::path);
    const bool named = write != listed.end() && !write->writer.empty();
    options_.message("written in place: " + escape_controls(path) +
                     (named ? " (by " + write->writer + ")" : ""));
  }
  if (begun_.size() > told_max) {
    options_.message("written in place: " + std::to_string(begun_.size() - told_max) + " more");
  }
}

void Watcher::take(const FolderEvent& event) {
  const std::string name = name_of(event.path);
  const bool temporary = health::is_temporary_name(name);
  switch (event.kind) {
    case FolderEventKind::overflow:
      lost_ = dirty_ = stale_ = true;
      return;
    case FolderEventKind::changed:
      take_change(event.path);
      return;  // what it is now is looked at when it is closed
    case FolderEventKind::closed:
    case FolderEventKind::moved_here:
      in_place_.ended(relative(event.path));
      break;
    case FolderEventKind::appeared:
      if (temporary) return;  // a writer begins; what matters is how it ends
      break;
    case FolderEventKind::gone:
      in_place_.ended(relative(event.path));
      if (temporary && count_stale(*picture()).files == 0) return;
      break;
  }
  if (event.folder) stale_ = true;
  dirty_ = true;
}

void Watcher::take_change(const std::string& path) {
  if (!is_document(path)) return;
  const std::string shown = relative(path);
  if (in_place_.changed(shown, steady_clock::now(), now_ns())) begun_.push_back(shown);
  dirty_ = stale_ = true;
}

void Watcher::take_writer(const WriterEvent& event) {
  if (!is_document(event.path)) return;
  // Where the folder announces nothing, this is all that is heard of it.
  if (!events_.is_watched(folder_of(event.path))) take_change(event.path);
  in_place_.name_writer(relative(event.path), words_of_process(event.process), steady_clock::now());
  stale_ = true;
}

bool Watcher::is_document(const std::string& path) const {
  if (documents_.contains(path)) return true;
  if (patterns_.empty() || path.contains("/.untorn/")) return false;
  const std::string name = name_of(path);
  if (health::is_temporary_name(name) || health::is_set_aside_name(name) ||
      document::is_set_aside_name(name)) {
    return false;
  }
  return std::ranges::any_of(options_.folders, [&](const health::NamedFolder& folder) {
    const std::string inside = below(folder.real, path);
    return !inside.empty() && patterns_.matches(name, inside, path);
  });
}

std::string Watcher::relative(const std::string& path) const {
  std::string inside = below(root_, path);
  return inside.empty() ? path : inside;
}

bool Watcher::look() {
  dirty_ = false;
  std::unordered_set<std::string> documents;
  Instant taken = steady_clock::now();
  health::Options options = {.folders = options_.folders, .documents = options_.documents};
  options.on_document = [&](const std::string& file) { documents.insert(file); };
  options.keep_going = [&](const health::Counts&) {
    if (const Instant now = steady_clock::now(); now - taken >= taken_every) {
      taken = now;
      read_announcements();
    }
    return options_.keep_going();
  };
  const Instant begun = steady_clock::now();
  health::Report report = health::examine(fs_, options);
  if (report.interrupted) return false;
  documents_ = std::move(documents);
  mark_document_folders();

  last_look_ = steady_clock::now();
  const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(last_look_ - begun);
  rest_ = std::clamp<std::chrono::nanoseconds>(
      took * rest_per_look, rest_min,
      std::max<std::chrono::nanoseconds>(rest_min, options_.interval));
  keep_confirmed(report.problems);
  if (unconfirmed_) {
    dirty_ = true;
    rest_ = confirmed_after;
  }
  Picture picture;
  picture.root = report.root;
  picture.problems = std::move(report.problems);
  picture.look = {.at_ns = now_ns(),
                  .duration_ns = took.count(),
                  .complete = report.is_complete(),
                  .counts = report.counts};
  std::ranges::copy_if(report.skipped, std::back_inserter(picture.unreadable),
                       &health::Skipped::failed);
  for (const health::Failure& failure : report.failures) {
    picture.unreadable.push_back({.path = failure.path, .reason = failure.error.message()});
  }
  tell_difference(*this->picture(), picture);
  publish(std::move(picture));
  return true;
}

void Watcher::mark_document_folders() {
  if (writers_.descriptor() < 0) return;
  std::set<std::string> folders;
  for (const std::string& document : documents_) {
    folders.insert(folder_of(document));
    if (folders.size() >= marked_folders_max) break;
  }
  writers_.mark(folders);
}

void Watcher::keep_confirmed(std::vector<health::Problem>& problems) {
  const ProblemNames before = std::exchange(found_, names_of(problems));
  unconfirmed_ = std::erase_if(problems, [&before](const health::Problem& problem) {
                   const std::string kind(health::to_string(problem.kind));
                   return is_open(problem) && !before.contains({problem.path, kind});
                 }) > 0;
}

void Watcher::tell_difference(const Picture& before, const Picture& after) const {
  const ProblemNames old_ones = names_of(before.problems);
  const ProblemNames new_ones = names_of(after.problems);
  const auto tell = [this](const auto& from, const auto& without, const std::string& word) {
    std::size_t told = 0;
    for (const auto& each : from) {
      if (without.contains(each)) continue;
      if (++told > told_max) continue;
      options_.message(word + ": " + escape_controls(each.first) + ": " + each.second);
    }
    if (told > told_max) {
      options_.message(word + ": " + std::to_string(told - told_max) + " more");
    }
  };
  tell(new_ones, old_ones, "problem");
  tell(old_ones, new_ones, "gone");
}

void Watcher::publish(Picture picture) {
  picture.in_place_writes = in_place_.count();
  picture.in_place = in_place_.list();
  picture.coverage = events_.coverage();
  picture.coverage.names_writers = writers_.descriptor() >= 0;
  auto published = std::make_shared<const Picture>(std::move(picture));
  stale_ = false;
  last_refresh_ = steady_clock::now();
  const std::scoped_lock lock(mutex_);
  picture_ = std::move(published);
}

void Watcher::refresh() {
  in_place_.forget(steady_clock::now());
  publish(Picture(*picture()));
}

std::shared_ptr<const Picture> Watcher::picture() const {
  const std::scoped_lock lock(mutex_);
  return picture_;
}

void Watcher::set_timer() const {
  Instant next = last_look_ + options_.interval;
  if (dirty_) next = std::min<Instant>(next, last_look_ + rest_);
  if (stale_) next = std::min<Instant>(next, last_refresh_ + refreshed_every);
  if (options_.wake_every.count() > 0) {
    next = std::min<Instant>(next, steady_clock::now() + options_.wake_every);
  }
  const auto left =
      std::max<std::chrono::nanoseconds>(next - steady_clock::now(), std::chrono::milliseconds(1));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  itimerspec when = {};
  when.it_value.tv_sec = seconds.count();
  when.it_value.tv_nsec = (left - seconds).count();
  (void)timerfd_settime(timer_, 0, &when, nullptr);
}

}  // namespace untorn::watch
