// SPDX-License-Identifier: Apache-2.0
#include "scan/project_words.h"

#include <algorithm>

namespace untorn::scan {
namespace {

// "app/settings.py" → "settings".
std::string_view stem(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.substr(0, name.find('.'));
}

template <class Member>
std::vector<std::string> distinct(const std::vector<ProjectWords::Word>& words, Member member) {
  std::vector<std::string> found;
  found.reserve(words.size());
  for (const ProjectWords::Word& word : words) found.push_back(word.*member);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::size_t index_in(const std::vector<std::string>& sorted, const std::string& word) {
  return static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), word) -
                                  sorted.begin());
}

std::vector<ProjectWords::Word> in_order(std::vector<ProjectWords::Word> words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

}  // namespace

void ProjectWords::collect(std::string_view path, const languages::FileFacts& facts,
                           std::vector<Word>& words) {
  const std::size_t dot = facts.module.rfind('.');
  const std::string module =
      facts.module.empty() ? std::string(stem(path)) : facts.module.substr(dot + 1);
  for (const languages::Operation& operation : facts.operations) {
    const bool open_to_callers = operation.target.parameter >= 0 ||
                                 operation.source.parameter >= 0 || operation.mode_parameter >= 0;
    if (!open_to_callers || operation.function >= facts.functions.size()) continue;
    const std::string& name = facts.functions[operation.function].name;
    if (!name.empty()) words.push_back({name.substr(0, name.find('.')), module});
  }
}

ProjectWords::ProjectWords(std::vector<Word> unordered)
    : functions_(distinct(unordered, &Word::function)),
      modules_(distinct(unordered, &Word::module)),
      modules_of_(functions_.size()),
      function_search_(functions_),
      module_search_(modules_) {
  for (const Word& word : in_order(std::move(unordered))) {
    modules_of_[index_in(functions_, word.function)].push_back(index_in(modules_, word.module));
    hash_ = hash128(word.module, hash128(word.function, hash_));
  }
}

bool ProjectWords::may_be_called_in(std::string_view text) const {
  if (function_search_.empty()) return false;
  std::vector<bool> mentioned(modules_.size());
  bool any = false;
  (void)module_search_.visit(text, [&](std::size_t begin, std::size_t word) {
    if (is_whole_word(text, begin, modules_[word].size())) any = mentioned[word] = true;
    return false;
  });
  if (!any) return false;
  return function_search_.visit(text, [&](std::size_t begin, std::size_t word) {
    if (!is_whole_word(text, begin, functions_[word].size())) return false;
    const std::vector<std::size_t>& modules = modules_of_[word];
    return std::any_of(modules.begin(), modules.end(),
                       [&](std::size_t module) { return mentioned[module]; });
  });
}

}  // namespace untorn::scan
