// SPDX-License-Identifier: Apache-2.0
#include "transaction/intent.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "transaction/escape.h"
#include "transaction/paths.h"

namespace untorn::transaction {
namespace {

constexpr std::string_view magic = "untorn-transaction";
constexpr std::string_view checksum_word = "checksum murmur3-128 ";
constexpr unsigned format_version = 1;
constexpr unsigned oldest_reader = 1;
constexpr std::array<std::string_view, 4> action_words = {"put", "remove", "rename",
                                                          "make_directory"};
constexpr std::array<std::string_view, 4> kind_words = {"absent", "file", "link", "directory"};

// ------------------------------------------------------------------ writing

void append_hex(std::string& to, std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) to += digits[(value >> shift) & 0xFU];
}

std::string hex_of(const Hash128& hash) {
  std::string text;
  append_hex(text, hash.first);
  append_hex(text, hash.second);
  return text;
}

template <class... Words>
void append_line(std::string& to, const Words&... words) {
  bool first = true;
  const auto append = [&](std::string_view word) {
    if (!std::exchange(first, false)) to += ' ';
    to += word;
  };
  (append(words), ...);
  to += '\n';
}

std::string text_of(const PreImage& before) {
  std::string text(kind_words[static_cast<std::size_t>(before.kind)]);
  text += ' ' + std::to_string(before.inode) + ' ' + std::to_string(before.size) + ' ' +
          std::to_string(before.modified_ns) + ' ' + std::to_string(before.changed_ns) + ' ';
  return text + hex_of(before.hash);
}

void append_operation(std::string& to, const Operation& operation) {
  const std::string_view word = action_words[static_cast<std::size_t>(operation.action)];
  const std::string_view barrier = operation.barrier ? "1" : "0";
  const std::string path = escaped(operation.path);
  switch (operation.action) {
    case Action::put:
      return append_line(to, word, barrier, path, text_of(operation.before),
                         escaped(operation.staged), std::to_string(operation.staged_inode),
                         std::to_string(operation.bytes), hex_of(operation.content));
    case Action::remove:
      return append_line(to, word, barrier, path, text_of(operation.before));
    case Action::rename:
      return append_line(to, word, barrier, path, escaped(operation.to), text_of(operation.before));
    case Action::make_directory: {
      std::array<char, 16> octal{};
      const auto end =
          std::to_chars(octal.data(), octal.data() + octal.size(), operation.mode, 8).ptr;
      return append_line(to, word, barrier, path, std::string_view(octal.data(), end));
    }
  }
}

// ------------------------------------------------------------------ reading

// The words of one line. After the first that is missing or wrong, everything is.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  std::string_view word() {
    if (ended_) {
      good_ = false;
      return {};
    }
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    ended_ = end == rest_.size();
    rest_.remove_prefix(ended_ ? end : end + 1);
    if (word.empty()) good_ = false;
    return word;
  }

  template <class Number>
  Number number(int base = 10) {
    const std::string_view text = word();
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size()) good_ = false;
    return value;
  }

  template <std::size_t Count>
  std::size_t one_of(const std::array<std::string_view, Count>& words) {
    const std::string_view text = word();
    for (std::size_t index = 0; index < Count; ++index) {
      if (words[index] == text) return index;
    }
    good_ = false;
    return 0;
  }

  // A path that an operation may name.
  std::string path() {
    const auto path = unescaped(word());
    if (path && may_be_changed(*path)) return *path;
    good_ = false;
    return {};
  }

  // The path of a temporary.
  std::string staged_path() {
    const auto path = unescaped(word());
    if (path && is_staged_path(*path)) return *path;
    good_ = false;
    return {};
  }

  Hash128 hash() {
    const std::string_view text = word();
    Hash128 hash;
    if (text.size() != 32) {
      good_ = false;
      return hash;
    }
    Words first(text.substr(0, 16));
    Words second(text.substr(16));
    hash = {first.number<std::uint64_t>(16), second.number<std::uint64_t>(16)};
    if (!first.good() || !second.good()) good_ = false;
    return hash;
  }

  void expect(std::string_view wanted) {
    if (word() != wanted) good_ = false;
  }
  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] bool complete() const noexcept { return good_ && ended_; }

 private:
  std::string_view rest_;
  bool ended_ = false;
  bool good_ = true;
};

