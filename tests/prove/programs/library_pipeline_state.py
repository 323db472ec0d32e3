# SPDX-License-Identifier: Apache-2.0
# The state of the example pipeline, kept by the Python package: two saves, then the folder as it
# would be found by the next start.
#
#: library python
#: before {python} {program} create
#: arguments --expect atomic,durable-if-synced --ignore .untorn/*
#:     --check '{python} -B {program} check'
#: verdict proved
import sys

from untorn.pipeline import StateManager

manager = StateManager(".")
state = manager.load()
if sys.argv[1:] == ["check"]:
    sys.exit(0 if len(state.tasks) in (1, 2, 3) and manager.last_recovery is None else 1)
for name in ["first"] if sys.argv[1:] == ["create"] else ["second", "third"]:
    state.add_task(name, f"{name}.py")
    manager.save(state)
