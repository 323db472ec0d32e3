// SPDX-License-Identifier: Apache-2.0
#include "prove/sandbox/sandbox.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "prove/trace/trace_test_support.h"

namespace untorn::prove::testing {
namespace {

using ::testing::HasSubstr;

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool write_all(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  file.close();
  return !file.fail();
}

// What the machine looks like from outside: mounts, and what lies in /tmp of ours.
std::string machine_state() {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/tmp", ignored)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("untorn-prove") || name.starts_with(".untorn")) names.push_back(name);
  }
  std::ranges::sort(names);
  std::string text = read_all("/proc/mounts");
  for (const std::string& name : names) text += name + "\n";
  return text;
}

SandboxOptions options_for(const TestFolder& folder) {
  SandboxOptions options;
  options.root = folder.path();
  return options;
}

crash::History::File file_of(const std::string& content, FileType type = FileType::regular) {
  crash::History::File file;
  file.type = type;
  file.content = Bytes(std::string_view(content));
  file.mode = type == FileType::directory ? 0755 : 0640;
  return file;
}

// Every path below `folder` with its kind and content, one a line.
std::string tree_text(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().string().substr(folder.size() + 1);
    if (entry.is_symlink()) {
      lines.push_back(name + " -> " + fs::read_symlink(entry.path()).string());
    } else if (entry.is_directory()) {
      lines.push_back(name + "/");
    } else if (entry.is_regular_file()) {
      lines.push_back(name + "=" + read_all(entry.path()));
    } else {
      lines.push_back(name + " special");
    }
  }
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(Sandbox, unusable_folders_are_refused_with_the_reason) {
  const auto message = [](const std::string& root, std::vector<std::string> also = {}) {
    SandboxOptions options;
    options.root = root;
    options.also = std::move(also);
    auto sandbox = Sandbox::enter(options);
    return sandbox ? "entered" : sandbox.error().message();
  };
  EXPECT_THAT(message("/"), HasSubstr("root directory of the machine"));
  EXPECT_THAT(message("relative"), HasSubstr("absolute"));
  EXPECT_THAT(message("/proc/self/exe"), HasSubstr("not a directory"));
  EXPECT_THAT(message("/usr/untorn-missing"), HasSubstr("cannot be read"));
  EXPECT_THAT(message("/usr/lib", {"/usr"}), HasSubstr("inside one another"));
}

class NamespaceSandboxTest : public ::testing::TestWithParam<std::tuple<bool, bool>> {
 protected:
  void SetUp() override {
    UNTORN_NEEDS_TRACING();
    if (as_nobody() && ::geteuid() != 0) GTEST_SKIP() << "already an ordinary user";
  }
  static bool as_nobody() { return std::get<0>(GetParam()); }
  static SandboxOptions options_for(const TestFolder& folder) {
    SandboxOptions options = testing::options_for(folder);
    if (std::get<1>(GetParam())) options.small_bytes_max = 0;
    return options;
  }
  // As root, and as an ordinary user.
  static std::string in_user_child(const std::function<std::string()>& work) {
    return in_child([&]() -> std::string {
      if (as_nobody() && !become_nobody()) return "cannot become nobody";
      return work();
    });
  }
  TestFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Users, NamespaceSandboxTest,
                         ::testing::Combine(::testing::Bool(), ::testing::Bool()),
                         [](const auto& user) {
                           return std::string(std::get<0>(user.param) ? "nobody" : "present") +
                                  (std::get<1>(user.param) ? "_overlay" : "_small");
                         });

TEST_P(NamespaceSandboxTest, real_tree_never_changes_and_writes_stay_inside) {
  folder_.write("a", "old");
  const std::string seen = in_user_child([&]() -> std::string {
    auto sandbox = Sandbox::enter(options_for(folder_));
    if (!sandbox) return sandbox.error().message();
    if ((*sandbox)->isolation() != Isolation::namespaces) return (*sandbox)->why_copy();
    const bool changed = write_all(folder_.path() + "/a", "new");
    const bool made = write_all(folder_.path() + "/b", "made");
    const bool elsewhere = write_all("/var/tmp/untorn-test", "x");
    const bool temporary = write_all("/tmp/untorn-test-inside", "x");
    return fmt::format("{} {} {} {} {}", changed, made, elsewhere, temporary,
                       read_all(folder_.path() + "/a"));
  });
  EXPECT_EQ(seen, "true true false true new");
  EXPECT_EQ(folder_.read("a"), "old");
  EXPECT_FALSE(folder_.has("b"));
  EXPECT_FALSE(std::filesystem::exists("/tmp/untorn-test-inside"));
}

TEST_P(NamespaceSandboxTest, working_directory_is_entered_again_inside) {
  folder_.write("a", "old");
  const std::string seen = in_user_child([&]() -> std::string {
    if (::chdir(folder_.path().c_str()) != 0) return "chdir";
    auto sandbox = Sandbox::enter(options_for(folder_));
    if (!sandbox) return sandbox.error().message();
    write_all("a", "new");
    std::array<char, PATH_MAX> here = {};
    return std::string(::getcwd(here.data(), here.size())) + " " + read_all("a");
  });
  EXPECT_EQ(seen, folder_.path() + " new");
  EXPECT_EQ(folder_.read("a"), "old");
}

TEST_P(NamespaceSandboxTest, nothing_remains_after_an_ordinary_end) {
  const std::string before = machine_state();
  const std::string seen = in_user_child([&]() -> std::string {
    auto sandbox = Sandbox::enter(options_for(folder_));
    if (!sandbox) return sandbox.error().message();
    return write_all((*sandbox)->scratch_path() + "/x", "y") ? "wrote" : "no scratch";
  });
  EXPECT_EQ(seen, "wrote");
  EXPECT_EQ(machine_state(), before);
}

TEST_P(NamespaceSandboxTest, nothing_remains_after_a_kill) {
  for (const int signal : {SIGKILL, SIGINT, SIGTERM}) {
    const std::string before = machine_state();
    const std::string seen = in_user_child([&]() -> std::string {
      auto sandbox = Sandbox::enter(options_for(folder_));
      if (!sandbox) return sandbox.error().message();
      Sandbox::Difference state = {{"a", file_of("state")}};
      if (!(*sandbox)->show_state(state)) return "no state";
      (void)::signal(signal, SIG_DFL);
      (void)::raise(signal);
      return "survived";
    });
    EXPECT_THAT(seen, HasSubstr(fmt::format("died {}", signal)));
    EXPECT_EQ(machine_state(), before);
    EXPECT_FALSE(folder_.has("a"));
  }
}

TEST_P(NamespaceSandboxTest, states_show_every_kind_of_difference_and_go_away) {
  folder_.write("kept", "1");
  folder_.write("gone", "2");
  folder_.write("changed", "3");
  folder_.write("becomes-folder", "4");
  std::filesystem::create_directories(folder_.path() + "/removed/inner");
  folder_.write("removed/inner/file", "5");
  std::filesystem::create_directories(folder_.path() + "/partly");
  folder_.write("partly/stays", "6");
  folder_.write("partly/goes", "7");
  for (const char* name : {"/removed", "/removed/inner", "/partly"}) {
    std::filesystem::permissions(folder_.path() + name, std::filesystem::perms::all);
    // An overlay of an ordinary user does for the user's own folders only.
    if (as_nobody()) {
      ASSERT_EQ(::chown((folder_.path() + name).c_str(), 65534, 65534), 0);
    }
  }
  const std::string original = tree_text(folder_.path());
  const std::string seen = in_user_child([&]() -> std::string {
    auto sandbox = Sandbox::enter(options_for(folder_));
    if (!sandbox) return sandbox.error().message();
    write_all(folder_.path() + "/by-the-run", "x");
    const std::string run = tree_text(folder_.path());
    const Sandbox::Difference state = {
        {"becomes-folder", file_of("", FileType::directory)},
        {"becomes-folder/inner", file_of("8")},
        {"changed", file_of("33")},
        {"fifo", file_of("", FileType::fifo)},
        {"gone", std::nullopt},
        {"link", file_of("kept", FileType::symlink)},
        {"new", file_of("", FileType::directory)},
        {"new/deep", file_of("", FileType::directory)},
        {"new/deep/file", file_of("9")},
        {"nowhere", std::nullopt},
        {"partly/goes", std::nullopt},
        {"removed", std::nullopt},
        {"removed/inner", std::nullopt},
        {"removed/inner/file", std::nullopt},
    };
    auto shown = (*sandbox)->show_state(state);
    if (!shown) return shown.error().message();
    const std::string text = tree_text(*shown);
    // A recovery may write; the next state does not see it.
    write_all(*shown + "/kept", "recovered");
    if (auto again = (*sandbox)->show_state({{"changed", std::nullopt}}); !again) {
      return again.error().message();
    }
    const std::string second = read_all(folder_.path() + "/kept");
    (*sandbox)->hide_state();
    return text + "--\n" + second + (tree_text(folder_.path()) == run ? " hidden" : " not hidden");
  });
  EXPECT_EQ(seen,
            "becomes-folder/\nbecomes-folder/inner=8\nchanged=33\nfifo special\nkept=1\n"
            "link -> kept\nnew/\nnew/deep/\nnew/deep/file=9\npartly/\npartly/stays=6\n--\n"
            "1 hidden");
  EXPECT_EQ(tree_text(folder_.path()), original);
}

TEST_P(NamespaceSandboxTest, states_are_quick_to_show) {
  folder_.write("a", "1");
  const std::string seen = in_user_child([&]() -> std::string {
    auto sandbox = Sandbox::enter(options_for(folder_));
    if (!sandbox) return sandbox.error().message();
    constexpr int states = 1000;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < states; ++i) {
      const std::string content = std::to_string(i);
      auto shown = (*sandbox)->show_state({{"a", file_of(content)}});
      if (!shown) return shown.error().message();
      if (read_all(folder_.path() + "/a") != content) return "another state";
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    return fmt::format("good: {:.0f} states a second", states / elapsed.count());
  });
  EXPECT_THAT(seen, HasSubstr("good"));
  RecordProperty("rate", seen);
  fmt::print("{}\n", seen);
}

TEST_P(NamespaceSandboxTest, extra_folder_has_an_overlay_and_states_of_its_own) {
  TestFolder extra;
  extra.write("x", "old");
  const std::string seen = in_user_child([&]() -> std::string {
    SandboxOptions options = options_for(folder_);
    options.also = {extra.path()};
    auto sandbox = Sandbox::enter(options);
    if (!sandbox) return sandbox.error().message();
    write_all(extra.path() + "/x", "run");
    auto shown = (*sandbox)->show_state({{extra.path() + "/x", file_of("state")}});
    if (!shown) return shown.error().message();
    const std::string state = read_all(extra.path() + "/x");
    (*sandbox)->hide_state();
    return state + " " + read_all(extra.path() + "/x");
  });
  EXPECT_EQ(seen, "state run");
  EXPECT_EQ(extra.read("x"), "old");
}

TEST_P(NamespaceSandboxTest, mount_inside_the_root_is_still_seen) {
  std::filesystem::create_directory(folder_.path() + "/mounted");
  const std::string seen = in_user_child([&]() -> std::string {
    const std::string inner = folder_.path() + "/mounted";
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return "unshare";
    write_all("/proc/self/setgroups", "deny");
    write_all("/proc/self/uid_map", fmt::format("{0} {0} 1", user));
    write_all("/proc/self/gid_map", fmt::format("{0} {0} 1", group));
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmp", inner.c_str(), "tmpfs", 0, nullptr) != 0) {
      return "mount";
    }
    write_all(inner + "/x", "there");
    auto sandbox = Sandbox::enter(options_for(folder_));
    if (!sandbox) return sandbox.error().message();
    const bool copy = (*sandbox)->isolation() == Isolation::copy;
    const std::string path = (*sandbox)->trees()[0].path + "/mounted/x";
    const bool changed = write_all(path, "changed");
    return (copy ? "copy " : "overlay ") + read_all(path) + " " + read_all(inner + "/x") +
           (changed ? " writable" : " read-only");
  });
  // An overlay over a folder with mounts needs more rights than an ordinary user has.
  const bool root = ::geteuid() == 0 && !as_nobody();
  EXPECT_EQ(seen, root ? "overlay there there read-only" : "copy changed there writable");
}

