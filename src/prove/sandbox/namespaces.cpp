// SPDX-License-Identifier: Apache-2.0
//
// The sandbox of namespaces. Invariants, in the order in which they are established:
//   N1  every mount of this process is private: nothing that is mounted here is seen outside;
//   N2  every mount that existed before is read-only, /proc excepted, so that the files of the real
//       tree cannot be changed from here, not even by root;
//   N3  scratch is a tmpfs mounted on /tmp and then covered: only our descriptor leads to it;
//   N4  /tmp, the root and the extra folders are covered: by a private copy in scratch if they are
//       small, and by an overlay with its upper layer in scratch if not. A copy behaves like any
//       folder, while an overlay cannot rename folders of its lower layer and splits hard links;
//   N5  when the last process in these namespaces has gone, so have N3 and N4.
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <fstream>
#include <random>

#include "prove/sandbox/descriptor.h"
#include "prove/sandbox/mounts.h"
#include "prove/sandbox/parts.h"
#include "prove/sandbox/stage.h"

namespace untorn::prove {
namespace {

Error mount_error(const std::string& path, std::string what) {
  return sandbox_error(errno, path, std::move(what));
}

// A tree with more entries is not copied: it should be some milliseconds of work.
constexpr std::uint64_t small_entries_max = 2000;

// Only the first user namespace of the machine may set trusted attributes.
bool in_first_user_namespace() {
  constexpr ino_t first_number = 0xEFFFFFFDU;
  struct stat status = {};
  return ::stat("/proc/self/ns/user", &status) == 0 && status.st_ino == first_number;
}

// Gives a directory the owner, mode and times of another one; false if the user stays another.
bool make_like(int original, int at, const std::string& name) {
  struct stat status = {};
  if (::fstat(original, &status) != 0) return false;
  const bool owned = ::fchownat(at, name.c_str(), status.st_uid, status.st_gid, 0) == 0 ||
                     status.st_uid == ::geteuid();
  (void)::fchmodat(at, name.c_str(), status.st_mode & 07777U, 0);
  const timespec times[2] = {status.st_atim, status.st_mtim};
  (void)::utimensat(at, name.c_str(), times, 0);
  return owned;
}

class NamespaceSandbox final : public Sandbox {
 public:
  Result<void> build(const SandboxOptions& options, Users users, const std::string& foreign) {
    std::array<char, PATH_MAX> here = {};
    const bool has_here = ::getcwd(here.data(), here.size()) != nullptr;
    if (auto left = leave_mounts(users); !left) return left;
    user_attributes_ = !in_first_user_namespace();
    small_bytes_max_ = options.small_bytes_max;
    foreign_ = foreign;
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      return std::unexpected(mount_error("/", "cannot be made private"));
    }
    if (auto done = make_all_read_only(); !done) return done;
    if (auto done = mount_scratch(options); !done) return done;
    if (auto done = mount_trees(); !done) return done;
    if (has_here && ::chdir(here.data()) != 0) {
      return std::unexpected(mount_error(here.data(), "cannot be entered again"));
    }
    return {};
  }

  ~NamespaceSandbox() override {
    hide_state();
    for (const Tree& tree : trees_) {
      ::close(tree.lower);
      if (tree.upper >= 0) ::close(tree.upper);
    }
  }

  [[nodiscard]] Isolation isolation() const override { return Isolation::namespaces; }
  [[nodiscard]] const std::string& why_copy() const override { return why_copy_; }
  [[nodiscard]] const std::vector<Tree>& trees() const override { return trees_; }
  [[nodiscard]] const std::vector<std::string>& notes() const override { return notes_; }
  [[nodiscard]] int scratch() const override { return shared_.get(); }
  [[nodiscard]] std::string scratch_path() const override;
  [[nodiscard]] Result<std::string> show_state(const Difference& state) override;
  [[nodiscard]] Result<std::vector<Tree>> keep_state(const Difference& state) override;
  void hide_state() override;

