# SPDX-License-Identifier: Apache-2.0
# The old state is removed before the new one is there: a full disk leaves neither.
#
#: file state.json json 300
#: verdict violated
#: violation check=atomic path=state.json observed=missing lost=@moves
#: others yes
import json
import os

os.unlink("state.json")
with open("state.json.tmp", "w", encoding="utf-8") as file:
    file.write(json.dumps({"generation": 2}))
    file.flush()
    os.fsync(file.fileno())
os.replace("state.json.tmp", "state.json")  # line: moves
folder = os.open(".", os.O_RDONLY)
os.fsync(folder)
