// SPDX-License-Identifier: Apache-2.0
#include "rules/judgement.h"
#include "rules/registry.h"

namespace untorn::rules {
namespace {

constexpr std::string_view explanation = std::string_view(R"(
A temporary is written and renamed over the file, and the directory that holds the name is not
synced afterwards.

## What breaks

- **A kill** harms nothing.
- **A power cut** soon after the call may bring back the old file, whole, although the program
  said that the new one is saved. Nothing is torn; the latest version is lost.

## Example

```python
os.fsync(file.fileno())
os.replace(temporary, path)
return "saved"
```

## Cure

```python
os.replace(temporary, path)
directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
try:
    os.fsync(directory)
finally:
    os.close(directory)
```

or `untorn.write_text(path, text)`, whose default level is `durable`. Where an older version is
good enough, say so: `untorn: allow UT004 -- an older cache will do`.

## Silent

As UT003. A directory that every caller syncs counts as synced.
)")
                                             .substr(1);

void judge_directory_not_synced(const LinkedFile& file, std::vector<Match>& matches) {
  for (std::uint32_t index = 0; index < file.operations.size(); ++index) {
    const Publication* publication = published_by(file, index);
    if (publication == nullptr || publication->directory_synced) continue;
    matches.push_back({RuleId::directory_not_synced, index,
                       "the directory is not synced after the rename: a power cut may bring back "
                       "the old " +
                           spoken_target(file, index)});
  }
}

}  // namespace

const Rule directory_not_synced_rule = {
    RuleId::directory_not_synced,
    "UT004",
    "directory-not-synced",
    "a rename may be undone by a power cut, for its directory is not synced",
    explanation,
    2,
    judge_directory_not_synced};

}  // namespace untorn::rules
