// SPDX-License-Identifier: Apache-2.0
#include "scan/ignore.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scan/test_tree.h"

namespace untorn::scan {
namespace {

namespace stdfs = std::filesystem;
using test::Tree;

// The answer of a command; nothing if it cannot be run.
std::optional<std::string> output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string output;
  std::array<char, 4096> piece = {};
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), pipe)) {
    output.append(piece.data(), count);
  }
  const int status = ::pclose(pipe);
  // git check-ignore exits with 1 when nothing is ignored.
  if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) > 1) return std::nullopt;
  return output;
}

std::string git(const Tree& tree, const std::string& arguments) {
  return "GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null HOME=/nonexistent git -C '" +
         tree.path() + "' -c core.excludesFile=/dev/null " + arguments;
}

// Every file and folder that a walk with our rules meets: those in an ignored folder are not met.
void collect(const Tree& tree, const std::string& folder, const IgnoreRules::Shared& above,
             std::set<std::string>& ignored, std::set<std::string>& met) {
  const auto opened =
      Tree::fs().open(Handle::working_directory, folder, {.access = Access::directory});
  ASSERT_TRUE(opened.has_value());
  const OwnedHandle handle(Tree::fs(), *opened);
  const auto entries = Tree::fs().list(handle.get());
  ASSERT_TRUE(entries.has_value());
  const auto rules = IgnoreRules::enter(Tree::fs(), above, folder, *entries);
  for (const Entry& entry : *entries) {
    if (entry.name == ".git") continue;
    const std::string path = folder + "/" + entry.name;
    const bool is_directory = entry.type == FileType::directory;
    const std::string relative(relative_to(tree.path(), path));
    met.insert(relative);
    if (rules && rules->ignores(path, is_directory)) {
      ignored.insert(relative);
    } else if (is_directory) {
      collect(tree, path, rules, ignored, met);
    }
  }
}

// Of the same files and folders, those that git ignores.
std::optional<std::set<std::string>> ignored_by_git(const Tree& tree,
                                                    const std::set<std::string>& met) {
  std::string list;
  for (const std::string& path : met) list += path + '\0';
  tree.write(".git/met", list);
  const auto answer =
      output_of(git(tree, "check-ignore --no-index -z --stdin < '" + tree.path(".git/met") + "'"));
  if (!answer) return std::nullopt;
  std::set<std::string> ignored;
  for (std::size_t at = 0; at < answer->size();) {
    const std::size_t end = answer->find('\0', at);
    ignored.insert(answer->substr(at, end - at));
    at = end + 1;
  }
  return ignored;
}

const std::vector<std::string>& lines() {
  static const std::vector<std::string> made = {"*.py",    "!a.py",     "/a.py",
                                                "b/",      "/b/",       "!/b/",
                                                "b/*",     "!b/a.py",   "**/c",
                                                "c/**",    "b/**/a.py", "[ab].py",
                                                "[!a]*",   "?.py",      "*",
                                                "!*/",     "!b",        "a*",
                                                "# x",     "",          "c/b/",
                                                "**",      "/*",        "!/c",
                                                "\\!x",    "b/c",       "**/b/*.py",
                                                "x y",     "x y ",      "*.p[xyz]",
                                                "c//",     "/",         "b/**",
                                                "!b/**",   "[",         "a\\",
                                                "**/**/c", "*b*",       "[[:alpha:]].py"};
  return made;
}

void expect_agreement_with_git() {
  const Tree tree;
  RC_ASSERT(output_of(git(tree, "init -q")).has_value());
  const auto names = rc::gen::elementOf(std::vector<std::string>{"a.py", "b", "c", "x y", "z.py"});
  const auto folders = *rc::gen::container<std::vector<std::string>>(
      rc::gen::elementOf(std::vector<std::string>{"", "b/", "c/", "b/c/", "c/b/", "b/b/b/"}));
  for (const std::string& folder : folders) tree.make_folder(folder);
  for (const std::string& folder : folders) {
    const std::string path = folder + *names;
    if (!stdfs::exists(tree.path(path))) tree.write(path, "");
  }
  for (const char* place : {".gitignore", "b/.gitignore", "c/.gitignore", ".git/info/exclude"}) {
    const auto chosen = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(lines()));
    if (!stdfs::is_directory(stdfs::path(tree.path(place)).parent_path())) continue;
    std::string text;
    for (const std::string& line : chosen) text += line + "\n";
    tree.write(place, text);
  }
  std::set<std::string> ignored;
  std::set<std::string> met;
  collect(tree, tree.path(), IgnoreRules::above(Tree::fs(), tree.path()), ignored, met);
  const auto expected = ignored_by_git(tree, met);
  RC_ASSERT(expected.has_value());
  RC_ASSERT(ignored == *expected);
}

TEST(ignore, agrees_with_git_on_any_tree) {
  if (!output_of("git --version > /dev/null 2>&1")) GTEST_SKIP() << "git is not installed";
  EXPECT_TRUE(rc::check(expect_agreement_with_git));
}

TEST(ignore, rules_of_the_folders_above_count_up_to_the_root_of_the_repository) {
  const Tree tree;
  tree.write(".gitignore", "*.py\n");  // above the repository: nobody's business
  tree.write("repo/.git/info/exclude", "e.txt\n");
  tree.write("repo/.gitignore", "build/\nlib/a.txt\n");
  tree.make_folder("repo/lib");
  const auto rules = IgnoreRules::above(Tree::fs(), tree.path("repo/lib"));
  ASSERT_NE(rules, nullptr);
  EXPECT_FALSE(rules->ignores(tree.path("repo/lib/b.py"), false));
  EXPECT_TRUE(rules->ignores(tree.path("repo/lib/build"), true));
  EXPECT_TRUE(rules->ignores(tree.path("repo/lib/a.txt"), false));
  EXPECT_TRUE(rules->ignores(tree.path("repo/lib/e.txt"), false));
  EXPECT_FALSE(rules->ignores(tree.path("repo/lib/build"), false));
}

TEST(ignore, outside_of_a_repository_nothing_above_counts) {
  const Tree tree;
  tree.write(".gitignore", "*.py\n");
  tree.make_folder("lib");
  EXPECT_EQ(IgnoreRules::above(Tree::fs(), tree.path("lib")), nullptr);
}

TEST(ignore, a_repository_inside_another_is_judged_by_its_own_rules) {
  const Tree tree;
  tree.write("repo/.git/HEAD", "");
  tree.write("repo/.gitignore", "*.py\n");
  tree.write("repo/inner/.git", "gitdir: ../.git/modules/inner\n");
  tree.write("repo/.git/modules/inner/info/exclude", "x.txt\n");
  const std::vector<Entry> entries = {{.name = ".git", .type = FileType::regular}};
  const auto outer = IgnoreRules::above(Tree::fs(), tree.path("repo/inner"));
  const auto rules = IgnoreRules::enter(Tree::fs(), outer, tree.path("repo/inner"), entries);
  ASSERT_NE(rules, nullptr);
  EXPECT_FALSE(rules->ignores(tree.path("repo/inner/a.py"), false));
  EXPECT_TRUE(rules->ignores(tree.path("repo/inner/x.txt"), false));
}

}  // namespace
}  // namespace untorn::scan
