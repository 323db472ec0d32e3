// SPDX-License-Identifier: Apache-2.0
//
// How the facts of a file are written and read by codec.h: every structure of languages/facts.h,
// all its fields in order. Where one is added there, the structured binding here does not compile.
#pragma once
#include <tuple>

#include "languages/facts.h"
#include "scan/codec.h"

namespace untorn::languages {

[[nodiscard]] constexpr OperationKind codec_last(OperationKind) {
  return OperationKind::link;
}
[[nodiscard]] constexpr Content codec_last(Content) {
  return Content::image;
}
[[nodiscard]] constexpr RewriteGrade codec_last(RewriteGrade) {
  return RewriteGrade::safe;
}
[[nodiscard]] constexpr RewriteShape codec_last(RewriteShape) {
  return RewriteShape::path_open;
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<Position> auto& value) {
  auto& [line, column] = value;
  return std::tie(line, column);
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<Span> auto& value) {
  auto& [begin, end] = value;
  return std::tie(begin, end);
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<Range> auto& value) {
  auto& [span, first, last] = value;
  return std::tie(span, first, last);
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<PathFacts> auto& value) {
  auto& [text, key, words, file_name, extension, parameter, is_whole_parameter, made_from,
         looks_temporary, is_unique, never_leaves, in_system_temp, is_special, is_descriptor,
         certainly_path_object, certainly_regular] = value;
  return std::tie(text, key, words, file_name, extension, parameter, is_whole_parameter, made_from,
                  looks_temporary, is_unique, never_leaves, in_system_temp, is_special,
                  is_descriptor, certainly_path_object, certainly_regular);
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<Rewrite> auto& value) {
  auto& [shape, grade, reason, call, callee, receiver, arguments] = value;
  return std::tie(shape, grade, reason, call, callee, receiver, arguments);
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<Operation> auto& value) {
  auto& [kind, range, api, function, block, target, source, mode_parameter, content, permissions,
         writes_nothing, only_locks, synced, escapes, in_loop, unlinked_target_before,
         written_in_pieces, removed_later, rewrite] = value;
  return std::tie(kind, range, api, function, block, target, source, mode_parameter, content,
                  permissions, writes_nothing, only_locks, synced, escapes, in_loop,
                  unlinked_target_before, written_in_pieces, removed_later, rewrite);
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<RecoveryFlaw> auto& value) {
  auto& [range, function, target, exceptions, answer] = value;
  return std::tie(range, function, target, exceptions, answer);
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<Argument> auto& value) {
  auto& [name, path, constant] = value;
  return std::tie(name, path, constant);
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<Call> auto& value) {
  auto& [range, function, callee, arguments] = value;
  return std::tie(range, function, callee, arguments);
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<Parameter> auto& value) {
  auto& [name, default_constant] = value;
  return std::tie(name, default_constant);
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<Function> auto& value) {
  auto& [name, parameters, range, is_test, syncs] = value;
  return std::tie(name, parameters, range, is_test, syncs);
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<Comment> auto& value) {
  auto& [line, text, alone] = value;
  return std::tie(line, text, alone);
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<ImportPlace> auto& value) {
  auto& [offset, line_end, needs_blank_before, needs_blank_after] = value;
  return std::tie(offset, line_end, needs_blank_before, needs_blank_after);
}

[[nodiscard]] auto codec_fields(scan::MaybeConst<FileFacts> auto& value) {
  auto& [module, is_test, is_generated, functions, operations, recovery_flaws, calls, comments,
         names, import_place] = value;
  return std::tie(module, is_test, is_generated, functions, operations, recovery_flaws, calls,
                  comments, names, import_place);
}

}  // namespace untorn::languages
