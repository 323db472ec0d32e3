// SPDX-License-Identifier: Apache-2.0
#include "fix/plan.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <memory>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/hash.h"
#include "base/try.h"
#include "fix/dependency.h"
#include "fix/helper_module.h"
#include "fix/import_statement.h"
#include "fix/project_modules.h"
#include "fix/text_edits.h"
#include "languages/language.h"
#include "languages/python/rewrite.h"
#include "scan/read_file.h"

namespace untorn::fix {
namespace {

namespace stdfs = std::filesystem;
using languages::Operation;
using languages::RewriteGrade;
using languages::RewriteNames;
using languages::RewriteShape;
using rules::Finding;
using stdfs::path;

constexpr std::uint64_t source_bytes_max = 64U << 20U;
constexpr std::string_view module_name = "atomic_file.py";
constexpr std::string_view package_name = "untorn";

struct Candidate {
  std::size_t site = 0;
  const Operation* operation = nullptr;
  RewriteGrade grade = RewriteGrade::none;
};

// A file in which something may be edited. The tree borrows the text.
struct OpenFile {
  std::size_t index = 0;  // in ScanReport::sources
  path full_path;
  std::string text;
  languages::SyntaxTree tree;
  std::vector<Candidate> candidates;
};

const char* function_of(RewriteShape shape) {
  switch (shape) {
    case RewriteShape::write_text:
      return "atomic_write_text";
    case RewriteShape::write_bytes:
      return "atomic_write_bytes";
    default:
      return "atomic_open";
  }
}

// "atomic_file.atomic_open", ".atomic_file:atomic_open".
bool is_call_of_module(std::string_view callee) {
  callee.remove_prefix(callee.find_last_of(".:") + 1);  // npos + 1 is 0
  return callee == "atomic_open" || callee == "atomic_write_text" || callee == "atomic_write_bytes";
}

// How many calls of a file an edit could still replace.
std::size_t count_replaceable(const languages::FileFacts& facts) {
  return static_cast<std::size_t>(std::count_if(
      facts.operations.begin(), facts.operations.end(), [](const Operation& operation) {
        return operation.rewrite.shape != RewriteShape::none &&
               operation.kind != languages::OperationKind::read;
      }));
}

class Planner {
 public:
  Planner(FileSystem& fs, const scan::ScanReport& report, const FixRequest& request)
      : fs_(fs),
        report_(report),
        request_(request),
        boundary_(ProjectModules::find_boundary(report.root)),
        modules_(boundary_) {}

  Result<Plan> make() {
    choose_sites();
    open_files();
    if (!files_.empty()) {
      choose_library();
      if (plan_.library.empty()) UNTORN_CHECK(choose_module());
      for (const auto& file : files_) plan_file(*file);
      if (plan_.files.empty()) plan_.module.reset();
    }
    std::sort(plan_.left.begin(), plan_.left.end(),
              [](const LeftSite& left, const LeftSite& right) { return left.site < right.site; });
    return std::move(plan_);
  }

 private:
  void leave(std::size_t site, std::string reason) {
    plan_.left.push_back({.site = site, .reason = std::move(reason)});
  }

  // F1.
  void choose_sites() {
    for (std::size_t site = 0; site < report_.findings.size(); ++site) {
      const scan::FoundSite& found = report_.findings[site];
      if (!found.shown || found.suppressed) continue;
      const Finding& finding = found.finding;
      const languages::FileFacts& facts = report_.sources[found.file].facts;
      const bool is_operation = finding.rule != rules::RuleId::lossy_recovery;
      const bool wanted = finding.fix == RewriteGrade::safe ||
                          (finding.fix == RewriteGrade::unsafe && request_.allow_unsafe);
      if (!wanted || !is_operation ||
          facts.operations[finding.operation].rewrite.shape == RewriteShape::none) {
        leave(site, finding.fix_reason.empty() ? "nothing can take its place" : finding.fix_reason);
        continue;
      }
      if (files_.empty() || files_.back()->index != found.file) {
        files_.push_back(std::make_unique<OpenFile>());
        files_.back()->index = found.file;
      }
      files_.back()->candidates.push_back(
          {.site = site, .operation = &facts.operations[finding.operation], .grade = finding.fix});
    }
  }

