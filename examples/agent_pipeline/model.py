# SPDX-License-Identifier: Apache-2.0
"""A model that answers from a script: the same question has always the same answer."""

import random
from typing import List, Tuple

VERBS = ("check", "compare", "extract", "rename", "validate", "measure", "simplify", "group")
THINGS = (
    "the stock levels",
    "the reorder rule",
    "the report header",
    "the unit conversion",
    "the empty shelf case",
    "the price table",
    "the warehouse name",
)
REASONS = (
    "because two callers disagree about it",
    "so that a count of zero is not a failure",
    "before the next module depends on it",
    "since the name says something else",
    "to keep the function short",
)


class ScriptedModel:
    """Stands where a language model would; `token` is what its server would ask for."""

    def __init__(self, seed: int, token: str):
        self._seed = seed
        self._token = token

    def _random(self, question: str) -> random.Random:
        return random.Random(f"{self._seed}/{question}")

    def advice(self, question: str, sentences: int = 3) -> str:
        chance = self._random(question)
        lines: List[str] = []
        for number in range(1, sentences + 1):
            verb, thing = chance.choice(VERBS), chance.choice(THINGS)
            lines.append(f"{number}. {verb.capitalize()} {thing} {chance.choice(REASONS)}.")
        return "\n".join(lines)

    def score(self, question: str) -> float:
        return round(0.4 + 0.6 * self._random(question).random(), 3)

    def source(self, name: str, round_number: int) -> str:
        """A module with one mistake: `reorder_amount` uses a name that does not exist."""
        target = 20 + round_number % 7
        return (
            f'"""Reorder rule for {name}.\n\nRevision 0000\n"""\n\n'
            f"TARGET = {target}\n\n\n"
            "def reorder_amount(count):   \n"
            "    missing = TARGET - cuont\n"
            "    return max(0, missing)\n\n\n"
            "def describe(count):\n"
            f'\treturn f"{name}: reorder {{reorder_amount(count)}}"\n\n\n'
            "SAMPLE = describe(3)\n"
        )

    def correction(self) -> Tuple[str, str]:
        return "TARGET - cuont", "TARGET - count"

    def tool(self, name: str) -> str:
        return (
            "import json\nimport sys\n\n"
            "question = json.load(sys.stdin)\n"
            f'print(json.dumps({{"tool": "{name}", "lines": question["text"].count("\\n")}}))\n'
        )
