# SPDX-License-Identifier: Apache-2.0
# Keeps the last version by a hard link before the classic replace, as careful programs rotate
# backups.
#
#: file settings.json json 300
#: arguments --expect atomic,parse,durable
#: verdict proved
#: class settings.json whole
#: class settings.json.1 whole
import os

directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
with open("settings.json.tmp", "w") as file:
    file.write('{"generation": 2}\n')
    file.flush()
    os.fsync(file.fileno())
os.link("settings.json", "settings.json.1")
os.replace("settings.json.tmp", "settings.json")
os.fsync(directory)
