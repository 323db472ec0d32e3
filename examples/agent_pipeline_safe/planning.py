# SPDX-License-Identifier: Apache-2.0
"""Plans the tasks of one round: a module is made, corrected, documented, and learned from."""

from untorn.pipeline import PipelineState

MODULES = ("shelves", "orders", "suppliers", "prices", "returns")

ROUND = (
    ("coding", "Write the module {module}"),
    ("debugging", "Make {module} run"),
    ("patching", "Simplify {module}"),
    ("line_fixing", "Clean the lines of {module}"),
    ("documentation", "Document {module}"),
    ("tooling", "Count the lines of a text"),
    ("prompts", "Improve the prompts"),
    ("roles", "Improve the weakest role"),
)


def rounds_planned(state: PipelineState) -> int:
    """Each round that is planned leaves one entry."""
    return len(state.performance_metrics.get("rounds", []))


def plan_round(state: PipelineState) -> None:
    """The tasks of the next round; each waits for the one before."""
    number = rounds_planned(state) + 1
    module = MODULES[number % len(MODULES)]
    before = []
    for priority, (_, template) in enumerate(ROUND, start=1):
        description = template.format(module=module) + f" (round {number})"
        task = state.add_task(description, f"inventory/{module}.py", 10 * number + priority, before)
        before = [task.task_id]
    state.add_performance_metric("rounds", number)


def phase_of(description: str) -> str:
    """The phase that a task of the plan belongs to."""
    for phase, template in ROUND:
        if description.startswith(template.split("{", maxsplit=1)[0]):
            return phase
    raise ValueError(f"no phase does {description!r}")
