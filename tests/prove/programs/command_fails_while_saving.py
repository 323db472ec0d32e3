# SPDX-License-Identifier: Apache-2.0
# Saves well and dies in the next save: what it leaves is a temporary, not a file that was torn.
#
#: file settings.json json 300
#: verdict undecided
#: undecided command-failed
import json
import os


def write(generation):
    with open("settings.json.tmp", "w", encoding="utf-8") as file:
        json.dump({"generation": generation}, file)
        file.flush()
        os.fsync(file.fileno())


write(2)
os.replace("settings.json.tmp", "settings.json")
folder = os.open(".", os.O_RDONLY)
os.fsync(folder)
write(3)
os._exit(3)
