// SPDX-License-Identifier: Apache-2.0
#include "rules/judgement.h"
#include "rules/registry.h"

namespace untorn::rules {
namespace {

constexpr std::string_view explanation = std::string_view(R"(
The call empties the file first and writes the new content afterwards.

## What breaks

- **A kill** (SIGKILL, the OOM killer, an exception, a full disk) between the two leaves the file
  empty, or with the first part of the new content. The old content is gone.
- **A power cut** does the same up to half a minute after the call returned: the new length is
  often on the disk before the bytes are.
- **A reader** that comes in between sees the empty file.

## Example

```python
def save(self, state):
    self.state_file.write_text(json.dumps(state))
```

## Cure

Write a temporary of a unique name in the same directory, sync it, rename it over the file, sync
the directory:

```python
def save(self, state):
    untorn.write_text(self.state_file, json.dumps(state))
```

`untorn fix` does this where it can tell that nothing else changes.

## Silent

Special files, pipes and descriptors; temporaries that stay temporary, or that the same function
removes again; a temporary that is renamed afterwards (UT003 to UT005 judge the rename); files
opened only to be locked, or to be emptied; mode "x"; functions that keep the whole protocol, or are
declared in `atomic-writers`; tests, unless `--include-tests`; generated files.
)")
                                             .substr(1);

void judge_truncate_write(const LinkedFile& file, std::vector<Match>& matches) {
  for (std::uint32_t index = 0; index < file.operations.size(); ++index) {
    if (file.operations[index].kind != languages::OperationKind::create) continue;
    if (!writes_lasting_file(file, index)) continue;
    matches.push_back({RuleId::truncate_write, index,
                       "a kill or a power cut between the truncation and the last write leaves " +
                           spoken_target(file, index) + " empty or half written" +
                           spoken_reader(file, index)});
  }
}

}  // namespace

const Rule truncate_write_rule = {RuleId::truncate_write,
                                  "UT001",
                                  "truncate-write",
                                  "a file is emptied before its new content is written",
                                  explanation,
                                  0,
                                  judge_truncate_write};

}  // namespace untorn::rules
