// SPDX-License-Identifier: Apache-2.0
#include "languages/python/import_place.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "languages/python/grammar.h"

namespace untorn::languages {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

class PlaceFinder {
 public:
  PlaceFinder(const SyntaxTree& tree, std::uint32_t before)
      : tree_(tree), source_(tree.source()), before_(before) {}

  ImportPlace find() {
    std::uint32_t offset = after_head_comments();
    bool follows_import = false;
    bool is_first = true;
    for (NodeId node = tree_.first_child(tree_.root()); node != NodeId::none;
         node = tree_.next_sibling(node)) {
      const KindId kind = tree_.kind(node);
      if (kind == grammar_.comment) continue;
      // Python wants the docstring and `from __future__` first, wherever the import is needed.
      const bool is_docstring = std::exchange(is_first, false) && is_string(node);
      const bool is_import =
          kind == grammar_.import_statement || kind == grammar_.import_from_statement;
      if (is_docstring || kind == grammar_.future_import_statement) {
        offset = after_line_of(node);
        follows_import = kind == grammar_.future_import_statement;
        continue;
      }
      if (tree_.span(node).begin >= before_ || defines(kind)) break;
      if (!is_import) continue;
      const std::uint32_t end = after_line_of(node);
      if (end > before_) break;
      offset = end;
      follows_import = true;
    }
    return place_at(offset, follows_import);
  }

 private:
  [[nodiscard]] bool defines(KindId kind) const {
    return kind == grammar_.function_definition || kind == grammar_.class_definition ||
           kind == grammar_.decorated_definition;
  }

  [[nodiscard]] bool is_string(NodeId node) const {
    if (tree_.kind(node) != grammar_.expression_statement) return false;
    const NodeId value = tree_.first_child(node);
    if (value == NodeId::none) return false;
    const KindId kind = tree_.kind(value);
    return kind == grammar_.string || tree_.text(node).starts_with("(\"");
  }

  // The begin of the first line that holds nothing of this statement nor of those that share a line
  // with it: after `import os; text = """…` that is behind the string.
  [[nodiscard]] std::uint32_t after_line_of(NodeId node) const {
    std::uint32_t end = tree_.span(node).end;
    for (NodeId each = tree_.next_sibling(node); each != NodeId::none;
         each = tree_.next_sibling(each)) {
      const Span span = tree_.span(each);
      if (span.begin >= line_end_after(end)) break;
      end = std::max(end, span.end);
    }
    return line_end_after(end);
  }

  [[nodiscard]] std::uint32_t line_end_after(std::uint32_t offset) const {
    // A statement's span may take its line feed in.
    if (offset > 0 && source_[offset - 1] == '\n') return offset;
    const std::size_t at = source_.find('\n', offset);
    return static_cast<std::uint32_t>(at == std::string_view::npos ? source_.size() : at + 1);
  }

  [[nodiscard]] std::string_view line_at(std::uint32_t offset) const {
    std::string_view line = source_.substr(offset, line_end_after(offset + 1) - offset);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    return line;
  }

  static bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\f\r") == std::string_view::npos;
  }

  // Behind the shebang and the coding line, and behind a first comment that a blank line ends: what
  // stands right above a statement speaks of that statement.
  [[nodiscard]] std::uint32_t after_head_comments() const {
    std::uint32_t offset = source_.starts_with(byte_order_mark)
                               ? static_cast<std::uint32_t>(byte_order_mark.size())
                               : 0;
    std::uint32_t fixed = offset;
    for (unsigned line_number = 1; offset < source_.size(); ++line_number) {
      const std::string_view line = line_at(offset);
      if (is_blank(line)) return offset;
      if (!line.starts_with('#')) return fixed;
      offset = line_end_after(offset + 1);
      const bool is_coding = line_number <= 2 && line.find("coding") != std::string_view::npos;
      if (is_coding || (line_number == 1 && line.starts_with("#!"))) fixed = offset;
    }
    return offset;
  }

  [[nodiscard]] ImportPlace place_at(std::uint32_t offset, bool follows_import) const {
    ImportPlace place = {.offset = offset, .line_end = line_end_near(offset)};
    const bool is_at_start =
        offset == 0 || (offset == byte_order_mark.size() && source_.starts_with(byte_order_mark));
    place.needs_blank_before = !is_at_start && !follows_import && !is_blank(line_before(offset));
    if (offset < source_.size()) {
      const std::string_view next = line_at(offset);
      const bool continues = next.starts_with("import ") || next.starts_with("from ");
      place.needs_blank_after = !is_blank(next) && !(follows_import && continues);
      // Code may follow imports closely on purpose: then it follows this one as closely.
      if (follows_import && !defines_something(next)) place.needs_blank_after = false;
    }
    return place;
  }

  static bool defines_something(std::string_view line) {
    return line.starts_with("def ") || line.starts_with("class ") || line.starts_with("@") ||
           line.starts_with("async ");
  }

  [[nodiscard]] std::string_view line_before(std::uint32_t offset) const {
    std::size_t end = offset;
    if (end > 0 && source_[end - 1] == '\n') --end;
    const std::size_t begin = end == 0 ? std::string_view::npos : source_.rfind('\n', end - 1);
    return source_.substr(begin == std::string_view::npos ? 0 : begin + 1,
                          end - (begin == std::string_view::npos ? 0 : begin + 1));
  }

  // As the line above ends, or, at the begin, as the first line does.
  [[nodiscard]] std::string line_end_near(std::uint32_t offset) const {
    const std::size_t above =
        offset == 0 ? std::string_view::npos : source_.rfind('\n', offset - 1);
    const std::size_t feed = above == std::string_view::npos ? source_.find('\n') : above;
    const bool has_return = feed != std::string_view::npos && feed > 0 && source_[feed - 1] == '\r';
    return has_return ? "\r\n" : "\n";
  }

  const Grammar& grammar_ = Grammar::get();
  const SyntaxTree& tree_;
  std::string_view source_;
  std::uint32_t before_;
};

}  // namespace

ImportPlace find_import_place(const SyntaxTree& tree, std::uint32_t before) {
  return PlaceFinder(tree, before).find();
}

}  // namespace untorn::languages
