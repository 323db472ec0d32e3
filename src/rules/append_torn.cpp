// SPDX-License-Identifier: Apache-2.0
#include "rules/judgement.h"
#include "rules/registry.h"

namespace untorn::rules {
namespace {

constexpr std::string_view explanation = std::string_view(R"(
The call writes at the end of the file. What was there is safe; what is added may be torn.

## What breaks

- **A kill** between two writes, or in the middle of a buffer, leaves a part of a line at the end.
  The next append continues that line: two records become one that no reader understands.
- **A power cut** leaves a part of what was appended, or, where the length reaches the disk first,
  zero bytes in its place. Lines that were reported as written may be missing.

## Example

```python
def record(self, event):
    with open(self.journal, "a") as journal:
        journal.write(json.dumps(event))
        journal.write("\n")
```

## Cure

One write of a whole line, a sync where the line must not be lost, and a reader that leaves out a
last line without its end. No edit in place does this: `untorn fix` only shows the site.

## Silent

As UT001. A log that nobody reads back is judged one step below its role.
)")
                                             .substr(1);

void judge_append_torn(const LinkedFile& file, std::vector<Match>& matches) {
  for (std::uint32_t index = 0; index < file.operations.size(); ++index) {
    if (file.operations[index].kind != languages::OperationKind::append) continue;
    if (!writes_lasting_file(file, index)) continue;
    matches.push_back({RuleId::append_torn, index,
                       "a kill or a power cut while it appends leaves a torn last line in " +
                           spoken_target(file, index) + ", which the next append continues" +
                           spoken_reader(file, index)});
  }
}

}  // namespace

const Rule append_torn_rule = {
    RuleId::append_torn, "UT002",
    "append-torn",       "what is appended may be torn, and the next append continues it",
    explanation,         1,
    judge_append_torn};

}  // namespace untorn::rules
