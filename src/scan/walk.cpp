// SPDX-License-Identifier: Apache-2.0
#include "scan/walk.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include "base/try.h"
#include "scan/ignore.h"
#include "scan/languages.h"
#include "scan/parallel.h"

namespace untorn::scan {
namespace {

namespace stdfs = std::filesystem;
using SharedConfig = std::shared_ptr<const Config>;

// Folders of code that somebody else maintains, by name and by what lies in them.
constexpr std::array<std::string_view, 13> vendored_names = {".eggs",
                                                             ".nox",
                                                             ".tox",
                                                             ".venv",
                                                             "__pypackages__",
                                                             "_vendor",
                                                             "bower_components",
                                                             "dist-packages",
                                                             "node_modules",
                                                             "site-packages",
                                                             "third_party",
                                                             "vendor",
                                                             "vendored"};
constexpr std::array<std::string_view, 2> environment_marks = {"conda-meta", "pyvenv.cfg"};

bool is_vendored(std::string_view name) {
  return std::find(vendored_names.begin(), vendored_names.end(), name) != vendored_names.end();
}

bool is_environment(const std::vector<Entry>& entries) {
  return std::any_of(entries.begin(), entries.end(), [](const Entry& entry) {
    return std::find(environment_marks.begin(), environment_marks.end(), entry.name) !=
           environment_marks.end();
  });
}

std::string joined(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.ends_with('/')) path += '/';
  return path += name;
}

Error path_error(const std::string& path, Errno error) {
  return Error::from_errno(number(error), Step::inspect, Outcome::not_applied, path);
}

// A path that was named, found.
struct Named {
  std::string path;  // absolute; links are followed, of a file those of its folders
  bool is_directory = false;
};

Result<Named> find_named(const std::string& given) {
  std::error_code error;
  const auto fail = [&] {
    return std::unexpected(path_error(given, Errno{error.value() == 0 ? ENOENT : error.value()}));
  };
  if (given.empty() || given.find('\0') != std::string::npos) return fail();
  const bool is_directory = stdfs::is_directory(given, error);
  const bool exists = !error && stdfs::exists(given, error);
  if (error || !exists) return fail();
  stdfs::path path = stdfs::absolute(given, error);
  if (error) return fail();
  if (is_directory) {
    path = stdfs::canonical(path, error);
  } else {
    path = stdfs::canonical(path.parent_path(), error) / path.filename();
  }
  if (error) return fail();
  return Named{.path = path.string(), .is_directory = is_directory};
}

// The deepest folder that holds all of them.
std::string common_root(const std::vector<Named>& named) {
  std::optional<stdfs::path> root;
  for (const Named& each : named) {
    const stdfs::path folder =
        each.is_directory ? stdfs::path(each.path) : stdfs::path(each.path).parent_path();
    if (!root) {
      root = folder;
      continue;
    }
    stdfs::path shared;
    for (auto left = root->begin(), right = folder.begin();
         left != root->end() && right != folder.end() && *left == *right; ++left, ++right) {
      shared /= *left;
    }
    root = std::move(shared);
  }
  return root ? root->string() : "/";
}

struct Task {
  std::string folder;  // absolute
  IgnoreRules::Shared ignore;
  SharedConfig config;
  bool named = false;
};

class Walker {
 public:
  Walker(FileSystem& fs, const ScanRequest& request, std::vector<Glob> exclude)
      : fs_(fs), request_(request), exclude_(std::move(exclude)) {}

