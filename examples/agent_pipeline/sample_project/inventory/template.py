# SPDX-License-Identifier: Apache-2.0
"""Rules: what holds for every article of a module."""

RULES = ("a count is never negative", "an article has one unit")


def check(counts):
    return [name for name, count in counts.items() if count < 0]
