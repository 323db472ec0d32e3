// SPDX-License-Identifier: Apache-2.0
#include "rules/judgement.h"
#include "rules/registry.h"

namespace untorn::rules {
namespace {

constexpr std::string_view explanation = std::string_view(R"(
The temporary has the same name each time. Two processes, or two threads, that save at the same
time write into the same temporary.

## What breaks

- **A second writer** truncates the temporary of the first, which then renames a half file over
  the good one; or finds that its temporary is gone, and fails. No crash is needed.
- **A name made from the stem** (`with_suffix`) is shared by `report.md` and `report.json`.
- **A kill or a power cut** leaves a temporary whose owner nobody can tell.

## Example

```python
temporary = path.with_suffix(".tmp")
temporary.write_text(text)
os.replace(temporary, path)
```

## Cure

A random name, made exclusively, in the same directory:

```python
descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
```

`mkstemp` makes the file for its owner only: set the mode of the old file before the rename.
`untorn.write_text(path, text)` does all this.

## Silent

Names with a random part; temporaries opened with mode "x" or `O_EXCL`: the second writer fails
before anything is written.
)")
                                             .substr(1);

void judge_temp_collision(const LinkedFile& file, std::vector<Match>& matches) {
  for (std::uint32_t index = 0; index < file.operations.size(); ++index) {
    const Publication* publication = published_by(file, index);
    if (publication == nullptr || publication->own_name) continue;
    matches.push_back({RuleId::temp_collision, index,
                       "two writers share one temporary: one renames what the other has half "
                       "written over " +
                           spoken_target(file, index)});
  }
}

}  // namespace

const Rule temp_collision_rule = {RuleId::temp_collision,
                                  "UT005",
                                  "temp-collision",
                                  "the temporary's name is fixed, so that two writers share it",
                                  explanation,
                                  1,
                                  judge_temp_collision};

}  // namespace untorn::rules
