// SPDX-License-Identifier: Apache-2.0
//
// Which files may call a function of the project that does something to a path it is given.
//
// Such a file need not mention any file operation itself, and still decides what is written where:
// it must be parsed. It is recognized by the name of the function and the name of the function's
// module, each as a word: one of them alone is in too many files.
//
// Threads: immutable once made.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "languages/facts.h"
#include "scan/search.h"

namespace untorn::scan {

class ProjectWords {
 public:
  struct Word {
    std::string function;  // "save_json"; of a method its class
    std::string module;    // the last component of the module's name: "files"
    friend auto operator<=>(const Word&, const Word&) = default;
  };
  // Appends what a file with these facts, at `path`, offers to others.
  static void collect(std::string_view path, const languages::FileFacts& facts,
                      std::vector<Word>& words);

  explicit ProjectWords(std::vector<Word> unordered);

  [[nodiscard]] bool may_be_called_in(std::string_view text) const;
  // Of all the words: two projects with the same hash get the same answers.
  [[nodiscard]] Hash128 hash() const noexcept { return hash_; }

 private:
  std::vector<std::string> functions_;                // sorted
  std::vector<std::string> modules_;                  // sorted
  std::vector<std::vector<std::size_t>> modules_of_;  // of each function: indices, sorted
  WordSearch function_search_;
  WordSearch module_search_;
  Hash128 hash_;
};

}  // namespace untorn::scan