  Result<Walk> run(unsigned threads) {
    if (request_.settings_file) {
      UNTORN_TRY(std::optional<Config> config, read_config(fs_, *request_.settings_file));
      if (!config) config.emplace();
      config->folder = stdfs::absolute(*request_.settings_file).parent_path().string();
      fixed_config_ = share(*std::move(config));
    }
    std::vector<Named> named;
    for (const std::string& path : request_.paths) {
      UNTORN_TRY(Named found, find_named(path));
      named.push_back(std::move(found));
    }
    std::sort(named.begin(), named.end(),
              [](const Named& left, const Named& right) { return left.path < right.path; });
    named.erase(
        std::unique(named.begin(), named.end(),
                    [](const Named& left, const Named& right) { return left.path == right.path; }),
        named.end());
    walk_.root = common_root(named);
    std::vector<Task> tasks;
    for (const Named& each : named) {
      UNTORN_CHECK(each.is_directory ? add_folder(each, tasks) : add_file(each));
    }
    for_each_task(threads, std::move(tasks), request_.stop,
                  [&](Task task, const auto& push, bool is_caller) {
                    visit(std::move(task), push);
                    if (is_caller && request_.progress) request_.progress({});
                  });
    if (error_) return std::unexpected(*std::move(error_));
    sort();
    return std::move(walk_);
  }

 private:
  // What one folder adds, gathered without a lock.
  struct Found {
    std::vector<Candidate> files;
    LeftOut left_out;
  };

  [[nodiscard]] SharedConfig share(Config config) const {
    return std::make_shared<const Config>(overridden(std::move(config), request_.overrides));
  }

  [[nodiscard]] Result<SharedConfig> config_at(const std::string& folder) const {
    if (fixed_config_) return fixed_config_;
    UNTORN_TRY(Config config, nearest_config(fs_, folder));
    return share(std::move(config));
  }

  [[nodiscard]] std::string relative(const std::string& path) const {
    return path == walk_.root ? std::string() : std::string(relative_to(walk_.root, path));
  }

  Result<void> add_folder(const Named& named, std::vector<Task>& tasks) {
    UNTORN_TRY(SharedConfig config, config_at(named.path));
    tasks.push_back({.folder = named.path,
                     .ignore = IgnoreRules::above(fs_, named.path),
                     .config = std::move(config),
                     .named = true});
    walk_.folders.push_back(relative(named.path));
    return {};
  }

  Result<void> add_file(const Named& named) {
    UNTORN_TRY(SharedConfig config, config_at(stdfs::path(named.path).parent_path().string()));
    walk_.files.push_back(
        {.path = relative(named.path), .config = std::move(config), .named = true});
    return {};
  }

  SystemResult<std::vector<Entry>> list(const std::string& folder) {
    UNTORN_TRY(const Handle opened, fs_.open(Handle::working_directory, folder,
                                             {.access = Access::directory, .follow = false}));
    const OwnedHandle handle(fs_, opened);
    return fs_.list(handle.get());
  }

  template <class Push>
  void visit(Task task, const Push& push) {
    auto entries = list(task.folder);
    if (!entries) return skip_folder(task, entries.error());
    Found found;
    if (!task.named && is_environment(*entries)) {
      ++found.left_out.vendored_folders;
      return add(std::move(found));
    }
    const bool has_settings = std::any_of(entries->begin(), entries->end(), [](const Entry& entry) {
      return entry.name == "untorn.toml" || entry.name == "pyproject.toml";
    });
    if (has_settings && !task.named) {
      auto config = config_at(task.folder);
      if (!config) return fail(config.error());
      task.config = *std::move(config);
    }
    task.ignore = IgnoreRules::enter(fs_, task.ignore, task.folder, *entries);
    for (const Entry& entry : *entries) {
      std::string path = joined(task.folder, entry.name);
      switch (type_of(entry, path)) {
        case FileType::directory:
          if (enters(entry.name, path, task, found.left_out)) {
            push(Task{.folder = std::move(path), .ignore = task.ignore, .config = task.config});
          }
          break;
        case FileType::regular:
          take_file(path, task, found);
          break;
        case FileType::symlink:
          ++found.left_out.links;
          break;
        default:
          break;
      }
    }
    add(std::move(found));
  }

  // Some file systems list names without types.
  FileType type_of(const Entry& entry, const std::string& path) {
    if (entry.type != FileType::other) return entry.type;
    const auto status = fs_.status_at(Handle::working_directory, path);
    return status ? status->type : FileType::other;
  }

