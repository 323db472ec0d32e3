// SPDX-License-Identifier: Apache-2.0
//
// A source text and its syntax tree, flat.
//
//   SyntaxTree tree = SyntaxTree::parse(tree_sitter_python(), source);
//   for (NodeId node : tree.children(tree.root())) …
//
// tree-sitter parses; its tree is copied once into an array in document order, so that a parent
// costs one lookup, and walking over all nodes is a loop and not a recursion: a file nested 20,000
// deep needs no stack. Held are the named nodes, and of the others those that fill a field (an
// operator). Kinds and fields are compared as numbers that are looked up once per language.
//
// NodeId::none may be asked like a node: its kind and field are 0, it has no text and no relatives.
//
// Limits: sources below 2^31 bytes. The tree borrows the source, which must outlive it.
// Threads: a tree is immutable once made; parse() may run in several threads at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

struct TSLanguage;

namespace untorn::languages {

// A place in a text: both 1-based, columns in Unicode code points.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend constexpr auto operator<=>(const Position&, const Position&) = default;
};

// A piece of a text by its bytes, the end exclusive.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  [[nodiscard]] constexpr bool empty() const noexcept { return begin == end; }
  [[nodiscard]] constexpr std::uint32_t size() const noexcept { return end - begin; }
  [[nodiscard]] constexpr bool contains(Span other) const noexcept {
    return begin <= other.begin && other.end <= end;
  }
  friend constexpr auto operator<=>(const Span&, const Span&) = default;
};

enum class NodeId : std::uint32_t { none = 0xFFFFFFFF };
using KindId = std::uint16_t;   // 0 is no kind of any node
using FieldId = std::uint16_t;  // 0 is no field

// The numbers of a grammar's names. `named` tells `if` the statement from `if` the word.
[[nodiscard]] KindId kind_id(const TSLanguage* language, std::string_view name, bool named = true);
[[nodiscard]] FieldId field_id(const TSLanguage* language, std::string_view name);

class SyntaxTree {
 public:
  // Never fails: what does not fit the grammar is in the tree as error nodes, see first_error().
  [[nodiscard]] static SyntaxTree parse(const TSLanguage* language, std::string_view source);

  [[nodiscard]] NodeId root() const noexcept { return NodeId{0}; }
  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }

  [[nodiscard]] KindId kind(NodeId node) const noexcept { return at(node).kind; }
  [[nodiscard]] FieldId field(NodeId node) const noexcept { return at(node).field; }
  [[nodiscard]] Span span(NodeId node) const noexcept { return at(node).span; }
  [[nodiscard]] std::string_view text(NodeId node) const noexcept { return text(at(node).span); }
  [[nodiscard]] std::string_view text(Span span) const noexcept {
    return source_.substr(span.begin, span.size());
  }
  [[nodiscard]] std::string_view source() const noexcept { return source_; }

  // NodeId::none where there is none.
  [[nodiscard]] NodeId parent(NodeId node) const noexcept { return at(node).parent; }
  [[nodiscard]] NodeId first_child(NodeId node) const noexcept { return at(node).first_child; }
  [[nodiscard]] NodeId next_sibling(NodeId node) const noexcept { return at(node).next_sibling; }
  // The first child that fills `field`.
  [[nodiscard]] NodeId child(NodeId node, FieldId field) const noexcept;
  // The nearest ancestor of that kind, or none.
  [[nodiscard]] NodeId ancestor(NodeId node, KindId kind) const noexcept;
  // The node is `outer` or lies below it.
  [[nodiscard]] bool within(NodeId node, NodeId outer) const noexcept {
    return at(outer).span.contains(at(node).span) && node >= outer && node < end_of(outer);
  }
  // The nodes of the subtree are those from `node` up to, and without, this one: a preorder walk is
  // a loop over numbers.
  [[nodiscard]] NodeId end_of(NodeId node) const noexcept { return at(node).subtree_end; }
  // The outermost node that spans exactly these bytes, or none.
  [[nodiscard]] NodeId find(Span span) const noexcept;

  class ChildIterator {
   public:
    using value_type = NodeId;
    using difference_type = std::ptrdiff_t;
    ChildIterator() = default;
    ChildIterator(const SyntaxTree* tree, NodeId node) : tree_(tree), node_(node) {}
    NodeId operator*() const noexcept { return node_; }
    ChildIterator& operator++() noexcept {
      node_ = tree_->next_sibling(node_);
      return *this;
    }
    ChildIterator operator++(int) noexcept {
      ChildIterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const ChildIterator& other) const noexcept { return node_ == other.node_; }

   private:
    const SyntaxTree* tree_ = nullptr;
    NodeId node_ = NodeId::none;
  };
  struct Children {
    ChildIterator first;
    [[nodiscard]] ChildIterator begin() const noexcept { return first; }
    [[nodiscard]] ChildIterator end() const noexcept { return {}; }
  };
  [[nodiscard]] Children children(NodeId node) const noexcept {
    return {ChildIterator(this, first_child(node))};
  }

  // Where the text stops fitting the grammar, if it does: the first error or missing token.
  [[nodiscard]] std::optional<std::uint32_t> first_error() const noexcept { return first_error_; }

  // Of a byte offset up to the size of the source. Its cost does not grow with the line.
  [[nodiscard]] Position position(std::uint32_t offset) const noexcept;

 private:
  struct Node {
    Span span;
    NodeId parent = NodeId::none;
    NodeId first_child = NodeId::none;
    NodeId next_sibling = NodeId::none;
    NodeId subtree_end = NodeId::none;
    KindId kind = 0;
    FieldId field = 0;
  };
  [[nodiscard]] const Node& at(NodeId node) const noexcept {
    static constexpr Node nothing;
    const auto index = static_cast<std::size_t>(node);
    return index < nodes_.size() ? nodes_[index] : nothing;
  }

  [[nodiscard]] std::uint32_t code_points_before(std::uint32_t offset) const noexcept;

  std::string_view source_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> line_begins_;
  std::vector<std::uint32_t> code_points_;  // before each block of a fixed size
  std::optional<std::uint32_t> first_error_;
};

}  // namespace untorn::languages
