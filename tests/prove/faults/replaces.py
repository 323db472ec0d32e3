# SPDX-License-Identifier: Apache-2.0
# The full protocol in Python, whose errors are exceptions that nobody holds up.
#
#: file state.json json 300
#: verdict proved
import json
import os

with open("state.json.tmp", "w", encoding="utf-8") as file:
    json.dump({"generation": 2, "items": list(range(50))}, file)
    file.flush()
    os.fsync(file.fileno())
os.replace("state.json.tmp", "state.json")
directory = os.open(".", os.O_RDONLY)
os.fsync(directory)
os.close(directory)
