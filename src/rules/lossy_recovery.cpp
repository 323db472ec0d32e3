// SPDX-License-Identifier: Apache-2.0
#include "rules/judgement.h"
#include "rules/registry.h"
#include "rules/role.h"

namespace untorn::rules {
namespace {

constexpr std::string_view explanation = std::string_view(R"(
A loader catches the error of a damaged file and answers as if there had been no file. The program
starts anew, and its next save overwrites what could still have been rescued.

## What breaks

- **After a torn write** by a kill or a power cut the program comes up, empty, without a word.
- **The next save** replaces the damaged file: the part that was whole is gone too.
- **A new version's bug**, or a missing permission, is taken for damage, and everything is lost
  for it.

## Example

```python
def load(self):
    try:
        return json.loads(self.state_file.read_text())
    except Exception:
        return {}
```

## Cure

Only a file that is not there means "new". A damaged one is set aside under another name, and
said:

```python
    except FileNotFoundError:
        return {}
    except ValueError:
        os.replace(self.state_file, f"{self.state_file}.damaged-{time.time_ns()}")
        raise
```

and keep an older generation to come back to. What is right for your program no tool can know:
`untorn fix` only shows the site.

## Silent

Handlers of FileNotFoundError alone; handlers that raise, end the program, or rename or copy the
file away; files that the program does not write afterwards, where an empty answer loses nothing;
caches and temporaries, which may be made anew.
)")
                                             .substr(1);

// An empty answer for what can be made anew is right.
bool may_start_anew(Role role) {
  return role == Role::cache || role == Role::temporary;
}

void judge_lossy_recovery(const LinkedFile& file, std::vector<Match>& matches) {
  const languages::FileFacts& facts = file.source.facts;
  for (std::uint32_t index = 0; index < facts.recovery_flaws.size(); ++index) {
    const languages::RecoveryFlaw& flaw = facts.recovery_flaws[index];
    const std::string& writer = file.flaws[index].written_by;
    if (writer.empty() || flaw.target.never_leaves || flaw.target.is_special) continue;
    if (may_start_anew(flaw_role(file, index).role)) continue;
    const std::string path = flaw.target.text.empty() ? "file" : '`' + flaw.target.text + '`';
    const std::string answer = flaw.answer.empty() ? "new" : '`' + flaw.answer + '`';
    matches.push_back({RuleId::lossy_recovery, index,
                       "a damaged " + path + " is answered with " + answer + ", and " + writer +
                           " then overwrites what could be rescued"});
  }
}

}  // namespace

const Rule lossy_recovery_rule = {RuleId::lossy_recovery,
                                  "UT014",
                                  "lossy-recovery",
                                  "a loader answers \"new\" for a damaged file",
                                  explanation,
                                  0,
                                  judge_lossy_recovery};

}  // namespace untorn::rules