PreImage read_pre_image(Words& words) {
  PreImage before;
  before.kind = static_cast<PreImage::Kind>(words.one_of(kind_words));
  before.inode = words.number<std::uint64_t>();
  before.size = words.number<std::uint64_t>();
  before.modified_ns = words.number<std::int64_t>();
  before.changed_ns = words.number<std::int64_t>();
  before.hash = words.hash();
  return before;
}

std::optional<Operation> read_operation(std::string_view line) {
  Words words(line);
  Operation operation;
  operation.action = static_cast<Action>(words.one_of(action_words));
  operation.barrier = words.number<unsigned>() != 0;
  operation.path = words.path();
  switch (operation.action) {
    case Action::put:
      operation.before = read_pre_image(words);
      operation.staged = words.staged_path();
      operation.staged_inode = words.number<std::uint64_t>();
      operation.bytes = words.number<std::uint64_t>();
      operation.content = words.hash();
      break;
    case Action::remove:
      operation.before = read_pre_image(words);
      break;
    case Action::rename:
      operation.to = words.path();
      operation.before = read_pre_image(words);
      break;
    case Action::make_directory:
      operation.mode = words.number<std::uint32_t>(8);
      break;
  }
  if (!words.complete()) return std::nullopt;
  return operation;
}

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  std::optional<std::string_view> next() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  [[nodiscard]] bool ended() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool checksum_is_right(std::string_view text, std::string_view& before_it) {
  const std::size_t line_bytes = checksum_word.size() + 32 + 1;
  if (text.size() < line_bytes) return false;
  before_it = text.substr(0, text.size() - line_bytes);
  std::string wanted(checksum_word);
  wanted += hex_of(hash128(before_it)) + '\n';
  return text.substr(before_it.size()) == wanted;
}

std::optional<Intent> read_intent(Lines lines) {
  Intent intent;
  std::size_t count = 0;
  {
    Words words(lines.next().value_or(""));
    words.expect("tree");
    intent.root_inode = words.number<std::uint64_t>();
    intent.device = words.number<std::uint64_t>();
    intent.root_born_ns = words.number<std::int64_t>();
    if (!words.complete()) return std::nullopt;
  }
  {
    Words words(lines.next().value_or(""));
    words.expect("intent");
    intent.inode = words.number<std::uint64_t>();
    intent.born_ns = words.number<std::int64_t>();
    if (!words.complete()) return std::nullopt;
  }
  {
    Words words(lines.next().value_or(""));
    words.expect("operations");
    count = words.number<std::size_t>();
    if (!words.complete() || count > operations_max) return std::nullopt;
  }
  for (; count != 0; --count) {
    auto operation = read_operation(lines.next().value_or(""));
    if (!operation) return std::nullopt;
    intent.operations.push_back(std::move(*operation));
  }
  if (!lines.ended()) return std::nullopt;
  return intent;
}

}  // namespace

std::string encode(const Intent& intent) {
  std::string text;
  append_line(text, magic, std::to_string(format_version), std::to_string(oldest_reader));
  append_line(text, "tree", std::to_string(intent.root_inode), std::to_string(intent.device),
              std::to_string(intent.root_born_ns));
  append_line(text, "intent", std::to_string(intent.inode), std::to_string(intent.born_ns));
  append_line(text, "operations", std::to_string(intent.operations.size()));
  for (const Operation& operation : intent.operations) append_operation(text, operation);
  const std::string sum = hex_of(hash128(text));
  text += checksum_word;
  return text + sum + '\n';
}

Decoded decode(std::string_view text) {
  Lines lines(text);
  Words head(lines.next().value_or(""));
  head.expect(magic);
  (void)head.number<unsigned>();
  const auto reader = head.number<unsigned>();
  if (head.good() && reader > format_version) return {.kind = Decoded::Kind::newer, .intent = {}};
  std::string_view checked;
  Decoded damaged{.kind = Decoded::Kind::damaged, .intent = {}};
  if (!head.complete() || !checksum_is_right(text, checked)) return damaged;
  Lines body(checked);
  (void)body.next();
  auto intent = read_intent(body);
  if (!intent) return damaged;
  return {.kind = Decoded::Kind::valid, .intent = std::move(*intent)};
}

bool belongs_to(const Intent& intent, const Status& file, const Status& root) noexcept {
  if (intent.inode != file.inode || intent.root_inode != root.inode) return false;
  const bool births_known =
      intent.root_born_ns != 0 && intent.born_ns != 0 && root.born_ns != 0 && file.born_ns != 0;
  if (births_known) return intent.root_born_ns == root.born_ns && intent.born_ns == file.born_ns;
  return intent.device == root.device;
}

}  // namespace untorn::transaction
