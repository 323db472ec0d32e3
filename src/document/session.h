// SPDX-License-Identifier: Apache-2.0
//
// One look at a document, and what may be done about what was seen. Except for look(), the caller
// holds the document's lock, and has looked under it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "document/generations.h"
#include "document/home.h"
#include "untorn/document.h"
#include "untorn/error.h"

namespace untorn::document {

struct View {
  std::optional<FileContent> file;
  std::optional<JsonDocument> content;        // if the file is JSON
  std::optional<Error> refusal;               // if it is not: corrupt or unsupported
  std::vector<StoredGeneration> generations;  // newest first
  std::uint64_t generation = 0;               // the newest one, if it holds the content
  bool is_older = false;                      // an older one holds the content
  // What a crash left of the very first generation: no version was ever promised.
  bool first_was_interrupted = false;

  [[nodiscard]] bool damaged() const { return refusal && refusal->code() == Code::corrupt; }
  [[nodiscard]] bool unsupported() const { return refusal && !damaged(); }
  [[nodiscard]] bool is_new() const {
    return !file && (generations.empty() || first_was_interrupted);
  }
  [[nodiscard]] bool missing() const { return !file && !is_new(); }
  [[nodiscard]] bool needs_recovery() const { return damaged() || missing(); }
  // Someone else wrote what the file holds, or an older version came back.
  [[nodiscard]] bool unkept() const { return content.has_value() && generation == 0; }
  // "it is missing", or what is wrong with the content.
  [[nodiscard]] std::string reason() const;
};
[[nodiscard]] Result<View> look(const Home& home);

// The newest generation that can be used: its content is JSON and what was kept.
struct Choice {
  StoredGeneration stored;
  std::string text;
  JsonDocument content;
  std::uint64_t later_lost = 0;
};
// Code::corrupt if there is none. One that cannot be read may be whole: it is an error, unless
// someone decided to `pass_over` it.
[[nodiscard]] Result<Choice> choose(const Home& home, const View& view, bool pass_over = false);

// What a report says of it before anything is written.
[[nodiscard]] Recovery describe(const View& view, const Choice& choice);

// D4: sets the file aside, if there is one, and brings `choice` back.
[[nodiscard]] Result<Recovery> bring_back(const Home& home, const View& view, const Choice& choice,
                                          const DocumentOptions& options);

// Makes the content of the file a generation.
[[nodiscard]] Result<std::uint64_t> keep_present(const Home& home, const View& view,
                                                 const DocumentOptions& options);

// D2: the replacement.
[[nodiscard]] Result<ReplacedDocument> put(const Home& home, const View& view,
                                           const std::string& text, const DocumentOptions& options);

}  // namespace untorn::document
