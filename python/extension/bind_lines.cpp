// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/try.h"
#include "binders.h"
#include "fields.h"
#include "untorn/pipeline/line_fixer.h"

namespace untorn::python {
namespace {

using pipeline::LineEdit;
using pipeline::LineFix;
using pipeline::LineFixer;

std::vector<std::string> lines_of(const JsonValue& list) {
  std::vector<std::string> lines;
  for (const JsonValue& item : list.items()) {
    std::optional<std::string> line = item.as_string();
    if (!line) throw WrongArgument("lines");
    lines.push_back(std::move(*line));
  }
  return lines;
}

std::uint64_t line_number(const JsonValue& edit, std::string_view name) {
  const JsonValue* found = edit.find(name);
  const auto number = found != nullptr ? found->as_integer() : std::nullopt;
  if (!number || *number < 0) throw WrongArgument(name);
  return static_cast<std::uint64_t>(*number);
}

LineEdit edit_of(const JsonValue& value) {
  LineEdit edit;
  edit.first = line_number(value, "first");
  edit.last = line_number(value, "last");
  if (const JsonValue* lines = value.find("lines")) edit.lines = lines_of(*lines);
  const JsonValue* expected = value.find("expected");
  if (expected != nullptr && !expected->is_null()) edit.expected = lines_of(*expected);
  return edit;
}

Result<Reply> read(LineFixer& fixer, Call& call) {
  return reply_of(fixer.read(call.path()));
}

Result<Reply> edit(LineFixer& fixer, Call& call) {
  const JsonValue* list = call.find("edits");
  if (list == nullptr) throw WrongArgument("edits");
  std::vector<LineEdit> edits;
  for (const JsonValue& value : list->items()) edits.push_back(edit_of(value));
  return reply_of(fixer.edit(call.path(), std::move(edits)));
}

Result<Reply> fix(LineFixer& fixer, Call& call) {
  std::vector<LineFix> fixes;
  for (const std::string& name : call.texts("fixes")) {
    const std::vector<LineFix>& all = pipeline::all_line_fixes();
    const auto found = std::ranges::find_if(
        all, [&name](LineFix known) { return pipeline::to_string(known) == name; });
    if (found == all.end()) throw WrongArgument("fixes");
    fixes.push_back(*found);
  }
  return reply_of(fixer.fix(call.path(), fixes));
}

constexpr std::array<Method<LineFixer>, 3> methods = {{
    {"read", read},
    {"edit", edit},
    {"fix", fix},
}};

}  // namespace

Result<std::unique_ptr<Bound>> make_line_fixer(Call& call, const Logger& logger) {
  UNTORN_TRY(LineFixer fixer, LineFixer::open(call.path(), project_options(call, logger)));
  return make_bound<LineFixer>(std::move(fixer), methods);
}

Result<Reply> run_line_fixes(Call& /*call*/) {
  std::vector<std::string> names;
  for (const LineFix fix : pipeline::all_line_fixes()) names.emplace_back(to_string(fix));
  return Reply{.value = list_of(names)};
}

}  // namespace untorn::python
