# SPDX-License-Identifier: Apache-2.0
# Calls os.fsync while the bytes still lie in Python's buffer: what is synced is an empty file.
#
#: file settings.json json 300
#: verdict violated
#: class settings.json whole
#: clean kill
#: violation engine=power check=atomic path=settings.json observed=empty lost=@closes
#:     kept=@replaces
#: violation engine=power check=parse path=settings.json observed=unparseable,empty lost=@closes
#:     kept=@replaces
#: violation engine=power check=durable-if-synced path=settings.json
#:     observed=old-after-ack,empty
import json
import os

file = open("settings.json.tmp", "w")
file.write(json.dumps({"generation": 2}))
os.fsync(file.fileno())
file.close()  # line: closes
os.replace("settings.json.tmp", "settings.json")  # line: replaces
directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
os.fsync(directory)
os.close(directory)