  [[nodiscard]] const std::string& path_of(std::size_t index) const {
    return report_.sources[index].path;
  }

  // F2.
  void open_files() {
    std::vector<std::unique_ptr<OpenFile>> opened;
    for (auto& file : files_) {
      file->full_path = path(report_.root) / path_of(file->index);
      const auto read = scan::read_file(fs_, file->full_path, source_bytes_max, file->text);
      if (!read || hash128(file->text) != report_.files[file->index].content) {
        plan_.problems.push_back(path_of(file->index) + ": changed since it was scanned");
        for (const Candidate& each : file->candidates) leave(each.site, "the file has changed");
        continue;
      }
      file->tree = languages::parse_python(file->text);
      if (languages::is_python_2(file->tree)) {
        leave_all(*file, "it is written for Python 2");
        continue;
      }
      modules_.add(file->full_path, file->tree);
      opened.push_back(std::move(file));
    }
    files_ = std::move(opened);
  }

  void choose_library() {
    if (request_.library) {
      plan_.library = *request_.library;
    } else if (!request_.vendor_path &&
               (depends_on(fs_, report_.root, boundary_, package_name) || some_file_imports())) {
      plan_.library = package_name;
    }
  }

  [[nodiscard]] bool some_file_imports() const {
    return std::any_of(files_.begin(), files_.end(), [](const auto& file) {
      const auto imports = languages::list_imports(file->tree);
      return std::any_of(imports.begin(), imports.end(), [](const auto& statement) {
        const bool named = std::any_of(statement.names.begin(), statement.names.end(),
                                       [](const auto& each) { return each.name == package_name; });
        return statement.level == 0 &&
               (statement.is_from ? statement.module == package_name : named);
      });
    });
  }

  // The files that import the others may show from where these are loaded: only they can, and they
  // are read only if it is needed.
  void read_whole_project() {
    if (std::exchange(project_is_read_, true)) return;
    std::set<std::size_t> known;
    for (const auto& file : files_) known.insert(file->index);
    for (std::size_t index = 0; index < report_.sources.size(); ++index) {
      std::string text;
      const path full_path = path(report_.root) / path_of(index);
      if (known.contains(index) || !scan::read_file(fs_, full_path, source_bytes_max, text)) {
        continue;
      }
      modules_.add(full_path, languages::parse_python(text));
    }
  }

  [[nodiscard]] bool all_sure(const path& target) const {
    return std::all_of(files_.begin(), files_.end(), [&](const auto& file) {
      return modules_.import_form(file->full_path, target).sure;
    });
  }

  // Of a module that is there: the calls that earlier runs have put in its place.
  [[nodiscard]] std::size_t count_replaced(const path& place) const {
    std::size_t replaced = 0;
    for (const rules::SourceFacts& source : report_.sources) {
      const auto calls =
          std::count_if(source.facts.calls.begin(), source.facts.calls.end(),
                        [](const languages::Call& call) { return is_call_of_module(call.callee); });
      const path full_path = path(report_.root) / source.path;
      if (calls == 0 || modules_.import_form(full_path, place).module.empty()) continue;
      replaced += static_cast<std::size_t>(calls);
    }
    return replaced;
  }

