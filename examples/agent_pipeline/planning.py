# SPDX-License-Identifier: Apache-2.0
"""Plans the tasks of one round: a module is made, corrected, documented, and learned from."""

from typing import List, Tuple

from .state.manager import Task

MODULES = ("shelves", "orders", "suppliers", "prices", "returns")

ROUND: Tuple[Tuple[str, str], ...] = (
    ("coding", "Write the module {module}"),
    ("debugging", "Make {module} run"),
    ("patching", "Simplify {module}"),
    ("line_fixing", "Clean the lines of {module}"),
    ("documentation", "Document {module}"),
    ("tooling", "Count the lines of a text"),
    ("prompts", "Improve the prompts"),
    ("roles", "Improve the weakest role"),
)


def plan_round(number: int) -> List[Task]:
    """The tasks of round `number`; each waits for the one before."""
    module = MODULES[number % len(MODULES)]
    tasks: List[Task] = []
    for priority, (phase, description) in enumerate(ROUND, start=1):
        task = Task(
            task_id=f"r{number:04d}-{phase}",
            description=description.format(module=module) + f" (round {number})",
            target_file=f"inventory/{module}.py",
            priority=priority,
        )
        if tasks:
            task.dependencies.append(tasks[-1].task_id)
        tasks.append(task)
    return tasks
