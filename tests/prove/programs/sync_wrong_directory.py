# SPDX-License-Identifier: Apache-2.0
# Syncs the parent of the directory that holds the name.
#
#: file state/settings.json json 300
#: verdict violated
#: class state/settings.json whole
#: clean kill
#: violation engine=power check=durable-if-synced path=state/settings.json
#:     observed=old-after-ack lost=@replaces missing=fsync.of.the.directory
import json
import os

with open("state/settings.json.tmp", "w") as file:
    file.write(json.dumps({"generation": 2}))
    file.flush()
    os.fsync(file.fileno())
os.replace("state/settings.json.tmp", "state/settings.json")  # line: replaces
directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
os.fsync(directory)
os.close(directory)
