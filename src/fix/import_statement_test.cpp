// SPDX-License-Identifier: Apache-2.0
#include "fix/import_statement.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>

#include "fix/text_edits.h"
#include "languages/python/import_list.h"

namespace untorn::fix {
namespace {

constexpr std::uint32_t anywhere = std::numeric_limits<std::uint32_t>::max();

struct Imported {
  std::string text;
  std::map<std::string, std::string> locals;
};

Imported with_names(std::string_view source, const std::vector<std::string>& names,
                    std::string_view module = ".h", std::uint32_t before = anywhere) {
  const languages::SyntaxTree tree = languages::parse_python(source);
  ImportPlan plan = plan_from_import(tree, module, names, before);
  return {.text = apply_edits(source, std::move(plan.edits)).value_or("(overlap)"),
          .locals = std::move(plan.locals)};
}

TEST(ImportStatements, are_added_once_with_all_names) {
  const Imported result = with_names("import os\n\nx()\n", {"a", "b"});
  EXPECT_EQ(result.text, "import os\nfrom .h import a, b\n\nx()\n");
  EXPECT_EQ(result.locals, (std::map<std::string, std::string>{{"a", "a"}, {"b", "b"}}));
}

TEST(ImportStatements, a_second_time_nothing_is_added) {
  const std::string once = with_names("x()\n", {"a", "b"}).text;
  EXPECT_EQ(with_names(once, {"a", "b"}).text, once);
  EXPECT_EQ(with_names(once, {"b"}).text, once);
}

TEST(ImportStatements, one_that_is_there_is_extended) {
  EXPECT_EQ(with_names("from .h import a\n", {"a", "b"}).text, "from .h import a, b\n");
  EXPECT_EQ(with_names("from .h import (\n  a,  # one\n)\n", {"b"}).text,
            "from .h import (\n  a, b,  # one\n)\n");
  EXPECT_EQ(with_names("from .h import a; x()\n", {"b"}).text, "from .h import a, b; x()\n");
  EXPECT_EQ(with_names("from ..h import a\n", {"a"}).text,
            "from ..h import a\nfrom .h import a as untorn_a\n");
}

TEST(ImportStatements, a_name_under_another_name_is_used_as_it_is) {
  const Imported result = with_names("from .h import atomic_open as ao\nao(x)\n", {"atomic_open"});
  EXPECT_EQ(result.text, "from .h import atomic_open as ao\nao(x)\n");
  EXPECT_EQ(result.locals.at("atomic_open"), "ao");
}

TEST(ImportStatements, a_name_that_means_something_else_gets_another) {
  Imported result = with_names("def atomic_open(): pass\n", {"atomic_open"});
  EXPECT_EQ(result.locals.at("atomic_open"), "untorn_open");
  EXPECT_TRUE(result.text.starts_with("from .h import atomic_open as untorn_open\n"));
  result = with_names("atomic_open = untorn_open = 1\n", {"atomic_open"});
  EXPECT_EQ(result.locals.at("atomic_open"), "untorn_open_2");
  result = with_names("def f(atomic_open): pass\n", {"atomic_open"});
  EXPECT_EQ(result.locals.at("atomic_open"), "untorn_open");
}

TEST(ImportStatements, inside_functions_and_conditions_do_not_count) {
  EXPECT_EQ(with_names("def f():\n  from .h import a\n", {"b"}).text,
            "from .h import b\n\ndef f():\n  from .h import a\n");
  EXPECT_EQ(with_names("import os\nif TYPE_CHECKING:\n  from .h import a\n", {"b"}).text,
            "import os\nfrom .h import b\nif TYPE_CHECKING:\n  from .h import a\n");
}

TEST(ImportStatements, come_before_the_statement_that_needs_them) {
  const std::string_view source = "import os\nwrite()\nfrom .h import a\n";
  EXPECT_EQ(with_names(source, {"b"}, ".h", 10).text,
            "import os\nfrom .h import b\nwrite()\nfrom .h import a\n");
}

TEST(ImportStatements, keep_the_line_ends_of_the_file) {
  EXPECT_EQ(with_names("import os\r\nx()\r\n", {"a"}).text,
            "import os\r\nfrom .h import a\r\nx()\r\n");
  EXPECT_EQ(with_names("import os", {"a"}).text, "import os\nfrom .h import a\n");
}

TEST(ImportStatements, of_a_whole_module_are_added_or_found) {
  const auto module_import = [](std::string_view source) {
    const languages::SyntaxTree tree = languages::parse_python(source);
    ImportPlan plan = plan_module_import(tree, "untorn", anywhere);
    return Imported{.text = apply_edits(source, std::move(plan.edits)).value_or("(overlap)"),
                    .locals = std::move(plan.locals)};
  };
  EXPECT_EQ(module_import("import os\n").text, "import os\nimport untorn\n");
  EXPECT_EQ(module_import("import os, untorn as u\n").locals.at("untorn"), "u");
  EXPECT_EQ(module_import("import os, untorn\n").text, "import os, untorn\n");
  EXPECT_EQ(module_import("untorn = 1\n").locals.at("untorn"), "untorn_untorn");
}

}  // namespace
}  // namespace untorn::fix
