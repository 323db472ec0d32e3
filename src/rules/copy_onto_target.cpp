// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "rules/judgement.h"
#include "rules/registry.h"

namespace untorn::rules {
namespace {

using languages::OperationKind;
using languages::PathFacts;

constexpr std::string_view explanation = std::string_view(R"(
The call copies onto a file that lasts: it empties the target and fills it piece by piece.

## What breaks

- **A kill** in between leaves the target with a part of the source. The source is whole; whether
  anybody still has it, and notices, is another matter: a backup that is half a backup, a rollback
  that is half a rollback.
- **A power cut** does the same for some time after the copy is done: nothing syncs it.
- **A move** from the system's folder for temporaries is a copy wherever that is another file
  system.

## Example

```python
shutil.copy2(path, path.with_suffix(".bak"))
shutil.copyfile(backup, path)
```

## Cure

Copy to a temporary of a unique name beside the target, sync, rename:

```python
with untorn.open(target, "wb") as file, open(source, "rb") as original:
    shutil.copyfileobj(original, file)
```

## Silent

Copies into a temporary directory; copies to a new name each time, with a random part or the time
in it, as backups often have: nothing is overwritten.
)")
                                             .substr(1);

// A name that holds the time is new each time.
bool is_new_each_time(const PathFacts& path) {
  constexpr std::array<std::string_view, 6> words = {"datetime", "isoformat", "now",
                                                     "strftime", "timestamp", "today"};
  const auto is_time = [&](const std::string& word) {
    return std::ranges::find(words, word) != words.end();
  };
  return path.is_unique || std::ranges::any_of(path.words, is_time);
}

bool overwrites(const LinkedFile& file, std::uint32_t index) {
  const LinkedOperation& linked = file.operations[index];
  const PathFacts& source = file.source.facts.operations[index].source;
  const bool copies = linked.kind == OperationKind::copy ||
                      (linked.kind == OperationKind::move && source.in_system_temp);
  return copies && !std::ranges::all_of(linked.targets, [](const LinkedTarget& target) {
           return is_new_each_time(target.path);
         });
}

void judge_copy_onto_target(const LinkedFile& file, std::vector<Match>& matches) {
  for (std::uint32_t index = 0; index < file.operations.size(); ++index) {
    if (!overwrites(file, index) || !writes_lasting_file(file, index)) continue;
    matches.push_back({RuleId::copy_onto_target, index,
                       "a kill or a power cut while it copies leaves a part of the content in " +
                           spoken_target(file, index) + spoken_reader(file, index)});
  }
}

}  // namespace

const Rule copy_onto_target_rule = {RuleId::copy_onto_target,
                                    "UT012",
                                    "copy-onto-target",
                                    "a copy is written piece by piece onto a file that lasts",
                                    explanation,
                                    0,
                                    judge_copy_onto_target};

}  // namespace untorn::rules
