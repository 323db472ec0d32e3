// SPDX-License-Identifier: Apache-2.0
#include "rules/judgement.h"
#include "rules/registry.h"

namespace untorn::rules {
namespace {

constexpr std::string_view explanation = std::string_view(R"(
A temporary is written and renamed over the file, but was never synced: its new name may reach the
disk before its content.

## What breaks

- **A kill** harms nothing: readers find the old file or the new one.
- **A power cut** after the rename may leave the new name with an empty file, a part of the
  content, or zero bytes: the old content is gone, and the new one never arrived. Some file
  systems sync in this very case; that is a favour and no promise, and none does it for every
  mount option.

## Example

```python
temporary = path.with_suffix(".tmp")
temporary.write_text(text)
temporary.replace(path)
```

## Cure

Sync the temporary after its last write and before the rename, and the directory after it:

```python
with open(temporary, "x") as file:
    file.write(text)
    file.flush()
    os.fsync(file.fileno())
os.replace(temporary, path)
```

`untorn.write_text(path, text)` does both, with a name of its own for each temporary.

## Silent

Renames of what the program did not write just before, such as the rotation of a log; a write out
of sight in a file that calls fsync; what stays in a temporary directory.
)")
                                             .substr(1);

void judge_rename_without_fsync(const LinkedFile& file, std::vector<Match>& matches) {
  for (std::uint32_t index = 0; index < file.operations.size(); ++index) {
    const Publication* publication = published_by(file, index);
    if (publication == nullptr || publication->synced) continue;
    matches.push_back({RuleId::rename_without_fsync, index,
                       "the content was never synced: a power cut after the rename may leave " +
                           spoken_target(file, index) + " empty or full of zeros" +
                           spoken_reader(file, index)});
  }
}

}  // namespace

const Rule rename_without_fsync_rule = {
    RuleId::rename_without_fsync,
    "UT003",
    "rename-without-fsync",
    "a temporary is renamed over the file before its content is on the disk",
    explanation,
    1,
    judge_rename_without_fsync};

}  // namespace untorn::rules