// Becomes a user who is neither root nor the one that stands for all unknown users.
bool become_somebody() {
  constexpr uid_t somebody = 4001;
  return ::setgroups(0, nullptr) == 0 && ::setresgid(somebody, somebody, somebody) == 0 &&
         ::setresuid(somebody, somebody, somebody) == 0 && ::prctl(PR_SET_DUMPABLE, 1) == 0;
}

// A file of the user in a group that a user namespace of the own does not have.
class ForeignGroupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    UNTORN_NEEDS_TRACING();
    if (::geteuid() != 0) GTEST_SKIP() << "only root may give files away";
    folder_.write("file", "old");
    std::filesystem::create_directory(folder_.path() + "/folder");
    for (const char* name : {"", "/file", "/folder"}) {
      ASSERT_EQ(::chown((folder_.path() + name).c_str(), 4001, 1), 0);
    }
  }
  // Enters as that user, changes everything, and answers with the isolation.
  std::string enter_and_change(std::uint64_t small_bytes_max) {
    return in_child([&]() -> std::string {
      SandboxOptions options = options_for(folder_);
      options.small_bytes_max = small_bytes_max;
      if (!become_somebody()) return "cannot become somebody";
      auto sandbox = Sandbox::enter(options);
      if (!sandbox) return sandbox.error().message();
      const std::string root = (*sandbox)->trees()[0].path;
      if (!write_all(root + "/file", "run") || !write_all(root + "/folder/new", "run")) {
        return "cannot be written";
      }
      const bool copied = (*sandbox)->isolation() == Isolation::copy;
      return copied ? "copy: " + (*sandbox)->why_copy() : "namespaces";
    });
  }
  TestFolder folder_;
};

