// SPDX-License-Identifier: Apache-2.0
#include "fix/project_modules.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filesystem/test_directory.h"

namespace untorn::fix {
namespace {

namespace stdfs = std::filesystem;

struct Source {
  std::string_view path;
  std::string_view text;
};

// A project on disk, and what its files show.
class Project {
 public:
  explicit Project(const std::vector<Source>& sources) : folder_(test::fast_folder()) {
    for (const Source& source : sources) {
      const stdfs::path path = folder_.path() / source.path;
      stdfs::create_directories(path.parent_path());
      std::ofstream(path) << source.text;
    }
    modules_ = std::make_unique<ProjectModules>(folder_.path());
    for (const Source& source : sources) {
      if (source.path.ends_with(".py")) {
        modules_->add(folder_.path() / source.path, languages::parse_python(source.text));
      }
    }
  }

  [[nodiscard]] ImportForm form(std::string_view file, std::string_view target) const {
    return modules_->import_form(folder_.path() / file, folder_.path() / target);
  }
  // "module", or "module?" where it is not sure.
  [[nodiscard]] std::string told(std::string_view file, std::string_view target) const {
    const ImportForm found = form(file, target);
    EXPECT_EQ(found.sure, found.doubt.empty()) << found.doubt;
    return found.module + (found.sure ? "" : "?");
  }
  [[nodiscard]] std::string package_of(std::string_view file) const {
    return modules_->package_of(folder_.path() / file).lexically_relative(folder_.path());
  }

