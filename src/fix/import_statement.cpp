// SPDX-License-Identifier: Apache-2.0
#include "fix/import_statement.h"

#include "base/text.h"
#include "languages/python/import_list.h"
#include "languages/python/import_place.h"

namespace untorn::fix {
namespace {

using languages::Edit;
using languages::ImportedName;
using languages::ImportStatement;
using languages::SyntaxTree;

// `name`, or what stands for it where the file means something else by that.
std::string free_name(const SyntaxTree& tree, const std::string& name, languages::Span ours) {
  if (!languages::uses_name(tree, name, ours)) return name;
  constexpr std::string_view usual_begin = "atomic_";
  const std::string rest = name.starts_with(usual_begin) ? name.substr(usual_begin.size()) : name;
  std::string alias = "untorn_" + rest;
  for (unsigned number = 2; languages::uses_name(tree, alias, ours); ++number) {
    alias = "untorn_" + rest + "_" + std::to_string(number);
  }
  return alias;
}

std::string with_alias(const std::string& name, const std::string& local) {
  return local == name ? name : name + " as " + local;
}

Edit new_line(const SyntaxTree& tree, const std::string& statement, std::uint32_t before) {
  const languages::ImportPlace place = languages::find_import_place(tree, before);
  std::string text;
  const std::string_view source = tree.source();
  if (place.offset == source.size() && !source.empty() && source.back() != '\n') {
    text += place.line_end;
  }
  if (place.needs_blank_before) text += place.line_end;
  text += statement + place.line_end;
  if (place.needs_blank_after) text += place.line_end;
  return {.span = {place.offset, place.offset}, .text = text};
}

}  // namespace

ImportPlan plan_from_import(const SyntaxTree& tree, std::string_view module,
                            const std::vector<std::string>& names, std::uint32_t before) {
  ImportPlan plan;
  languages::Span ours = {};
  std::uint32_t extend_at = 0;
  for (const ImportStatement& statement : languages::list_imports(tree)) {
    const std::string imported = std::string(statement.level, '.') + statement.module;
    if (!statement.is_from || !statement.is_top_level || imported != module ||
        statement.span.begin >= before) {
      continue;
    }
    ours = statement.span;
    for (const ImportedName& each : statement.names) {
      plan.locals.try_emplace(each.name, each.alias.empty() ? each.name : each.alias);
    }
    if (!statement.names.empty()) extend_at = statement.names.back().span.end;
  }
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    if (plan.locals.contains(name)) continue;
    const std::string local = free_name(tree, name, ours);
    missing.push_back(with_alias(name, local));
    plan.locals[name] = local;
  }
  if (missing.empty()) return plan;
  if (extend_at != 0) {
    plan.edits.push_back({.span = {extend_at, extend_at}, .text = ", " + joined(missing)});
  } else {
    const std::string statement = "from " + std::string(module) + " import " + joined(missing);
    plan.edits.push_back(new_line(tree, statement, before));
  }
  return plan;
}

ImportPlan plan_module_import(const SyntaxTree& tree, const std::string& module,
                              std::uint32_t before) {
  ImportPlan plan;
  for (const ImportStatement& statement : languages::list_imports(tree)) {
    if (statement.is_from || !statement.is_top_level || statement.span.begin >= before) continue;
    for (const ImportedName& each : statement.names) {
      if (each.name == module) plan.locals[module] = each.alias.empty() ? module : each.alias;
    }
  }
  if (plan.locals.contains(module)) return plan;
  const std::string local = free_name(tree, module, {});
  plan.locals[module] = local;
  plan.edits.push_back(new_line(tree, "import " + with_alias(module, local), before));
  return plan;
}

}  // namespace untorn::fix