 private:
  Result<void> mount_scratch(const SandboxOptions& options);
  Result<void> mount_trees();
  Result<void> mount_tree(Tree& tree);
  bool mount_small_copy(const Tree& tree, const std::string& layers);
  // An overlay of `lower` with the layers scratch/<layers>/{upper,work}.
  Result<void> mount_overlay(const std::string& path, int lower, const std::string& layers,
                             bool make_like_lower);
  Result<void> mount_bound_temporary();
  void mount_shared_memory();
  bool mount_state(const Tree& tree, const std::string& layers);
  void make_stages();
  std::unique_ptr<Stage> make_stage(const Tree& tree, const std::string& name);
  // A directory of scratch with a copy of the tree; nullptr if it is not small.
  std::unique_ptr<Stage> make_copy(const Tree& tree, const std::string& name);
  void remove_copy(const std::string& name);
  Result<void> show_overlay(const Tree& tree, const std::string& layers, const Difference& state);
  void hide_overlays();

  bool user_attributes_ = false;  // the overlays keep their notes in user.*, not trusted.*
  std::uint64_t small_bytes_max_ = 0;
  std::string foreign_;  // what no overlay could change
  std::string why_copy_;
  std::vector<Tree> trees_;
  std::vector<std::string> notes_;
  Descriptor temporary_lower_;  // the real /tmp
  Descriptor scratch_;          // the tmpfs
  Descriptor shared_;           // the part of it that the caller may use
  std::vector<CoveredMount> submounts_;
  std::vector<std::unique_ptr<Stage>> stages_;  // by tree; nullptr: an overlay for each state
  std::vector<std::unique_ptr<Stage>> kept_;    // by tree, beside the stages
  bool has_stages_ = false;
  std::vector<std::string> shown_;  // paths with the overlay of a state on them
  std::string shown_layers_;
  std::uint64_t states_ = 0;
  mutable std::string scratch_path_;
};

Result<void> NamespaceSandbox::mount_scratch(const SandboxOptions& options) {
  // Handles first: afterwards these paths lead into the overlays.
  const auto open_folder = [](const std::string& path) {
    return Descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  };
  temporary_lower_ = open_folder("/tmp");
  if (!temporary_lower_.valid()) return std::unexpected(mount_error("/tmp", "cannot be read"));
  std::vector<std::string> covers = {"/tmp", options.root};
  covers.insert(covers.end(), options.also.begin(), options.also.end());
  submounts_ = find_covered_mounts(covers);
  trees_.reserve(covers.size());
  for (std::size_t i = 1; i < covers.size(); ++i) {
    Descriptor lower = open_folder(covers[i]);
    if (!lower.valid()) return std::unexpected(mount_error(covers[i], "cannot be read"));
    trees_.push_back({covers[i], i == 1 ? "" : covers[i], lower.release(), -1});
  }
  const std::string size = "size=" + std::to_string(options.scratch_bytes_max) + ",mode=0700";
  if (::mount("untorn", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, size.c_str()) != 0) {
    return std::unexpected(mount_error("/tmp", "a private tmpfs cannot be mounted"));
  }
  scratch_ = open_folder("/tmp");
  if (!scratch_.valid() || ::mkdirat(scratch_.get(), "shared", 0700) != 0) {
    return std::unexpected(mount_error("/tmp", "the private tmpfs cannot be used"));
  }
  shared_ = Descriptor(::openat(scratch_.get(), "shared", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return {};
}

Result<void> NamespaceSandbox::mount_overlay(const std::string& path, int lower,
                                             const std::string& layers, bool make_like_lower) {
  const std::string upper = layers + "/upper";
  const std::string work = layers + "/work";
  if (make_like_lower) {
    if (::mkdirat(scratch_.get(), layers.c_str(), 0700) != 0 ||
        ::mkdirat(scratch_.get(), upper.c_str(), 0700) != 0 ||
        ::mkdirat(scratch_.get(), work.c_str(), 0700) != 0) {
      return std::unexpected(mount_error(path, "the layers of its overlay cannot be made"));
    }
    // The upper directory gives the overlay's own root its attributes.
    (void)make_like(lower, scratch_.get(), upper);
  }
  const std::string base = "/proc/self/fd/" + std::to_string(scratch_.get()) + "/";
  const std::string folders = "lowerdir=/proc/self/fd/" + std::to_string(lower) +
                              ",upperdir=" + base + upper + ",workdir=" + base + work;
  // A user namespace has no trusted attributes; the kernel then refuses the explicit forms of
  // redirect_dir and metacopy and leaves both off. xino keeps inode numbers across a copy-up.
  const std::string form =
      user_attributes_ ? ",userxattr,index=off" : ",redirect_dir=off,metacopy=off,index=off";
  for (const char* numbers : {",xino=on", ""}) {
    const std::string data = folders + form + numbers;
    if (::mount("untorn", path.c_str(), "overlay", 0, data.c_str()) == 0) return {};
  }
  return std::unexpected(mount_error(path, "an overlay cannot be mounted there"));
}

bool NamespaceSandbox::mount_small_copy(const Tree& tree, const std::string& layers) {
  if (small_bytes_max_ == 0) return false;
  for (const CoveredMount& mount : submounts_) {
    if (is_below(mount.path, tree.path)) return false;
  }
  const std::string name = layers + "-copy";
  if (::mkdirat(scratch_.get(), name.c_str(), 0700) != 0) return false;
  Descriptor copy(::openat(scratch_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  CopyLimits limits = {small_bytes_max_, small_entries_max, true};
  const std::string source = "/proc/self/fd/" + std::to_string(copy.get());
  if (copy_tree(tree.lower, copy.get(), tree.path, limits) &&
      make_like(tree.lower, scratch_.get(), name) &&
      ::mount(source.c_str(), tree.path.c_str(), nullptr, MS_BIND, nullptr) == 0) {
    return true;
  }
  remove_content(copy.get());
  (void)::unlinkat(scratch_.get(), name.c_str(), AT_REMOVEDIR);
  return false;
}

Result<void> NamespaceSandbox::mount_tree(Tree& tree) {
  const std::string layers = "tree" + std::to_string(&tree - trees_.data());
  if (mount_small_copy(tree, layers)) return {};
  if (!foreign_.empty()) {
    return std::unexpected(sandbox_error(
        EOVERFLOW, foreign_,
        "belongs to a user or group that a namespace of an ordinary user does not have"));
  }
  if (auto mounted = mount_overlay(tree.path, tree.lower, layers, true); !mounted) return mounted;
  const std::string upper = layers + "/upper";
  tree.upper = ::openat(scratch_.get(), upper.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (tree.upper >= 0) return {};
  return std::unexpected(mount_error(tree.path, "has no upper layer"));
}

Result<void> NamespaceSandbox::mount_trees() {
  mount_shared_memory();
  // Outer mounts before inner ones: /tmp may hold a root, which may hold a mount.
  struct Action {
    std::string path;
    const CoveredMount* bind;
    const Tree* tree;
  };
  std::vector<Action> actions;
  const bool temporary_is_tree =
      std::ranges::any_of(trees_, [](const Tree& tree) { return tree.path == "/tmp"; });
  if (!temporary_is_tree) actions.push_back({"/tmp", nullptr, nullptr});
  for (const Tree& tree : trees_) actions.push_back({tree.path, nullptr, &tree});
  for (const CoveredMount& mount : submounts_) actions.push_back({mount.path, &mount, nullptr});
  std::ranges::sort(actions, {}, &Action::path);
  for (const Action& action : actions) {
    if (action.bind != nullptr) {
      if (!bind_again(*action.bind)) notes_.push_back("the mount " + action.path + " is not seen");
      continue;
    }
    Result<void> mounted = {};
    if (action.tree != nullptr) {
      mounted = mount_tree(trees_[static_cast<std::size_t>(action.tree - trees_.data())]);
    } else if (!mount_overlay("/tmp", temporary_lower_.get(), "tmp", true)) {
      mounted = mount_bound_temporary();
    }
    if (!mounted) return mounted;
  }
  return {};
}

// A user namespace may not uncover what its inherited mounts hide, so that it gets no overlay over
// a folder that holds such a mount. For /tmp a fresh one will do, with the old entries bound.
Result<void> NamespaceSandbox::mount_bound_temporary() {
  if (::mount("untorn", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") != 0) {
    return std::unexpected(mount_error("/tmp", "a private one cannot be mounted"));
  }
  if (!bind_entries(temporary_lower_.get(), "/tmp")) {
    notes_.emplace_back("/tmp does not show everything that the real one holds");
  }
  return {};
}

// Before the trees: one that lies in there gets its folder back, for its own mount to cover.
void NamespaceSandbox::mount_shared_memory() {
  const std::string place = "/dev/shm";
  const auto is_place = [&](const Tree& tree) { return tree.path == place; };
  if (std::ranges::any_of(trees_, is_place)) return;
  if (::mount("untorn", place.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") != 0) {
    notes_.emplace_back("/dev/shm is read-only");
    return;
  }
  for (const Tree& tree : trees_) {
    std::error_code ignored;  // the mount on it will say what is wrong
    if (is_below(tree.path, place)) std::filesystem::create_directories(tree.path, ignored);
  }
}

std::string NamespaceSandbox::scratch_path() const {
  if (!scratch_path_.empty()) return scratch_path_;
  std::random_device random;
  std::string path = "/tmp/.untorn-" + std::to_string(random());
  const std::string own = "/proc/self/fd/" + std::to_string(shared_.get());
  if (::mkdir(path.c_str(), 0700) != 0 ||
      ::mount(own.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return {};
  }
  scratch_path_ = path;
  return path;
}

bool NamespaceSandbox::mount_state(const Tree& tree, const std::string& layers) {
  if (!mount_overlay(tree.path, tree.lower, layers, false)) return false;
  shown_.push_back(tree.path);
  for (const CoveredMount& mount : submounts_) {
    if (is_below(mount.path, tree.path)) (void)bind_again(mount);
  }
  return true;
}

// A small tree is shown in one folder that changes from state to state; a large one, or one that
// holds mounts, by an overlay for each state.
void NamespaceSandbox::make_stages() {
  has_stages_ = true;
  for (std::size_t i = 0; i < trees_.size(); ++i) {
    stages_.push_back(make_stage(trees_[i], "stage" + std::to_string(i)));
  }
}

std::unique_ptr<Stage> NamespaceSandbox::make_copy(const Tree& tree, const std::string& name) {
  if (::mkdirat(scratch_.get(), name.c_str(), 0700) != 0) return nullptr;
  Descriptor target(::openat(scratch_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  auto stage = Stage::make(tree.lower, std::move(target), tree.prefix, tree.path,
                           {small_bytes_max_, small_entries_max});
  if (stage) return *std::move(stage);
  remove_copy(name);
  return nullptr;
}

void NamespaceSandbox::remove_copy(const std::string& name) {
  const Descriptor content(
      ::openat(scratch_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (content.valid()) remove_content(content.get());
  (void)::unlinkat(scratch_.get(), name.c_str(), AT_REMOVEDIR);
}

std::unique_ptr<Stage> NamespaceSandbox::make_stage(const Tree& tree, const std::string& name) {
  const auto lies_in_tree = [&](const CoveredMount& mount) {
    return is_below(mount.path, tree.path);
  };
  if (small_bytes_max_ == 0 || std::ranges::any_of(submounts_, lies_in_tree)) return nullptr;
  auto stage = make_copy(tree, name);
  if (!stage) return nullptr;
  const std::string source = "/proc/self/fd/" + std::to_string(stage->directory());
  if (::mount(source.c_str(), tree.path.c_str(), nullptr, MS_BIND, nullptr) == 0) return stage;
  stage.reset();
  remove_copy(name);
  return nullptr;
}

Result<std::vector<Tree>> NamespaceSandbox::keep_state(const Difference& state) {
  if (!has_stages_) make_stages();
  std::vector<Tree> trees = trees_;
  for (std::size_t i = 0; i < trees_.size(); ++i) {
    if (kept_.size() <= i && stages_[i]) {
      kept_.push_back(make_copy(trees_[i], "kept" + std::to_string(i)));
    }
    if (kept_.size() <= i || !kept_[i]) {
      return std::unexpected(sandbox_error(EFBIG, trees_[i].path,
                                           "recoveries are not crashed: it is too large for a "
                                           "second copy of each state"));
    }
    if (auto shown = kept_[i]->show(state); !shown) return std::unexpected(shown.error());
    trees[i].lower = kept_[i]->directory();
    trees[i].upper = -1;
  }
  return trees;
}

Result<void> NamespaceSandbox::show_overlay(const Tree& tree, const std::string& layers,
                                            const Difference& state) {
  const std::string upper = layers + "/upper";
  const std::string work = layers + "/work";
  struct stat status = {};
  if (::mkdirat(scratch_.get(), layers.c_str(), 0700) != 0 ||
      ::mkdirat(scratch_.get(), upper.c_str(), 0700) != 0 ||
      ::mkdirat(scratch_.get(), work.c_str(), 0700) != 0 || ::fstat(tree.lower, &status) != 0 ||
      ::fchmodat(scratch_.get(), upper.c_str(), status.st_mode & 07777U, 0) != 0) {
    return std::unexpected(mount_error(tree.path, "no room for a crash state"));
  }
  const Descriptor target(
      ::openat(scratch_.get(), upper.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  auto applied = apply_difference(state, tree.prefix, tree.lower, target.get(), true);
  if (!applied || mount_state(tree, layers)) return applied;
  return std::unexpected(mount_error(tree.path, "a crash state cannot be mounted"));
}

Result<std::string> NamespaceSandbox::show_state(const Difference& state) {
  hide_overlays();
  if (!has_stages_) make_stages();
  shown_layers_ = "state" + std::to_string(states_++);
  const bool needs_layers =
      std::ranges::any_of(stages_, [](const auto& stage) { return stage == nullptr; });
  if (needs_layers && ::mkdirat(scratch_.get(), shown_layers_.c_str(), 0700) != 0) {
    return std::unexpected(mount_error(trees_[0].path, "no room for a crash state"));
  }
  for (std::size_t i = 0; i < trees_.size(); ++i) {
    auto shown = stages_[i]
                     ? stages_[i]->show(state)
                     : show_overlay(trees_[i], shown_layers_ + "/" + std::to_string(i), state);
    if (!shown) return std::unexpected(shown.error());
  }
  return trees_[0].path;
}

void NamespaceSandbox::hide_overlays() {
  for (auto path = shown_.rbegin(); path != shown_.rend(); ++path) {
    ::umount2(path->c_str(), MNT_DETACH);
  }
  shown_.clear();
  if (shown_layers_.empty()) return;
  const Descriptor layers(
      ::openat(scratch_.get(), shown_layers_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (layers.valid()) remove_content(layers.get());
  (void)::unlinkat(scratch_.get(), shown_layers_.c_str(), AT_REMOVEDIR);
  shown_layers_.clear();
}

void NamespaceSandbox::hide_state() {
  hide_overlays();
  for (std::size_t i = stages_.size(); i-- > 0;) {
    if (!stages_[i]) continue;
    ::umount2(trees_[i].path.c_str(), MNT_DETACH);
    remove_copy("stage" + std::to_string(i));
  }
  for (std::size_t i = 0; i < kept_.size(); ++i) remove_copy("kept" + std::to_string(i));
  kept_.clear();
  stages_.clear();
  has_stages_ = false;
}

}  // namespace

Result<std::unique_ptr<Sandbox>> enter_namespaces(const SandboxOptions& options, Users users,
                                                  const std::string& foreign) {
  auto sandbox = std::make_unique<NamespaceSandbox>();
  auto built = sandbox->build(options, users, foreign);
  if (!built) return std::unexpected(built.error());
  return std::unique_ptr<Sandbox>(std::move(sandbox));
}

}  // namespace untorn::prove