  // Where most edits can import it for sure; then where it is already; then nearest to the root.
  // Edits of earlier runs count where the module is, so that a second run adds no second one.
  [[nodiscard]] path best_place() {
    std::set<path> places;
    for (const auto& file : files_) {
      places.insert(modules_.package_of(file->full_path) / module_name);
    }
    for (const rules::SourceFacts& source : report_.sources) {
      const path full_path = path(report_.root) / source.path;
      if (full_path.filename() == module_name && state_of(full_path) != HelperState::foreign) {
        places.insert(full_path);
      }
    }
    if (std::none_of(places.begin(), places.end(),
                     [this](const path& place) { return all_sure(place); })) {
      read_whole_project();
    }
    path best;
    std::tuple<std::size_t, bool, std::ptrdiff_t> best_score;
    for (const path& place : places) {
      std::size_t edits = 0;
      for (const auto& file : files_) {
        const bool sure = modules_.import_form(file->full_path, place).sure;
        if (sure) edits += file->candidates.size();
      }
      std::error_code ignored;
      const bool is_there = stdfs::exists(place, ignored);
      if (is_there) edits += count_replaced(place);
      const std::tuple score = {edits, is_there, -std::distance(place.begin(), place.end())};
      if (best.empty() || score > best_score) {
        best = place;
        best_score = score;
      }
    }
    return best;
  }

  [[nodiscard]] HelperState state_of(const path& file) const {
    std::string text;
    if (!scan::read_file(fs_, file, source_bytes_max, text)) return HelperState::foreign;
    return judge_helper(text, request_.tool_version);
  }

  [[nodiscard]] Result<void> choose_module() {
    PlannedModule module;
    const path place = request_.vendor_path ? path(*request_.vendor_path) : best_place();
    module.full_path = place.string();
    module.path = place.lexically_relative(report_.root).generic_string();
    const auto refuse = [&](Code code, std::string detail) {
      return std::unexpected(
          Error(code, Step::inspect, Outcome::not_applied, 0, module.full_path, std::move(detail)));
    };
    if (place.extension() != ".py" || dotted_module(place.filename()).empty()) {
      return refuse(Code::invalid_argument, "no Python file can import a module of this name");
    }
    module.after = helper_text(request_.tool_version);
    std::string text;
    const auto read = scan::read_file(fs_, module.full_path, source_bytes_max, text);
    if (!read && number(read.error()) != ENOENT) {
      return refuse(Code::not_regular_file, "this is in the way of the new module");
    }
    if (read) {
      const HelperState state = judge_helper(text, request_.tool_version);
      if (state == HelperState::foreign) {
        return refuse(Code::already_exists,
                      "this file is not ours and stays as it is; give another place with --vendor");
      }
      if (state == HelperState::edited) module.note = "it was edited by hand and is used as it is";
      if (state == HelperState::newer) module.note = "a newer Untorn wrote it; it is used as it is";
      if (state != HelperState::older) module.after = text;
      module.before = std::move(text);
    }
    if (!all_sure(place)) read_whole_project();
    plan_.module = std::move(module);
    return {};
  }

  void plan_file(OpenFile& file) {
    std::string module = plan_.library;
    if (module.empty()) {
      if (file.full_path == path(plan_.module->full_path)) return leave_all(file, "it is ours");
      const ImportForm form = modules_.import_form(file.full_path, path(plan_.module->full_path));
      if (form.module.empty() || (!form.sure && !request_.allow_unsafe)) {
        return leave_all(file, "no import is sure to work here: " + form.doubt);
      }
      module = form.module;
    }
    PlannedFile planned = {.path = path_of(file.index),
                           .full_path = file.full_path.string(),
                           .before = file.text,
                           .after = {},
                           .edits = {}};
    std::vector<languages::Edit> edits = import_edits(file, module);
    add_call_edits(file, edits, planned);
    if (!planned.edits.empty()) finish_file(file, std::move(planned), std::move(edits));
  }

  void leave_all(const OpenFile& file, const std::string& reason) {
    for (const Candidate& each : file.candidates) leave(each.site, reason);
  }

