# SPDX-License-Identifier: Apache-2.0
# A script that lives in the root that it writes to and finds its state by its own path, from
# another working directory: it must reach the private tree, not the real one.
#
#: before cp {program} app.py
#: file state/state.json json 300
#: command {python} {root}/app.py
#: verdict proved
#: class state/state.json whole
import os
import pathlib

os.chdir("/")
home = pathlib.Path(__file__).resolve().parent / "state"
temporary = home / ".state.json.tmp"
with open(temporary, "w") as file:
    file.write('{"generation": 2}\n')
    file.flush()
    os.fsync(file.fileno())
temporary.replace(home / "state.json")
directory = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
os.fsync(directory)
os.close(directory)
