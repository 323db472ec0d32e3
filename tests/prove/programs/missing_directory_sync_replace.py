# SPDX-License-Identifier: Apache-2.0
# Syncs the file and renames it, but never syncs the directory: whole, and yet the old content may
# come back after the program has said that it is done.
#
#: file settings.json json 10000
#: verdict violated
#: model ext4 violated durable-if-synced
#: model xfs violated durable-if-synced
#: model btrfs violated durable-if-synced
#: model posix violated atomic durable-if-synced
#: model kill proved
#: class settings.json whole
#: clean kill
#: violation engine=power check=durable-if-synced path=settings.json observed=old-after-ack
#:     lost=@replaces missing=fsync.of.the.directory
#: exhaustive yes
import json
import os

with open("settings.json.tmp", "w") as file:
    file.write(json.dumps({"generation": 2, "padding": "b" * 10000}))
    file.flush()
    os.fsync(file.fileno())
os.replace("settings.json.tmp", "settings.json")  # line: replaces
