// SPDX-License-Identifier: Apache-2.0
//
// The sandbox without namespaces: a copy of the trees under TMPDIR, in a folder whose name says
// what it is, removed at the end.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "prove/sandbox/descriptor.h"
#include "prove/sandbox/parts.h"
#include "prove/sandbox/stage.h"

namespace untorn::prove {
namespace {

constexpr std::uint64_t copied_bytes_max = 1ULL << 30U;
constexpr std::uint64_t copied_entries_max = 1'000'000;
constexpr int removals_max = 100;
constexpr useconds_t removal_pause_us = 20'000;

Descriptor open_folder(int at, const std::string& path) {
  return Descriptor(::openat(at, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

class CopySandbox final : public Sandbox {
 public:
  explicit CopySandbox(std::string why) : why_copy_(std::move(why)) {}

  Result<void> build(const SandboxOptions& options) {
    const char* folder = std::getenv("TMPDIR");
    std::string pattern = folder != nullptr && *folder == '/' ? folder : "/tmp";
    pattern += "/untorn-prove-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      return std::unexpected(sandbox_error(errno, pattern, "a folder for the copy cannot be made"));
    }
    // The tracer compares paths as the kernel writes them: without links.
    std::array<char, PATH_MAX> resolved = {};
    path_ = ::realpath(pattern.c_str(), resolved.data()) != nullptr ? resolved.data() : pattern;
    owner_ = ::getpid();
    base_ = open_folder(AT_FDCWD, path_);
    start_remover();
    if (!base_.valid() || ::mkdirat(base_.get(), "scratch", 0700) != 0 ||
        ::mkdirat(base_.get(), "tmp", 01777) != 0) {
      return std::unexpected(sandbox_error(errno, path_, "the copy cannot be made"));
    }
    scratch_ = open_folder(base_.get(), "scratch");
    CopyLimits limits = {copied_bytes_max, copied_entries_max, false};
    if (auto done = add_tree(options.root, "", "root", limits); !done) return done;
    for (std::size_t i = 0; i < options.also.size(); ++i) {
      const std::string& also = options.also[i];
      auto done = add_tree(also, also, "also" + std::to_string(i), limits);
      if (!done) return done;
    }
    notes_.push_back("the run sees a copy at " + trees_[0].path);
    return {};
  }

  ~CopySandbox() override {
    for (const Tree& tree : trees_) ::close(tree.lower);
    // A forked child that ends in the ordinary way must not take the copy along.
    if (!base_.valid() || owner_ != ::getpid()) return;
    remove_content(base_.get());
    (void)::rmdir(path_.c_str());
  }

  CopySandbox(const CopySandbox&) = delete;
  CopySandbox& operator=(const CopySandbox&) = delete;

  [[nodiscard]] Isolation isolation() const override { return Isolation::copy; }
  [[nodiscard]] const std::string& why_copy() const override { return why_copy_; }
  [[nodiscard]] const std::vector<Tree>& trees() const override { return trees_; }
  [[nodiscard]] const std::vector<std::string>& notes() const override { return notes_; }
  [[nodiscard]] int scratch() const override { return scratch_.get(); }
  [[nodiscard]] std::string scratch_path() const override { return path_ + "/scratch"; }

  [[nodiscard]] Result<std::string> show_state(const Difference& state) override {
    if (stages_.empty()) {
      if (auto made = make_stages(); !made) return std::unexpected(made.error());
    }
    for (const auto& stage : stages_) {
      if (auto shown = stage->show(state); !shown) return std::unexpected(shown.error());
    }
    return path_ + "/state/root";
  }

  [[nodiscard]] std::vector<StatePlace> state_places() const override {
    std::vector<StatePlace> places;
    for (std::size_t i = 0; i < trees_.size(); ++i) {
      places.push_back({path_ + "/state/" + state_name(i), trees_[i].prefix});
    }
    return places;
  }

  void hide_state() override {
    stages_.clear();
    Descriptor states = open_folder(base_.get(), "state");
    if (!states.valid()) return;
    remove_content(states.get());
    (void)::unlinkat(base_.get(), "state", AT_REMOVEDIR);
  }

 private:
  static std::string state_name(std::size_t tree) {
    return tree == 0 ? "root" : "also" + std::to_string(tree - 1);
  }

  Result<void> make_stages() {
    (void)::mkdirat(base_.get(), "state", 0700);
    const Descriptor states = open_folder(base_.get(), "state");
    for (std::size_t i = 0; i < trees_.size(); ++i) {
      const std::string name = state_name(i);
      (void)::mkdirat(states.get(), name.c_str(), 0755);
      auto stage = Stage::make(trees_[i].lower, open_folder(states.get(), name), trees_[i].prefix,
                               trees_[i].path, {copied_bytes_max, copied_entries_max});
      if (!stage) {
        hide_state();
        return std::unexpected(stage.error());
      }
      stages_.push_back(*std::move(stage));
    }
    return {};
  }

  // This process may be killed without a chance to tidy up. Somebody else waits for its end, which
  // closes the pipe, and removes what is left. A grandchild in a session of its own: nobody who
  // waits for our children meets it, and no signal of the terminal reaches it.
  void start_remover() {
    int ends[2] = {-1, -1};
    if (!base_.valid() || ::pipe2(ends, O_CLOEXEC) != 0) return;
    const Descriptor end(ends[0]);
    alive_ = Descriptor(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
      if (::setsid() < 0 || ::fork() != 0) ::_exit(0);
      remove_after_end(end.get());
    }
    while (child > 0 && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  [[noreturn]] void remove_after_end(int end) const {
    // Whatever else was open here must not stay open longer than with our maker.
    const int base = base_.get();
    const int first = std::min(end, base);
    const int second = std::max(end, base);
    const auto close_between = [](int from, int to) {
      if (from <= to)
        (void)::close_range(static_cast<unsigned>(from), static_cast<unsigned>(to), 0);
    };
    close_between(0, first - 1);
    close_between(first + 1, second - 1);
    (void)::close_range(static_cast<unsigned>(second) + 1, ~0U, 0);
    char byte = 0;
    while (::read(end, &byte, 1) < 0 && errno == EINTR) {
    }
    // The program that was being traced may need a moment to die.
    for (int attempt = 0; attempt < removals_max; ++attempt) {
      remove_content(base);
      if (::rmdir(path_.c_str()) == 0 || errno == ENOENT) break;
      ::usleep(removal_pause_us);
    }
    ::_exit(0);
  }

  Result<void> add_tree(const std::string& original, std::string prefix, const std::string& name,
                        CopyLimits& limits) {
    Descriptor lower = open_folder(AT_FDCWD, original);
    struct stat status = {};
    if (!lower.valid() || ::fstat(lower.get(), &status) != 0 ||
        ::mkdirat(base_.get(), name.c_str(), 0700) != 0) {
      return std::unexpected(sandbox_error(errno, original, "cannot be copied"));
    }
    Descriptor target = open_folder(base_.get(), name);
    auto copied = copy_tree(lower.get(), target.get(), original, limits);
    if (!copied) return copied;
    (void)::fchmod(target.get(), status.st_mode & 07777U);
    trees_.push_back({path_ + "/" + name, std::move(prefix), lower.release(), -1});
    return {};
  }

  std::string why_copy_;
  std::string path_;
  pid_t owner_ = -1;
  Descriptor alive_;  // closed by our end, whatever that is
  Descriptor base_;
  Descriptor scratch_;
  std::vector<Tree> trees_;
  std::vector<std::string> notes_;
  std::vector<std::unique_ptr<Stage>> stages_;  // one for each tree, from the first state on
};

}  // namespace

Result<std::unique_ptr<Sandbox>> enter_copy(const SandboxOptions& options, std::string why_copy) {
  auto sandbox = std::make_unique<CopySandbox>(std::move(why_copy));
  if (auto built = sandbox->build(options); !built) return std::unexpected(built.error());
  return std::unique_ptr<Sandbox>(std::move(sandbox));
}

}  // namespace untorn::prove
