// SPDX-License-Identifier: Apache-2.0
#include "languages/syntax.h"

#include <tree_sitter/api.h>

#include <algorithm>
#include <memory>

namespace untorn::languages {
namespace {

struct ParserDeleter {
  void operator()(TSParser* parser) const noexcept { ts_parser_delete(parser); }
};
struct TreeDeleter {
  void operator()(TSTree* tree) const noexcept { ts_tree_delete(tree); }
};

// Frees what ts_tree_cursor_new() made.
class Cursor {
 public:
  explicit Cursor(TSNode node) : cursor_(ts_tree_cursor_new(node)) {}
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor() { ts_tree_cursor_delete(&cursor_); }
  TSTreeCursor* get() noexcept { return &cursor_; }
  [[nodiscard]] TSNode node() const { return ts_tree_cursor_current_node(&cursor_); }
  [[nodiscard]] FieldId field() const { return ts_tree_cursor_current_field_id(&cursor_); }

 private:
  TSTreeCursor cursor_;
};

std::vector<std::uint32_t> line_begins_of(std::string_view source) {
  std::vector<std::uint32_t> begins = {0};
  for (std::size_t at = source.find('\n'); at != std::string_view::npos;
       at = source.find('\n', at + 1)) {
    begins.push_back(static_cast<std::uint32_t>(at + 1));
  }
  return begins;
}

constexpr bool starts_code_point(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

// So many bytes apart are the offsets whose code points are counted once.
constexpr std::size_t counted_block_bytes = 1024;

std::uint32_t count_code_points(std::string_view text) {
  return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), starts_code_point));
}

// The code points before each block.
std::vector<std::uint32_t> code_points_before_blocks(std::string_view source) {
  std::vector<std::uint32_t> counts = {0};
  for (std::size_t at = 0; at < source.size(); at += counted_block_bytes) {
    counts.push_back(counts.back() + count_code_points(source.substr(at, counted_block_bytes)));
  }
  return counts;
}

}  // namespace

KindId kind_id(const TSLanguage* language, std::string_view name, bool named) {
  return ts_language_symbol_for_name(language, name.data(), static_cast<std::uint32_t>(name.size()),
                                     named);
}

FieldId field_id(const TSLanguage* language, std::string_view name) {
  return ts_language_field_id_for_name(language, name.data(),
                                       static_cast<std::uint32_t>(name.size()));
}

SyntaxTree SyntaxTree::parse(const TSLanguage* language, std::string_view source) {
  SyntaxTree result;
  result.source_ = source;
  result.line_begins_ = line_begins_of(source);
  result.code_points_ = code_points_before_blocks(source);
  const std::unique_ptr<TSParser, ParserDeleter> parser(ts_parser_new());
  (void)ts_parser_set_language(parser.get(), language);
  const std::unique_ptr<TSTree, TreeDeleter> tree(ts_parser_parse_string(
      parser.get(), nullptr, source.data(), static_cast<std::uint32_t>(source.size())));

  // Preorder, without recursion: `open` are the held ancestors of the cursor, each with the depth
  // at which the cursor met it and the last of its children.
  struct Open {
    NodeId node;
    NodeId last_child;
    std::uint32_t depth;
  };
  std::vector<Open> open;
  Cursor cursor(ts_tree_root_node(tree.get()));
  std::uint32_t depth = 0;
  const auto close_down_to = [&](std::uint32_t level) {
    while (!open.empty() && open.back().depth >= level) {
      result.nodes_[static_cast<std::size_t>(open.back().node)].subtree_end =
          NodeId{static_cast<std::uint32_t>(result.nodes_.size())};
      open.pop_back();
    }
  };
  for (bool more = true; more;) {
    const TSNode node = cursor.node();
    const FieldId field = cursor.field();
    close_down_to(depth);
    if (!result.first_error_ && (ts_node_is_error(node) || ts_node_is_missing(node))) {
      result.first_error_ = ts_node_start_byte(node);
    }
    if (ts_node_is_named(node) || field != 0) {
      const NodeId id{static_cast<std::uint32_t>(result.nodes_.size())};
      const NodeId parent = open.empty() ? NodeId::none : open.back().node;
      result.nodes_.push_back({.span = {ts_node_start_byte(node), ts_node_end_byte(node)},
                               .parent = parent,
                               .kind = ts_node_symbol(node),
                               .field = field});
      if (parent != NodeId::none) {
        NodeId& link =
            open.back().last_child == NodeId::none
                ? result.nodes_[static_cast<std::size_t>(parent)].first_child
                : result.nodes_[static_cast<std::size_t>(open.back().last_child)].next_sibling;
        link = id;
        open.back().last_child = id;
      }
      open.push_back({.node = id, .last_child = NodeId::none, .depth = depth});
    }
    if (ts_tree_cursor_goto_first_child(cursor.get())) {
      ++depth;
      continue;
    }
    while (!ts_tree_cursor_goto_next_sibling(cursor.get())) {
      if (!ts_tree_cursor_goto_parent(cursor.get())) {
        more = false;
        break;
      }
      --depth;
    }
  }
  close_down_to(0);
  return result;
}

NodeId SyntaxTree::child(NodeId node, FieldId field) const noexcept {
  for (const NodeId each : children(node)) {
    if (at(each).field == field) return each;
  }
  return NodeId::none;
}

NodeId SyntaxTree::ancestor(NodeId node, KindId kind) const noexcept {
  NodeId each = parent(node);
  while (each != NodeId::none && at(each).kind != kind) each = parent(each);
  return each;
}

NodeId SyntaxTree::find(Span span) const noexcept {
  NodeId node = root();
  while (node != NodeId::none) {
    if (at(node).span == span) return node;
    NodeId inner = NodeId::none;
    for (const NodeId each : children(node)) {
      if (at(each).span.contains(span)) {
        inner = each;
        break;
      }
    }
    node = inner;
  }
  return NodeId::none;
}

Position SyntaxTree::position(std::uint32_t offset) const noexcept {
  const auto after = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
  const std::uint32_t begin = *std::prev(after);
  return {.line = static_cast<std::uint32_t>(after - line_begins_.begin()),
          .column = 1 + code_points_before(offset) - code_points_before(begin)};
}

// Looks at one block, however long the line is.
std::uint32_t SyntaxTree::code_points_before(std::uint32_t offset) const noexcept {
  const std::size_t block = offset / counted_block_bytes;
  const std::size_t begin = block * counted_block_bytes;
  return code_points_[block] + count_code_points(source_.substr(begin, offset - begin));
}

}  // namespace untorn::languages
