// SPDX-License-Identifier: Apache-2.0
#include "scan/config.h"

#include <gtest/gtest.h>

#include "scan/test_tree.h"

namespace untorn::scan {
namespace {

using rules::RuleId;
using rules::Severity;
using test::Tree;

Result<std::optional<Config>> read(const Tree& tree, std::string_view text,
                                   const std::string& name = "untorn.toml") {
  tree.write(name, text);
  return read_config(Tree::fs(), tree.path(name));
}

TEST(config, every_key_is_read) {
  const Tree tree;
  const auto config = read(tree,
                           "select = ['UT001', 'lossy-recovery']\nignore = ['UT014']\n"
                           "exclude = ['build/', '*_pb2.py']\ninclude-tests = true\n"
                           "min-severity = 'medium'\nfail-on = 'never'\n"
                           "atomic-writers = ['pkg.files.save']\nrequire-reasons = true\n"
                           "[prove]\nbudget = '1s'\n"
                           "[[override]]\npaths = ['util/**']\nignore = ['UT001']\n");
  ASSERT_TRUE(config.has_value()) << config.error();
  ASSERT_TRUE(config->has_value());
  const Config& read = **config;
  EXPECT_EQ(read.folder, tree.path());
  EXPECT_EQ(read.exclude.size(), 2U);
  EXPECT_TRUE(read.include_tests);
  EXPECT_TRUE(read.require_reasons);
  EXPECT_EQ(read.min_severity, Severity::medium);
  EXPECT_FALSE(read.fail_on.has_value());
  EXPECT_EQ(read.atomic_writers, std::vector<std::string>{"pkg.files.save"});
  EXPECT_TRUE(read.wants(RuleId::truncate_write, "a.py"));
  EXPECT_FALSE(read.wants(RuleId::lossy_recovery, "a.py"));
  EXPECT_FALSE(read.wants(RuleId::append_torn, "a.py"));
  EXPECT_FALSE(read.wants(RuleId::truncate_write, "util/x/a.py"));
}

TEST(config, in_pyproject_only_the_table_of_ours_counts) {
  const Tree tree;
  const auto ours =
      read(tree, "[project]\nname = 'x'\n[tool.untorn]\nignore = ['UT001']\n", "pyproject.toml");
  ASSERT_TRUE(ours.has_value() && ours->has_value());
  EXPECT_FALSE((*ours)->wants(RuleId::truncate_write, "a.py"));
  const auto none = read(tree, "[tool.black]\nline-length = 7\n", "pyproject.toml");
  ASSERT_TRUE(none.has_value());
  EXPECT_FALSE(none->has_value());
}

struct Wrong {
  const char* text;
  const char* line;
  const char* says;
};

TEST(config, what_is_wrong_is_an_error_with_its_line) {
  const Tree tree;
  for (const Wrong& wrong :
       {Wrong{"\nselct = []\n", "line 2: ", "did you mean \"select\"?"},
        Wrong{"colour = 1\n", "line 1: ", "\"colour\" is no setting"},
        Wrong{"ignore = 'UT001'\n", "line 1: ", "must be a list of texts"},
        Wrong{"ignore = ['UT001',\n7]\n", "line 2: ", "must be a list of texts"},
        Wrong{"select = ['UT01']\n", "line 1: ", "\"UT01\" is no rule"},
        Wrong{"fail-on = 'severe'\n", "line 1: ", "must be low, medium"},
        Wrong{"min-severity = 'never'\n", "line 1: ", "must be low, medium"},
        Wrong{"include-tests = 'yes'\n", "line 1: ", "must be true or false"},
        Wrong{"exclude = ['']\n", "line 1: ", "is no pattern"},
        Wrong{"override = 1\n", "line 1: ", "[[override]]"},
        Wrong{"[[override]]\nignore = ['UT001']\n", "line 1: ", "needs \"paths\""},
        Wrong{"[[override]]\npaths = ['a']\nignored = []\n", "line 3: ", "did you mean \"ignore\""},
        Wrong{"a = \n", "line 1: ", ""}}) {
    const auto config = read(tree, wrong.text);
    ASSERT_FALSE(config.has_value()) << wrong.text;
    const std::string& detail = config.error().detail();
    EXPECT_EQ(config.error().code(), Code::invalid_argument);
    EXPECT_EQ(config.error().path(), tree.path("untorn.toml"));
    EXPECT_TRUE(detail.starts_with(wrong.line)) << wrong.text << ": " << detail;
    EXPECT_NE(detail.find(wrong.says), std::string::npos) << wrong.text << ": " << detail;
  }
}

TEST(config, the_nearest_file_counts_alone_and_untorn_toml_before_pyproject) {
  const Tree tree;
  tree.write("untorn.toml", "ignore = ['UT001']\n");
  tree.write("a/pyproject.toml", "[tool.black]\n");
  tree.write("a/b/pyproject.toml", "[tool.untorn]\nignore = ['UT014']\n");
  tree.write("a/b/c/untorn.toml", "");
  tree.write("a/b/c/pyproject.toml", "[tool.untorn]\nignore = ['UT002']\n");
  const auto path_at = [&](const std::string& folder) {
    const auto config = nearest_config(Tree::fs(), tree.path(folder));
    return config ? config->path : config.error().message();
  };
  EXPECT_EQ(path_at("a"), tree.path("untorn.toml"));
  EXPECT_EQ(path_at("a/b"), tree.path("a/b/pyproject.toml"));
  EXPECT_EQ(path_at("a/b/c"), tree.path("a/b/c/untorn.toml"));
}

TEST(config, flags_are_stronger_than_files) {
  Config config;
  config.ignore = {RuleId::truncate_write};
  config.min_severity = Severity::high;
  const Config same = overridden(config, {});
  EXPECT_EQ(same.ignore, config.ignore);
  EXPECT_EQ(same.min_severity, Severity::high);
  Overrides flags;
  flags.ignore = std::vector<RuleId>{};
  flags.min_severity = Severity::low;
  flags.fail_on = FailLevel();
  flags.include_tests = true;
  const Config changed = overridden(config, flags);
  EXPECT_TRUE(changed.wants(RuleId::truncate_write, "a.py"));
  EXPECT_EQ(changed.min_severity, Severity::low);
  EXPECT_FALSE(changed.fail_on.has_value());
  EXPECT_TRUE(changed.include_tests);
}

}  // namespace
}  // namespace untorn::scan
