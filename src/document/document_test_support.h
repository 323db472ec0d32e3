// SPDX-License-Identifier: Apache-2.0
//
// For tests only: a document on a file system in memory, and the ways in which files get damaged.
#pragma once
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/document.h"

namespace untorn::document {

inline const std::string kept_folder = ".untorn/documents/state.json";

inline JsonDocument json(const std::string& text) {
  auto parsed = JsonDocument::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text << ": " << parsed.error();
  return parsed ? std::move(*parsed) : JsonDocument();
}

inline Document open_document(FileSystem& fs, const DocumentOptions& options = {}) {
  auto document = Document::open(fs, "state.json", options);
  EXPECT_TRUE(document.has_value()) << document.error();
  return std::move(*document);
}

inline ReplacedDocument put_text(Document& document, const std::string& text) {
  auto replaced = document.replace(json(text));
  EXPECT_TRUE(replaced.has_value()) << replaced.error();
  return replaced ? *replaced : ReplacedDocument();
}

// The text that load() gives, "" for a new document, "error: …" for an error.
inline std::string loaded_text(Document& document) {
  auto loaded = document.load();
  if (!loaded) return "error: " + loaded.error().message();
  return loaded->document ? loaded->document->text() : "";
}

// A document with three generations: {"n": 1}, {"n": 2}, {"n": 3, …}, the last of several pages.
inline const std::string& newest_text() {
  static const std::string text = [] {
    std::string list = R"({"n": 3, "list": [)";
    for (int i = 0; i < 3000; ++i) list += std::to_string(i) + ", ";
    return list + R"("end"], "note": "caf\u00e9"})";
  }();
  return text;
}
inline void fill(FileSystem& fs, const DocumentOptions& options = {}) {
  Document document = open_document(fs, options);
  for (const char* text : {R"({"n": 1})", R"({"n": 2})"}) (void)put_text(document, text);
  (void)put_text(document, newest_text());
}

struct Damage {
  std::string name;
  std::string bytes;
};
// What crashes, disks and careless programs leave of newest_text().
inline std::vector<Damage> damages() {
  const std::string& text = newest_text();
  const std::size_t half = text.size() / 2;
  const std::size_t page = 4096;
  std::string hole = text;
  hole.replace(page, page, page, '\0');
  std::string tail = text;
  tail.replace(half, text.size() - half, text.size() - half, '\0');
  std::string garbage = testing::pattern(text.size(), 7);
  const std::string shorter = R"({"n": 4})";
  return {{"cut_in_half", text.substr(0, half)},
          {"cut_at_a_page", text.substr(0, page)},
          {"last_byte_gone", text.substr(0, text.size() - 1)},
          {"empty", ""},
          {"blank", "\n"},
          {"nuls", std::string(text.size(), '\0')},
          {"nul_tail", tail},
          {"nul_page_inside", hole},
          {"garbage", garbage},
          {"halves_swapped", text.substr(half) + text.substr(0, half)},
          {"beginning_gone", text.substr(half)},
          {"shorter_over_longer", shorter + text.substr(shorter.size())}};
}

// Paths of all files with their content, to see that nothing changed.
inline std::vector<std::pair<std::string, std::string>> files_of(const InMemoryFileSystem& fs) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const TreeEntry& entry : fs.tree()) {
    files.emplace_back(entry.path, std::string(entry.content.text()));
  }
  return files;
}

// Changes one byte of a generation's content.
inline void spoil_generation(FileSystem& fs, unsigned number) {
  const std::string name = std::to_string(number);
  const std::string path = kept_folder + "/generation-" + std::string(12 - name.size(), '0') + name;
  std::string content = testing::read_file(fs, path).value();
  content.back() = content.back() == '}' ? ']' : '}';
  testing::write_file(fs, path, content);
}

}  // namespace untorn::document
