# SPDX-License-Identifier: Apache-2.0
# Follows the whole protocol, but tells the user "saved" one line too early.
#
#: file settings.json json 300
#: arguments --expect atomic,durable --ack ^saved
#: verdict violated
#: class settings.json whole
#: clean kill
#: violation engine=power check=durable path=settings.json observed=old-after-ack lost=@replaces
import json
import os

with open("settings.json.tmp", "w") as file:
    file.write(json.dumps({"generation": 2}))
    file.flush()
    os.fsync(file.fileno())
os.replace("settings.json.tmp", "settings.json")  # line: replaces
print("saved", flush=True)
directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
os.fsync(directory)
os.close(directory)