TEST_F(ForeignGroupTest, small_tree_stays_in_namespaces) {
  EXPECT_EQ(enter_and_change(1U << 20U), "namespaces");
  EXPECT_EQ(read_all(folder_.path() + "/file"), "old");
}

TEST_F(ForeignGroupTest, large_tree_is_copied_because_no_overlay_could_change_it) {
  const std::string before = machine_state();
  const std::string seen = enter_and_change(0);
  EXPECT_THAT(seen, HasSubstr("copy: "));
  EXPECT_THAT(seen, HasSubstr("belongs to a user or group"));
  EXPECT_EQ(read_all(folder_.path() + "/file"), "old");
  EXPECT_EQ(machine_state(), before);
}

TEST(CopySandbox, nothing_remains_after_a_kill) {
  TestFolder folder;
  folder.write("a", "1");
  const std::string copy = in_child([&]() -> std::string {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
    const pid_t victim = ::fork();
    if (victim == 0) {
      SandboxOptions options = options_for(folder);
      options.force_copy = true;
      auto sandbox = Sandbox::enter(options);
      const std::string path = sandbox ? (*sandbox)->trees()[0].path : "not entered";
      const bool told = ::write(ends[1], path.data(), path.size()) > 0;
      if (!told) ::_exit(1);
      for (;;) ::pause();
    }
    char path[PATH_MAX] = {};
    const bool told = ::read(ends[0], path, sizeof path - 1) > 0;
    (void)::kill(victim, SIGKILL);
    (void)::waitpid(victim, nullptr, 0);
    return told ? path : "nothing was told";
  });
  ASSERT_THAT(copy, HasSubstr("/untorn-prove-"));
  const std::string base = copy.substr(0, copy.rfind('/'));
  for (int i = 0; i < 500 && ::access(base.c_str(), F_OK) == 0; ++i) ::usleep(10'000);
  EXPECT_NE(::access(base.c_str(), F_OK), 0) << base << " is still there";
}

TEST(CopySandbox, copy_is_complete_private_and_removed) {
  TestFolder folder;
  folder.write("a", "1");
  folder.write("b", "2");
  std::filesystem::create_directory(folder.path() + "/d");
  std::filesystem::create_symlink("../a", folder.path() + "/d/link");
  std::filesystem::create_hard_link(folder.path() + "/a", folder.path() + "/d/hard");
  std::filesystem::permissions(folder.path() + "/b", std::filesystem::perms(0751));
  const std::string before = machine_state();
  const std::string original = tree_text(folder.path());
  const std::string seen = in_child([&]() -> std::string {
    SandboxOptions options = options_for(folder);
    options.force_copy = true;
    auto sandbox = Sandbox::enter(options);
    if (!sandbox) return sandbox.error().message();
    const std::string path = (*sandbox)->trees()[0].path;
    if (path == folder.path()) return "the root itself";
    if (tree_text(path) != original) return "not the same: " + tree_text(path);
    struct stat status = {};
    if (::stat((path + "/b").c_str(), &status) != 0 || (status.st_mode & 0777U) != 0751U) {
      return "another mode";
    }
    if (::stat((path + "/d/hard").c_str(), &status) != 0 || status.st_nlink != 2) {
      return "the links were split";
    }
    write_all(path + "/a", "run");
    auto shown = (*sandbox)->show_state(
        {{"a", file_of("state")}, {"d", std::nullopt}, {"e", file_of("new")}});
    if (!shown) return shown.error().message();
    return tree_text(*shown);
  });
  EXPECT_EQ(seen, "a=state\nb=2\ne=new\n");
  EXPECT_EQ(tree_text(folder.path()), original);
  EXPECT_EQ(machine_state(), before);
}

TEST(CopySandbox, root_beyond_the_limit_is_refused_and_nothing_remains) {
  TestFolder folder;
  folder.write("large", "");
  std::filesystem::resize_file(folder.path() + "/large", 2ULL << 30U);
  const std::string before = machine_state();
  const std::string seen = in_child([&]() -> std::string {
    SandboxOptions options = options_for(folder);
    options.force_copy = true;
    auto sandbox = Sandbox::enter(options);
    return sandbox ? "entered" : sandbox.error().message();
  });
  EXPECT_THAT(seen, HasSubstr("1 GiB"));
  EXPECT_EQ(machine_state(), before);
}

}  // namespace
}  // namespace untorn::prove::testing
