// SPDX-License-Identifier: Apache-2.0
//
// How one Python file of a project can import another, as far as the project itself shows it.
//
//   ProjectModules modules(boundary);
//   for (each file) modules.add(path, tree);
//   ImportForm form = modules.import_form(root / "pkg/a.py", root / "pkg/b.py");
//   // form.module == ".b", form.sure
//
// A form is sure when an import of the same kind already runs in the file, or when the file can
// only be loaded in a way in which the form works:
//   M1  A file with relative imports is a member of a package, at least as deep as its dots.
//   M2  An absolute import that leads to a file of the project shows a folder that is on sys.path
//       when the importing file runs, and when the imported one is loaded by it.
//   M3  A file in a folder with __init__.py is loaded as a member of that package, unless it may be
//       run directly, or M2 shows a folder inside of the package on sys.path.
//       A module of another package is imported only by a file that imports that package already:
//       packages may be installed apart. A module beside the packages is imported only by those
//       that a program beside it imports.
//   M4  A file in a folder without __init__.py that nothing loads otherwise finds its neighbours.
//
// Reads names in folders; changes nothing. Threads: one at a time.
#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "languages/python/import_list.h"
#include "languages/syntax.h"

namespace untorn::fix {

struct ImportForm {
  std::string module = {};  // "..pkg.atomic_file"; empty: it cannot be imported from there
  bool sure = false;
  std::string doubt = {};  // why not, a phrase
};

class ProjectModules {
 public:
  using Path = std::filesystem::path;

  // Folders above `boundary` are not looked at. Absolute, and holding every file that is added.
  explicit ProjectModules(Path boundary);

  // The folder above `root`, or `root` itself, where the project seems to begin: the one with .git
  // or a pyproject.toml, setup.cfg or setup.py; else the folder that holds the outermost package.
  [[nodiscard]] static Path find_boundary(const Path& root);

  void add(const Path& file, const languages::SyntaxTree& tree);

  // The outermost folder of a chain of folders with __init__.py around the file; where there is
  // none, its own folder.
  [[nodiscard]] Path package_of(const Path& file) const;
  [[nodiscard]] ImportForm import_form(const Path& file, const Path& target) const;

 private:
  struct Evidence {
    bool may_be_run_directly = false;
    std::uint32_t dots_max = 0;
    std::set<Path> own_roots;           // folders from which it imports (M2)
    std::set<std::string> own_modules;  // the first names of what it imports from them
    std::set<Path> loaded_roots;        // folders from which others import it (M2)
  };

  [[nodiscard]] bool is_package(const Path& folder) const;
  [[nodiscard]] std::vector<Path> roots_of(const Path& folder, const std::string& module) const;
  void note_import(const Path& file, const languages::ImportStatement& statement);
  void note_loaded(const Path& root, const std::string& module,
                   const languages::ImportStatement& statement);
  [[nodiscard]] bool may_depend(const Path& file, const Path& target, const Path& root) const;
  [[nodiscard]] ImportForm relative_form(const Path& file, const Path& target,
                                         const Evidence& evidence) const;
  [[nodiscard]] ImportForm absolute_form(const Path& file, const Path& target,
                                         const std::set<Path>& roots) const;

  Path boundary_;
  std::map<Path, Evidence> evidence_;
  // By folder: the first names of what programs in it import from it.
  std::map<Path, std::set<std::string>> used_by_programs_;
  mutable std::map<Path, bool> is_package_;
};

// "a.b.c" of "a/b/c.py"; empty if a component is no identifier.
[[nodiscard]] std::string dotted_module(const std::filesystem::path& relative);

}  // namespace untorn::fix
