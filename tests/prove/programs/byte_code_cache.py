# SPDX-License-Identifier: Apache-2.0
# Imports a package from the root, so that Python writes its byte-code cache there: a cache that its
# owner rebuilds is listed in the limits and not judged.
#
#: file tool/__init__.py text "GENERATION = 2\n"
#: file settings.json json 300
#: verdict proved
#: class settings.json whole
#: limit __pycache__
import importlib
import os
import sys

sys.path.insert(0, os.getcwd())
tool = importlib.import_module("tool")
if not os.path.isdir("tool/__pycache__"):
    sys.exit("Python wrote no byte-code cache: this program proves nothing")
with open(".settings.json.tmp", "w") as file:
    file.write('{"generation": %d}\n' % tool.GENERATION)
    file.flush()
    os.fsync(file.fileno())
os.replace(".settings.json.tmp", "settings.json")
directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
os.fsync(directory)
os.close(directory)
