# SPDX-License-Identifier: Apache-2.0
# Makes a directory, saves into it by the full protocol, and never syncs the parent of the new
# directory: the directory itself may be gone.
#
#: verdict violated
#: class state/settings.json whole
#: clean kill
#: violation engine=power check=durable-if-synced path=state/settings.json
#:     observed=missing,old-after-ack lost=@makes
import json
import os

os.mkdir("state")  # line: makes
with open("state/settings.json.tmp", "w") as file:
    file.write(json.dumps({"generation": 2}))
    file.flush()
    os.fsync(file.fileno())
os.replace("state/settings.json.tmp", "state/settings.json")
directory = os.open("state", os.O_RDONLY | os.O_DIRECTORY)
os.fsync(directory)
os.close(directory)