  [[nodiscard]] bool excluded(const std::string& path, bool is_directory, const Task& task) const {
    if (task.ignore && task.ignore->ignores(path, is_directory)) return true;
    const Config& config = *task.config;
    return judge(config.exclude, relative_to(config.folder, path), is_directory) ==
               Verdict::excluded ||
           judge(exclude_, relative_to(walk_.root, path), is_directory) == Verdict::excluded;
  }

  [[nodiscard]] bool enters(std::string_view name, const std::string& path, const Task& task,
                            LeftOut& left_out) const {
    if (is_vendored(name)) {
      ++left_out.vendored_folders;
    } else if (name.starts_with('.')) {
      ++left_out.hidden_folders;
    } else if (excluded(path, true, task)) {
      ++left_out.ignored;
    } else {
      return true;
    }
    return false;
  }

  void take_file(const std::string& path, const Task& task, Found& found) const {
    const languages::Language* language = language_by_name(path);
    if (language == nullptr && !may_be_script(path)) return;
    if (excluded(path, false, task)) {
      ++found.left_out.ignored;
      return;
    }
    std::string short_path = relative(path);
    const bool is_test =
        language != nullptr && language->is_test != nullptr && language->is_test(short_path);
    if (is_test && !task.config->include_tests) {
      ++found.left_out.tests;
    } else {
      found.files.push_back({.path = std::move(short_path), .config = task.config});
    }
  }

  void add(Found found) {
    const std::scoped_lock lock(mutex_);
    walk_.files.insert(walk_.files.end(), std::make_move_iterator(found.files.begin()),
                       std::make_move_iterator(found.files.end()));
    walk_.left_out.ignored += found.left_out.ignored;
    walk_.left_out.vendored_folders += found.left_out.vendored_folders;
    walk_.left_out.hidden_folders += found.left_out.hidden_folders;
    walk_.left_out.links += found.left_out.links;
    walk_.left_out.tests += found.left_out.tests;
  }

  void skip_folder(const Task& task, Errno error) {
    if (task.named) return fail(path_error(task.folder, error));
    const std::scoped_lock lock(mutex_);
    walk_.skipped.push_back(
        {.path = relative(task.folder),
         .kind = SkipKind::unreadable,
         .reason = std::string("the folder cannot be listed: ") + std::strerror(number(error))});
  }

  void fail(Error error) {
    const std::scoped_lock lock(mutex_);
    if (!error_ || error.path() < error_->path()) error_ = std::move(error);
  }

  // Folders may be named twice, or one inside the other: then `named` is what counts.
  void sort() {
    std::sort(walk_.files.begin(), walk_.files.end(),
              [](const Candidate& left, const Candidate& right) {
                return left.path != right.path ? left.path < right.path : left.named > right.named;
              });
    const auto end = std::unique(
        walk_.files.begin(), walk_.files.end(),
        [](const Candidate& left, const Candidate& right) { return left.path == right.path; });
    walk_.files.erase(end, walk_.files.end());
    std::sort(
        walk_.skipped.begin(), walk_.skipped.end(),
        [](const SkippedFile& left, const SkippedFile& right) { return left.path < right.path; });
  }

  FileSystem& fs_;
  const ScanRequest& request_;
  std::vector<Glob> exclude_;
  SharedConfig fixed_config_;
  std::mutex mutex_;  // of what follows, while threads run
  Walk walk_;
  std::optional<Error> error_;
};

}  // namespace

Result<Walk> walk(FileSystem& fs, const ScanRequest& request, unsigned threads) {
  std::vector<Glob> exclude;
  for (const std::string& pattern : request.exclude) {
    auto glob = Glob::parse(pattern);
    if (!glob) {
      return std::unexpected(Error(Code::invalid_argument, Step::inspect, Outcome::not_applied, 0,
                                   pattern, "this is no pattern"));
    }
    exclude.push_back(*std::move(glob));
  }
  return Walker(fs, request, std::move(exclude)).run(threads);
}

}  // namespace untorn::scan
