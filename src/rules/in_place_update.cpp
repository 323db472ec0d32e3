// SPDX-License-Identifier: Apache-2.0
#include "rules/judgement.h"
#include "rules/registry.h"

namespace untorn::rules {
namespace {

constexpr std::string_view explanation = std::string_view(R"(
The call opens the file for writing without emptying it, and overwrites a part of it.

## What breaks

- **A kill** between two writes leaves a file that is neither the old nor the new one: new bytes
  at the front, old ones behind.
- **A power cut** may leave any of the overwritten blocks new and the others old, in any order.
- **A shorter content** leaves the tail of the old one behind, unless the file is cut off too.

## Example

```python
with open(path, "r+") as file:
    text = file.read()
    file.seek(0)
    file.write(text.replace(old, new))
    file.truncate()
```

## Cure

Read the whole, change it in memory, replace the file:

```python
untorn.write_text(path, path.read_text().replace(old, new))
```

Where the file is too large for that it needs a journal: write down what will change, sync, change
it. `untorn fix` only shows the site.

## Silent

As UT001; handles that are opened so and only read.
)")
                                             .substr(1);

void judge_in_place_update(const LinkedFile& file, std::vector<Match>& matches) {
  for (std::uint32_t index = 0; index < file.operations.size(); ++index) {
    if (file.operations[index].kind != languages::OperationKind::update) continue;
    if (!writes_lasting_file(file, index)) continue;
    matches.push_back({RuleId::in_place_update, index,
                       "a kill or a power cut while it overwrites leaves " +
                           spoken_target(file, index) + " partly old and partly new" +
                           spoken_reader(file, index)});
  }
}

}  // namespace

const Rule in_place_update_rule = {RuleId::in_place_update,
                                   "UT010",
                                   "in-place-update",
                                   "a part of the file is overwritten where it lies",
                                   explanation,
                                   0,
                                   judge_in_place_update};

}  // namespace untorn::rules