 private:
  test::TestDirectory folder_;
  std::unique_ptr<ProjectModules> modules_;
};

TEST(ProjectModules, members_of_a_package_import_relatively) {
  const Project project({{"pkg/__init__.py", ""},
                         {"pkg/a.py", "from . import b\n"},
                         {"pkg/b.py", "import os\n"},
                         {"pkg/sub/__init__.py", ""},
                         {"pkg/sub/c.py", "from ..a import x\n"},
                         {"pkg/sub/d.py", ""}});
  EXPECT_EQ(project.told("pkg/a.py", "pkg/h.py"), ".h");
  EXPECT_EQ(project.told("pkg/b.py", "pkg/h.py"), ".h");
  EXPECT_EQ(project.told("pkg/__init__.py", "pkg/h.py"), ".h");
  EXPECT_EQ(project.told("pkg/sub/c.py", "pkg/h.py"), "..h");
  EXPECT_EQ(project.told("pkg/sub/d.py", "pkg/h.py"), "..h");
  EXPECT_EQ(project.told("pkg/a.py", "pkg/sub/h.py"), ".sub.h");
  EXPECT_EQ(project.package_of("pkg/sub/d.py"), "pkg");
}

TEST(ProjectModules, an_absolute_import_of_the_file_is_repeated) {
  const Project project({{"code/pkg/__init__.py", ""},
                         {"code/pkg/a.py", "from pkg.b import x\n"},
                         {"code/pkg/b.py", ""},
                         {"code/pkg/sub/__init__.py", ""},
                         {"code/pkg/sub/c.py", "import pkg.b\n"}});
  EXPECT_EQ(project.told("code/pkg/a.py", "code/pkg/h.py"), "pkg.h");
  EXPECT_EQ(project.told("code/pkg/sub/c.py", "code/pkg/h.py"), "pkg.h");
  EXPECT_EQ(project.package_of("code/pkg/sub/c.py"), "code/pkg");
}

TEST(ProjectModules, a_script_finds_its_neighbours) {
  const Project project({{"jobs/a.py", "#!/usr/bin/env python3\n"},
                         {"jobs/b.py", "if __name__ == '__main__':\n  pass\n"},
                         {"jobs/c.py", "import a\n"},
                         {"jobs/d.py", ""}});
  for (const char* file : {"jobs/a.py", "jobs/b.py", "jobs/c.py", "jobs/d.py"}) {
    EXPECT_EQ(project.told(file, "jobs/h.py"), "h") << file;
    EXPECT_EQ(project.package_of(file), "jobs");
  }
  EXPECT_EQ(project.told("jobs/d.py", "h.py"), "h?");
}

TEST(ProjectModules, a_file_of_a_package_that_may_be_run_directly_is_doubted) {
  const Project project(
      {{"pkg/__init__.py", ""},
       {"pkg/tool.py", "if __name__ == '__main__':\n  pass\n"},
       {"pkg/member.py", "from . import tool\nif __name__ == '__main__':\n  pass\n"},
       {"pkg/__main__.py", "if __name__ == '__main__':\n  pass\n"}});
  EXPECT_EQ(project.told("pkg/tool.py", "pkg/h.py"), ".h?");
  EXPECT_EQ(project.told("pkg/member.py", "pkg/h.py"), ".h");
  EXPECT_EQ(project.told("pkg/__main__.py", "pkg/h.py"), ".h");
}

TEST(ProjectModules, who_imports_a_file_shows_how_it_is_loaded) {
  const Project project({{"main.py", "from state.keeper import M\nimport phases.work\n"},
                         {"state/__init__.py", ""},
                         {"state/keeper.py", "import json\n"},
                         {"phases/work.py", ""},
                         {"other/alone.py", ""}});
  EXPECT_EQ(project.told("state/keeper.py", "h.py"), "h");
  EXPECT_EQ(project.told("phases/work.py", "h.py"), "h");
  EXPECT_EQ(project.told("phases/work.py", "state/h.py"), "state.h?");
  EXPECT_EQ(project.told("main.py", "state/h.py"), "state.h");
  EXPECT_EQ(project.told("other/alone.py", "h.py"), "h?");
}

TEST(ProjectModules, a_folder_inside_of_the_package_on_the_path_makes_relative_imports_doubtful) {
  const Project project(
      {{"pkg/__init__.py", ""}, {"pkg/run.py", "import leaf\n"}, {"pkg/leaf.py", "import os\n"}});
  EXPECT_EQ(project.told("pkg/leaf.py", "pkg/h.py"), "h");
  EXPECT_EQ(project.told("pkg/run.py", "pkg/h.py"), "h");
  const Project both({{"pkg/__init__.py", ""},
                      {"pkg/run.py", "import leaf\n"},
                      {"pkg/leaf.py", "#!python\n"},
                      {"pkg/sub/__init__.py", ""},
                      {"pkg/sub/h.py", ""}});
  EXPECT_EQ(both.told("pkg/leaf.py", "pkg/sub/h.py"), ".sub.h?");
}

TEST(ProjectModules, another_package_is_imported_only_where_it_is_already) {
  const Project project({{"one/__init__.py", ""},
                         {"one/a.py", "import one.b\n"},
                         {"one/b.py", "import two.c\nimport one\n"},
                         {"two/__init__.py", ""},
                         {"two/c.py", ""},
                         {"run.py", "import one.a\n"}});
  EXPECT_EQ(project.told("one/b.py", "two/h.py"), "two.h");
  EXPECT_EQ(project.told("one/a.py", "two/h.py"), "two.h?");
  EXPECT_EQ(project.told("two/c.py", "one/h.py"), "?");
  EXPECT_EQ(project.told("run.py", "one/h.py"), "one.h");
  EXPECT_EQ(project.told("run.py", "two/h.py"), "two.h?");
}

TEST(ProjectModules, names_that_are_no_identifiers_cannot_be_imported) {
  const Project project({{"my jobs/a.py", ""}, {"b.py", ""}, {"pkg/__init__.py", ""}});
  EXPECT_EQ(project.told("my jobs/a.py", "my jobs/h.py"), "h");
  EXPECT_EQ(project.told("b.py", "my jobs/h.py"), "?");
  EXPECT_EQ(project.told("b.py", "class/h.py"), "?");
  EXPECT_EQ(project.told("b.py", "pkg/my-h.py"), "?");
}

TEST(ProjectModules, standard_names_and_ambiguous_ones_show_nothing) {
  const Project project({{"json/x.py", ""},
                         {"a/f.py", "import json\nimport twice\n"},
                         {"a/twice.py", ""},
                         {"twice.py", ""}});
  EXPECT_EQ(project.told("a/f.py", "h.py"), "h?");
}

TEST(ProjectModules, boundary_is_where_the_project_begins) {
  const test::TestDirectory folder(test::fast_folder());
  const stdfs::path& top = folder.path();
  stdfs::create_directories(top / "app/code/pkg/sub");
  std::ofstream(top / "app/pyproject.toml") << "";
  EXPECT_EQ(ProjectModules::find_boundary(top / "app/code/pkg/sub"), top / "app");
  EXPECT_EQ(ProjectModules::find_boundary(top / "app"), top / "app");
}

TEST(DottedModule, is_a_path_of_identifiers) {
  EXPECT_EQ(dotted_module("a/b.py"), "a.b");
  EXPECT_EQ(dotted_module("ü_1/b.py"), "ü_1.b");
  for (const char* path : {"1a.py", "a-b.py", "a b/c.py", "for/c.py", "", "a/.py"}) {
    EXPECT_EQ(dotted_module(path), "") << path;
  }
}

}  // namespace
}  // namespace untorn::fix
