# -*- coding: utf-8 -*-
"""A module."""
import json, os, tempfile
from pathlib import Path as P

class Störe(Base):
    NAME: str = "a.json"
    def __init__(self, root: P | None = None, *, mode="w", **more):
        self.path = P(root or ".") / f"{self.NAME!r:>{3}}.json"
    def save(self, data):
        tmp = self.path.with_suffix(".tmp")
        with open(tmp, "w", encoding="utf-8") as f, lock(f) as (a, b):
            json.dump(data, f); os.fsync(f.fileno())
        os.replace(tmp, self.path)
    def load(self):
        try:
            return json.loads(self.path.read_text())
        except (ValueError, KeyError) as e:
            return {}
fd, name = tempfile.mkstemp(dir=os.path.dirname(__file__))
[os.write(fd, x) for x in y if (z := x)]
print >>open("b" "c", "a"), 'x'
