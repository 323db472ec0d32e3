// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/tree_difference.h"

#include <algorithm>
#include <map>

namespace untorn::prove {

namespace {

bool same(const crash::History::File& a, const crash::History::File& b) {
  if (a.type != b.type || a.mode != b.mode || a.content.size() != b.content.size()) return false;
  const auto left = a.content.view();
  const auto right = b.content.view();
  return left.data() == right.data() || std::equal(left.begin(), left.end(), right.begin());
}

}  // namespace

Sandbox::Difference tree_difference(const FileTree& before, const FileTree& now) {
  Sandbox::Difference result;
  auto old = before.begin();
  auto next = now.begin();
  while (old != before.end() || next != now.end()) {
    if (next == now.end() || (old != before.end() && old->first < next->first)) {
      result.emplace_back(old->first, std::nullopt);
      ++old;
    } else if (old == before.end() || next->first < old->first) {
      result.emplace_back(next->first, next->second);
      ++next;
    } else {
      if (!same(old->second, next->second)) result.emplace_back(next->first, next->second);
      ++old;
      ++next;
    }
  }
  return result;
}

Sandbox::Difference join_differences(const Sandbox::Difference& first,
                                     const Sandbox::Difference& second) {
  std::map<crash::Path, std::optional<crash::History::File>> joined(first.begin(), first.end());
  for (const auto& [path, file] : second) joined[path] = file;
  return {joined.begin(), joined.end()};
}

}  // namespace untorn::prove
