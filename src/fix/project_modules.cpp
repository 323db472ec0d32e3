// SPDX-License-Identifier: Apache-2.0
#include "fix/project_modules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <system_error>
#include <utility>

namespace untorn::fix {
namespace {

namespace stdfs = std::filesystem;
using Path = ProjectModules::Path;

// A project has folders of these names for other things; an import of them says nothing.
constexpr std::array<std::string_view, 40> standard_modules = {
    "abc",        "argparse", "ast",    "asyncio",  "code",   "collections", "concurrent",
    "contextlib", "copy",     "csv",    "datetime", "email",  "enum",        "functools",
    "glob",       "hashlib",  "html",   "http",     "io",     "itertools",   "json",
    "logging",    "math",     "os",     "pathlib",  "pickle", "platform",    "queue",
    "random",     "re",       "shutil", "site",     "string", "subprocess",  "sys",
    "tempfile",   "test",     "time",   "types",    "typing"};

constexpr std::array<std::string_view, 35> keywords = {
    "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
    "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
    "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
    "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};

bool is_there(const Path& path) {
  std::error_code ignored;
  return stdfs::exists(path, ignored);
}

bool is_folder(const Path& path) {
  std::error_code ignored;
  return stdfs::is_directory(path, ignored);
}

bool holds_python(const Path& folder) {
  std::error_code problem;
  for (stdfs::directory_iterator at(folder, problem), end; !problem && at != end;
       at.increment(problem)) {
    if (at->path().extension() == ".py") return true;
  }
  return false;
}

bool is_identifier(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) return false;
  if (std::find(keywords.begin(), keywords.end(), name) != keywords.end()) return false;
  return std::all_of(name.begin(), name.end(), [](char each) {
    const auto byte = static_cast<unsigned char>(each);
    return std::isalnum(byte) != 0 || byte == '_' || byte >= 0x80;
  });
}

std::string first_name(const std::string& module) {
  return module.substr(0, module.find('.'));
}

// "a/b" of "a.b".
Path path_of(std::string module) {
  std::replace(module.begin(), module.end(), '.', '/');
  return module;
}

bool is_module(const Path& stem) {
  const Path source = stem.parent_path() / (stem.filename().string() + ".py");
  if (is_there(source) || is_there(stem / "__init__.py")) return true;
  return is_folder(stem) && holds_python(stem);
}

bool builds_or_tests(const Path& file) {
  constexpr std::array<std::string_view, 4> names = {"setup.py", "conftest.py", "noxfile.py",
                                                     "tasks.py"};
  return std::find(names.begin(), names.end(), file.filename().native()) != names.end();
}

bool is_inside(const Path& path, const Path& folder) {
  const auto [at_folder, at_path] =
      std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return at_folder == folder.end();
}

}  // namespace

std::string dotted_module(const Path& relative) {
  std::string module;
  Path stem = relative;
  stem.replace_extension();
  for (const Path& part : stem) {
    if (!is_identifier(part.native())) return {};
    module += (module.empty() ? "" : ".") + part.native();
  }
  return module;
}

ProjectModules::ProjectModules(Path boundary) : boundary_(std::move(boundary)) {}

Path ProjectModules::find_boundary(const Path& root) {
  for (Path folder = root;; folder = folder.parent_path()) {
    for (const char* mark : {".git", "pyproject.toml", "setup.cfg", "setup.py"}) {
      if (is_there(folder / mark)) return folder;
    }
    if (folder == folder.parent_path()) break;
  }
  Path folder = root;
  while (is_there(folder / "__init__.py") && folder != folder.parent_path()) {
    folder = folder.parent_path();
  }
  return folder;
}

bool ProjectModules::is_package(const Path& folder) const {
  const auto known = is_package_.find(folder);
  if (known != is_package_.end()) return known->second;
  return is_package_[folder] = is_there(folder / "__init__.py");
}

Path ProjectModules::package_of(const Path& file) const {
  Path folder = file.parent_path();
  while (is_package(folder) && is_package(folder.parent_path())) folder = folder.parent_path();
  return folder;
}

// The folders from `folder` upwards in which `module` is found.
std::vector<Path> ProjectModules::roots_of(const Path& folder, const std::string& module) const {
  if (std::find(standard_modules.begin(), standard_modules.end(), first_name(module)) !=
      standard_modules.end()) {
    return {};
  }
  std::vector<Path> roots;
  for (Path at = folder; is_inside(at, boundary_); at = at.parent_path()) {
    if (is_module(at / path_of(module))) roots.push_back(at);
    if (at == at.parent_path()) break;
  }
  return roots;
}

void ProjectModules::note_loaded(const Path& root, const std::string& module,
                                 const languages::ImportStatement& statement) {
  const auto note = [&](const Path& stem) {
    if (is_there(stem / "__init__.py")) evidence_[stem / "__init__.py"].loaded_roots.insert(root);
    const Path file = Path(stem) += ".py";
    if (is_there(file)) evidence_[file].loaded_roots.insert(root);
  };
  const Path stem = root / path_of(module);
  note(stem);
  if (!statement.is_from) return;
  for (const languages::ImportedName& name : statement.names) note(stem / name.name);
}

void ProjectModules::note_import(const Path& file, const languages::ImportStatement& statement) {
  std::vector<std::string> modules;
  if (statement.is_from) {
    modules.push_back(statement.module);
  } else {
    for (const languages::ImportedName& name : statement.names) modules.push_back(name.name);
  }
  for (const std::string& module : modules) {
    const std::vector<Path> roots = roots_of(file.parent_path(), module);
    if (roots.size() != 1) continue;  // found twice: which one it is, only a run can tell
    if (statement.is_top_level) {
      evidence_[file].own_roots.insert(roots.front());
      evidence_[file].own_modules.insert(first_name(module));
    }
    if (file.parent_path() == roots.front() && !builds_or_tests(file)) {
      used_by_programs_[roots.front()].insert(first_name(module));
    }
    note_loaded(roots.front(), module, statement);
  }
}

void ProjectModules::add(const Path& file, const languages::SyntaxTree& tree) {
  evidence_[file].may_be_run_directly =
      languages::may_be_run_directly(tree) && file.filename() != "__main__.py";
  for (const languages::ImportStatement& statement : languages::list_imports(tree)) {
    if (statement.level == 0) {
      note_import(file, statement);
    } else if (statement.is_top_level) {
      std::uint32_t& dots = evidence_[file].dots_max;
      dots = std::max(dots, statement.level);
    }
  }
}

// M1 and M3. Empty where no relative import leads there.
ImportForm ProjectModules::relative_form(const Path& file, const Path& target,
                                         const Evidence& evidence) const {
  ImportForm form;
  Path common = file.parent_path();
  std::uint32_t dots = 1;
  bool all_packages = is_package(common);
  while (!is_inside(target, common)) {
    common = common.parent_path();
    all_packages = all_packages && is_package(common);
    ++dots;
  }
  const std::string rest = dotted_module(target.lexically_relative(common));
  if (rest.empty() || (!all_packages && evidence.dots_max < dots)) return form;
  form.module = std::string(dots, '.') + rest;
  const auto contradicts = [&](const Path& root) { return is_inside(root, common); };
  const bool inside_on_path =
      std::any_of(evidence.own_roots.begin(), evidence.own_roots.end(), contradicts) ||
      std::any_of(evidence.loaded_roots.begin(), evidence.loaded_roots.end(), contradicts);
  if (evidence.dots_max < dots && inside_on_path) {
    form.doubt = "its package is also used without its outer folders";
  } else if (evidence.dots_max == 0 && evidence.may_be_run_directly) {
    form.doubt =
        "it lies in a package and may also be run directly, where no relative import works";
  }
  form.sure = form.doubt.empty();
  return form;
}

// An import of this kind is of the same distribution, as far as can be seen.
bool ProjectModules::may_depend(const Path& file, const Path& target, const Path& root) const {
  const Path from = package_of(file);
  const Path to = package_of(target);
  if (from == to) return true;
  if (is_package(to)) {
    const auto known = evidence_.find(file);
    const std::string name = first_name(dotted_module(target.lexically_relative(root)));
    return known != evidence_.end() && known->second.own_modules.contains(name);
  }
  if (!is_package(from)) return true;
  const auto used = used_by_programs_.find(root);
  return used != used_by_programs_.end() && used->second.contains(from.filename());
}

ImportForm ProjectModules::absolute_form(const Path& file, const Path& target,
                                         const std::set<Path>& roots) const {
  for (const Path& root : roots) {
    if (!is_inside(target, root)) continue;
    ImportForm form = {.module = dotted_module(target.lexically_relative(root))};
    if (form.module.empty()) continue;
    form.sure = may_depend(file, target, root);
    if (!form.sure) form.doubt = "the new module would lie outside of its package";
    return form;
  }
  return {};
}

ImportForm ProjectModules::import_form(const Path& file, const Path& target) const {
  const auto known = evidence_.find(file);
  const Evidence evidence = known == evidence_.end() ? Evidence{} : known->second;
  ImportForm relative = relative_form(file, target, evidence);
  // The file's own way comes first.
  if (evidence.dots_max > 0 && relative.sure) return relative;
  if (ImportForm form = absolute_form(file, target, evidence.own_roots); form.sure) return form;
  if (relative.sure) return relative;
  if (!evidence.may_be_run_directly) {
    if (ImportForm form = absolute_form(file, target, evidence.loaded_roots); form.sure)
      return form;
  }
  const bool are_neighbours = file.parent_path() == target.parent_path();
  const bool loaded_otherwise =
      std::any_of(evidence.loaded_roots.begin(), evidence.loaded_roots.end(),
                  [&](const Path& root) { return root != file.parent_path(); });
  if (!is_package(file.parent_path()) && evidence.dots_max == 0) {
    ImportForm form =
        absolute_form(file, target, {are_neighbours ? file.parent_path() : boundary_});
    form.sure = are_neighbours && !loaded_otherwise && evidence.own_roots.empty();
    form.doubt = form.sure ? "" : "it is not seen from which folder it imports";
    if (!form.module.empty()) return form;
  }
  if (!relative.module.empty()) return relative;
  if (ImportForm form = absolute_form(file, target, evidence.own_roots); !form.module.empty()) {
    return form;
  }
  return {.module = {}, .sure = false, .doubt = "no import leads from it to the new module"};
}

}  // namespace untorn::fix
