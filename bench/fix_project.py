# SPDX-License-Identifier: Apache-2.0
"""Programs to fix: a package of many modules, each with three writes that can be lost."""

import pathlib

HEAD = '''"""{title} number {number}."""
import json
from pathlib import Path

'''

STATE = HEAD + '''STATE = Path("data") / "state_{number}.json"
CONFIG = "data/config_{number}.json"
REGISTRY = Path("data") / "registry_{number}.json"


def load():
    return json.loads(STATE.read_text(encoding="utf-8"))


def save_state(state):
    STATE.write_text(json.dumps(state, indent=2), encoding="utf-8")


def save_config(config):
    with open(CONFIG, "w", encoding="utf-8") as file:
        json.dump(config, file)


def save_registry(registry):
    REGISTRY.write_bytes(json.dumps(registry).encode())


def save(value):
    save_state(value)
    save_config(value)
    save_registry(value)
'''

REPORTS = HEAD + '''
def write_summary(value):
    Path("reports/summary_{number}.md").write_text("# " + json.dumps(value), encoding="utf-8")


def write_details(value):
    with open("reports/details_{number}.txt", "w", encoding="utf-8") as file:
        file.write(json.dumps(value))  # one line


def write_page(value):
    page = Path("reports") / "page_{number}.html"
    page.write_bytes(json.dumps(value).encode())


def save(value):
    write_summary(value)
    write_details(value)
    write_page(value)
'''

MIXED = HEAD + '''STATE = Path("data") / "state_{number}.json"
CONFIG = "data/config_{number}.json"


def load():
    return json.loads(STATE.read_text(encoding="utf-8"))


def save_state(state):
    STATE.write_text(json.dumps(state, indent=2), encoding="utf-8")


def save_config(config):
    with open(CONFIG, "w", encoding="utf-8") as file:
        json.dump(config, file)


def write_summary(value):
    Path("reports/summary_{number}.md").write_text("# " + json.dumps(value), encoding="utf-8")


def save(value):
    save_state(value)
    save_config(value)
    write_summary(value)
'''

# Saves everything, and says how long that took without the start of Python and its imports.
MAIN = '''import importlib
import pathlib
import time

names = [f"app.part_{{number // 100:02}}.module_{{number}}" for number in range({count})]
modules = [importlib.import_module(name) for name in names]
value = {{"name": "a value of some length", "numbers": list(range(50))}}
pathlib.Path("data").mkdir(exist_ok=True)
pathlib.Path("reports").mkdir(exist_ok=True)
begin = time.perf_counter()
for module in modules:
    module.save(value)
print(time.perf_counter() - begin)
'''

PROJECTS = {"state, configuration, registry": ("Program state", STATE),
            "reports and documents": ("Reports", REPORTS),
            "state, configuration and a report": ("State and report", MIXED)}


def make_project(folder, kind, count):
    """`count` modules in packages of a hundred, and main.py, which runs them all."""
    title, template = PROJECTS[kind]
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "__init__.py").touch()
    for number in range(count):
        package = folder / "app" / f"part_{number // 100:02}"
        if number % 100 == 0:
            package.mkdir()
            (package / "__init__.py").touch()
        text = template.format(title=title, number=number)
        pathlib.Path(package, f"module_{number}.py").write_text(text, encoding="utf-8")
    (folder / "main.py").write_text(MAIN.format(count=count), encoding="utf-8")
