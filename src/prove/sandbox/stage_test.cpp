// SPDX-License-Identifier: Apache-2.0
//
// Stage against a folder that is written from nothing: whatever the states and the commands in
// between, the same tree.
#include "prove/sandbox/stage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace untorn::prove {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::optional<crash::History::File>>;

crash::History::File file_of(std::string_view text, FileType type = FileType::regular) {
  const bool folder = type == FileType::directory;
  return {no_inode, type, Bytes(text), folder ? 0755U : 0644U};
}

std::string text_of(const fs::path& root) {
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    std::ostringstream line;
    line << fs::relative(entry.path(), root).string();
    struct stat status = {};
    (void)::lstat(entry.path().c_str(), &status);
    line << " " << std::oct << status.st_mode;
    if (entry.is_symlink()) line << " -> " << fs::read_symlink(entry.path()).string();
    if (entry.is_regular_file() && !entry.is_symlink()) {
      line << " = " << std::ifstream(entry.path()).rdbuf();
    }
    lines.push_back(line.str());
  }
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

class StageTest : public testing::Test {
 protected:
  StageTest() {
    std::string pattern = (fs::temp_directory_path() / "untorn-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    original_ = folder_ / "original";
    fs::create_directories(original_ / "d/e");
    fs::create_directories(original_ / "g");
    for (const char* name : {"a", "b", "d/a", "d/e/a", "d-a"}) put(original_ / name, name);
    lower_ = Descriptor(::open(original_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    auto made = make("stage");
    if (!made) throw std::runtime_error(made.error().message());
    stage_ = *std::move(made);
  }
  ~StageTest() override { fs::remove_all(folder_); }

  static void put(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }

  Result<std::unique_ptr<Stage>> make(const std::string& name) {
    fs::create_directory(folder_ / name);
    Descriptor target(::open((folder_ / name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return Stage::make(lower_.get(), std::move(target), "", original_.string(), {1U << 20U, 1000});
  }

  // What the state looks like when nothing was there before.
  std::string expected(const Sandbox::Difference& state) {
    const std::string name = "fresh" + std::to_string(fresh_++);
    auto made = make(name);
    if (!made || !(*made)->show(state)) return "not made";
    std::string text = text_of(folder_ / name);
    fs::remove_all(folder_ / name);
    return text;
  }
  [[nodiscard]] std::string shown() const { return text_of(folder_ / "stage"); }
  [[nodiscard]] fs::path at(const std::string& path) const { return folder_ / "stage" / path; }

  fs::path folder_;
  fs::path original_;
  Descriptor lower_;
  std::unique_ptr<Stage> stage_;
  int fresh_ = 0;
};

TEST_F(StageTest, first_state_is_the_original_with_its_differences) {
  ASSERT_TRUE(stage_->show({}));
  EXPECT_EQ(shown(), text_of(original_));
  ASSERT_TRUE(stage_->show({{"a", file_of("new")},
                            {"b", std::nullopt},
                            {"d", std::nullopt},
                            {"d/a", std::nullopt},
                            {"n/m", file_of("in a folder that nobody named")}}));
  EXPECT_EQ(shown(),
            "a 100644 = new\nd-a 100644 = d-a\ng 40755\nn 40755\n"
            "n/m 100644 = in a folder that nobody named\n");
}

// A random state over names that are files in one and folders in the next.
Sandbox::Difference random_state(std::mt19937& random) {
  Files state;
  for (const char* name : {"a", "b", "d", "d-a", "d/a", "d/e", "d/e/a", "g", "g/x", "n", "n/m"}) {
    const std::string path = name;
    const auto slash = path.rfind('/');
    const auto above = slash == std::string::npos ? state.end() : state.find(path.substr(0, slash));
    const bool no_folder =
        above != state.end() && (!above->second || above->second->type != FileType::directory);
    const bool was_there = path != "n" && path != "n/m" && path != "g/x";
    if (no_folder) {
      state[path] = std::nullopt;
      continue;
    }
    switch (random() % 6) {
      case 0:
        state[path] = std::nullopt;
        break;
      case 1:
        state[path] = file_of(std::to_string(random() % 3));
        break;
      case 2:
        state[path] = file_of("", FileType::directory);
        break;
      case 3:
        state[path] = file_of("target", FileType::symlink);
        break;
      default:
        if (!was_there) state[path] = std::nullopt;
        break;
    }
  }
  // A file in the place of a folder takes along what was in it.
  for (auto& [path, file] : state) {
    for (auto slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const auto above = state.find(path.substr(0, slash));
      if (above != state.end() && (!above->second || above->second->type != FileType::directory)) {
        file = std::nullopt;
      }
    }
  }
  return {state.begin(), state.end()};
}

TEST_F(StageTest, any_state_after_any_other_is_as_if_made_from_nothing) {
  std::mt19937 random(7);
  for (int i = 0; i < 60; ++i) {
    const Sandbox::Difference state = random_state(random);
    ASSERT_TRUE(stage_->show(state));
    ASSERT_EQ(shown(), expected(state)) << "state " << i;
  }
}

TEST_F(StageTest, whatever_a_command_changed_is_undone) {
  const Sandbox::Difference state = {{"a", file_of("new")}, {"g/x", file_of("x")}};
  const std::string wanted = expected(state);
  const std::vector<std::pair<const char*, std::string>> commands = {
      {"write", "echo more >> a; echo other > d/e/a"},
      {"truncate", ": > d/a; truncate -s 100 b"},
      {"remove", "rm a g/x; rm -r d"},
      {"remove everything", "rm -rf -- * .[!.]*"},
      {"add", "mkdir -p q/r/s; echo 1 > q/r/s/t; ln -s a q/link"},
      {"rename a folder", "mv d D; echo 2 > D/e/a"},
      {"exchange folders", "mv d t; mv g d; mv t g"},
      {"modes", "chmod 600 a; chmod 700 d; chmod 555 g"},
      {"mode of the root", "chmod 711 ."},
      {"second name, changed and removed", "ln d/a l; echo 3 >> l; rm l"},
      {"second name in another folder", "ln a g/l; echo 3 >> g/l"},
      {"folder becomes file", "rm -r d; echo 4 > d"},
      {"many files", "for i in 1 2 3 4 5 6 7 8 9; do mkdir m$i; : > m$i/f; done; rm -r m5"},
  };
  for (const auto& [name, command] : commands) {
    ASSERT_TRUE(stage_->show(state)) << name;
    ASSERT_EQ(std::system(("cd " + at("").string() + " && " + command).c_str()), 0) << name;
    ASSERT_NE(shown() + (std::string(name) == "mode of the root" ? "!" : ""), wanted) << name;
    ASSERT_TRUE(stage_->show(state)) << name;
    ASSERT_EQ(shown(), wanted) << name;
  }
  struct stat status = {};
  ASSERT_EQ(::stat(at("").c_str(), &status), 0);
  struct stat original = {};
  ASSERT_EQ(::stat(original_.c_str(), &original), 0);
  EXPECT_EQ(status.st_mode, original.st_mode);
}

TEST_F(StageTest, stores_through_a_mapping_are_undone) {
  ASSERT_TRUE(stage_->show({}));
  {
    const Descriptor file(::open(at("d/e/a").c_str(), O_RDWR | O_CLOEXEC));
    void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    ASSERT_NE(memory, MAP_FAILED);
    static_cast<char*>(memory)[0] = 'X';
    ::munmap(memory, 4096);
  }
  ASSERT_TRUE(stage_->show({}));
  EXPECT_EQ(shown(), text_of(original_));
}

TEST_F(StageTest, tree_that_is_too_large_is_refused) {
  fs::create_directory(folder_ / "small");
  Descriptor target(::open((folder_ / "small").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_FALSE(
      Stage::make(lower_.get(), std::move(target), "", original_.string(), {1U << 20U, 3}));
}

}  // namespace
}  // namespace untorn::prove
