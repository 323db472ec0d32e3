# SPDX-License-Identifier: Apache-2.0
"""Stock: how many of each article there are."""

from collections import Counter


class Stock:
    def __init__(self):
        self._counts = Counter()

    def add(self, article, count=1):
        self._counts[article] += count

    def remove(self, article, count=1):
        if self._counts[article] < count:
            raise ValueError(f"only {self._counts[article]} of {article}")
        self._counts[article] -= count

    def count(self, article):
        return self._counts[article]
