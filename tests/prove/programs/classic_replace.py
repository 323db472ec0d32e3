# SPDX-License-Identifier: Apache-2.0
# The classic protocol in Python: temporary, flush, fsync, rename, fsync of the directory.
#
#: file settings.json json 10000
#: verdict proved
#: model ext4 proved
#: model xfs proved
#: model btrfs proved
#: model posix violated atomic
#: model kill proved
#: class settings.json whole
#: versions settings.json 2
#: judged settings.json atomic parse durable-if-synced
import json
import os

with open("settings.json.tmp", "w") as file:
    file.write(json.dumps({"generation": 2, "padding": "b" * 10000}))
    file.flush()
    os.fsync(file.fileno())
os.replace("settings.json.tmp", "settings.json")
directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
os.fsync(directory)
os.close(directory)
