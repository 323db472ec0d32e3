# SPDX-License-Identifier: Apache-2.0
"""A program that keeps its settings in a JSON file, written the way most are.

    python3 naive.py            save once
    python3 naive.py 100000     work and save so many times
"""

import json
import pathlib
import sys
import time

SETTINGS = pathlib.Path("settings.json")


def load():
    if not SETTINGS.exists():
        return {"saves": 0, "history": []}
    return json.loads(SETTINGS.read_text())


def save(settings):
    SETTINGS.write_text(json.dumps(settings, indent=1))


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    for number in range(rounds):
        settings = load()
        settings["saves"] += 1
        settings["history"] = (settings["history"] + [f"save {settings['saves']}"])[-300:]
        save(settings)
        if number + 1 < rounds:
            time.sleep(0.01)  # the work that the program is there for


if __name__ == "__main__":
    main()
