// SPDX-License-Identifier: Apache-2.0
#include "fix/dependency.h"

#include <gtest/gtest.h>

#include <fstream>

#include "filesystem/test_directory.h"

namespace untorn::fix {
namespace {

TEST(Requirements, of_a_list_begin_a_line) {
  for (const char* text : {"untorn\n", "a\nuntorn==1.2\n", "untorn>=1 ; python_version > '3'\n",
                           "  untorn[x]\n", "untorn # why\n", "untorn"}) {
    EXPECT_TRUE(names_requirement(text, "untorn", true)) << text;
  }
  for (const char* text : {"# untorn\n", "untornado\n", "untorn-x\n", "not-untorn\n", "", "a\n"}) {
    EXPECT_FALSE(names_requirement(text, "untorn", true)) << text;
  }
}

TEST(Requirements, of_a_project_file_are_quoted_or_keys) {
  for (const char* text :
       {"dependencies = [\"untorn\"]\n", "dependencies = [\n  'untorn>=1',\n]\n",
        "untorn = \"^1\"\n", "install_requires=['a', 'untorn'],\n", "  \"untorn[x]>1\",\n"}) {
    EXPECT_TRUE(names_requirement(text, "untorn", false)) << text;
  }
  for (const char* text : {"[tool.untorn]\n", "[tool.untorn.prove]\nx = 1\n", "name = \"untorn\"\n",
                           "# \"untorn\"\n", "description = \"by untorn\"\n", "\"untornado\"\n"}) {
    EXPECT_FALSE(names_requirement(text, "untorn", false)) << text;
  }
}

TEST(Requirements, are_looked_for_up_to_the_boundary) {
  const test::TestDirectory folder(test::fast_folder());
  const std::filesystem::path& top = folder.path();
  std::filesystem::create_directories(top / "app/pkg");
  EXPECT_FALSE(depends_on(posix_file_system(), top / "app/pkg", top, "untorn"));
  std::ofstream(top / "requirements-dev.txt") << "untorn\n";
  EXPECT_TRUE(depends_on(posix_file_system(), top / "app/pkg", top, "untorn"));
  EXPECT_FALSE(depends_on(posix_file_system(), top / "app/pkg", top / "app", "untorn"));
}

}  // namespace
}  // namespace untorn::fix