  // Import first: its names are those that the calls use.
  std::vector<languages::Edit> import_edits(const OpenFile& file, const std::string& module) {
    std::uint32_t before = std::numeric_limits<std::uint32_t>::max();
    std::set<std::string> functions;
    for (const Candidate& each : file.candidates) {
      functions.insert(function_of(each.operation->rewrite.shape));
      if (each.operation->function == 0) {
        before = std::min(before, each.operation->range.span.begin);
      }
    }
    names_ = {};
    ImportPlan plan;
    if (module == package_name) {
      plan = plan_module_import(file.tree, module, before);
      const std::string& local = plan.locals[module];
      names_ = {.write_text = local + ".write_text",
                .write_bytes = local + ".write_bytes",
                .open = local + ".open",
                .text_parameter = "data",
                .path_parameter = "file",
                .default_encoding_is_utf8 = true,
                .further_arguments = "allow_in_place=True"};
    } else {
      plan = plan_from_import(file.tree, module, {functions.begin(), functions.end()}, before);
      names_.write_text = plan.locals["atomic_write_text"];
      names_.write_bytes = plan.locals["atomic_write_bytes"];
      names_.open = plan.locals["atomic_open"];
    }
    return std::move(plan.edits);
  }

  // What the package's functions do otherwise than the module's.
  [[nodiscard]] std::string unfit_for_package(const Finding& finding) const {
    if (plan_.library != package_name) return {};
    if (finding.fix_reason.find("result") != std::string::npos) {
      return "the package answers a Receipt, and its result is used";
    }
    if (finding.fix_reason.find("synced by hand") != std::string::npos) {
      return "the package's files have no descriptor to sync";
    }
    return {};
  }

  void add_call_edits(const OpenFile& file, std::vector<languages::Edit>& edits,
                      PlannedFile& planned) {
    for (const Candidate& each : file.candidates) {
      const Finding& finding = report_.findings[each.site].finding;
      if (const std::string reason = unfit_for_package(finding); !reason.empty()) {
        leave(each.site, reason);
        continue;
      }
      const Durability durability = durability_for(finding.role);
      names_.durability = to_string(durability);
      if (!languages::edit_call(file.tree, each.operation->rewrite, names_, edits)) {
        leave(each.site, "a comment inside of the call would be lost");
        continue;
      }
      planned.edits.push_back({.site = each.site,
                               .durability = durability,
                               .is_unsafe = each.grade == RewriteGrade::unsafe,
                               .in_loop = each.operation->in_loop});
    }
  }

  // F3.
  void finish_file(const OpenFile& file, PlannedFile planned, std::vector<languages::Edit> edits) {
    std::optional<std::string> after = apply_edits(file.text, std::move(edits));
    std::string fault = "the edits overlap";
    if (after) {
      const auto facts = languages::python().read(planned.path, *after);
      const std::size_t before = count_replaceable(report_.sources[file.index].facts);
      if (!facts) {
        fault = "the edited text would not parse: " + facts.error().reason;
      } else if (count_replaceable(*facts) + planned.edits.size() != before) {
        fault = "the edited text does not read as it should";
      } else {
        planned.after = *std::move(after);
        plan_.files.push_back(std::move(planned));
        return;
      }
    }
    plan_.problems.push_back(planned.path + ": " + fault + "; a fault of this tool, left alone");
    for (const PlannedEdit& edit : planned.edits) leave(edit.site, fault);
  }

  FileSystem& fs_;
  const scan::ScanReport& report_;
  const FixRequest& request_;
  path boundary_;
  ProjectModules modules_;
  std::vector<std::unique_ptr<OpenFile>> files_;
  bool project_is_read_ = false;
  RewriteNames names_;
  Plan plan_;
};

}  // namespace

Durability durability_for(rules::Role role) noexcept {
  switch (role) {
    case rules::Role::document:
    case rules::Role::log:
    case rules::Role::report:
    case rules::Role::cache:
    case rules::Role::temporary:
      return Durability::ordered;
    default:
      return Durability::durable;
  }
}

Result<Plan> make_plan(FileSystem& fs, const scan::ScanReport& report, const FixRequest& request) {
  return Planner(fs, report, request).make();
}

}  // namespace untorn::fix
