# SPDX-License-Identifier: Apache-2.0
# Temporary and os.replace, the recipe that most programs use: safe from kill, not from power cuts.
#
#: file settings.json json 10000
#: verdict violated
#: class settings.json whole
#: clean kill
#: violation engine=power check=atomic path=settings.json observed=empty lost=@writes
#:     kept=@replaces missing=fsync.of.the.file
#: violation engine=power check=parse path=settings.json observed=unparseable,empty lost=@writes
#:     kept=@replaces
#: note settings\.json
import json
import os

with open("settings.json.tmp", "w") as file:
    file.write(json.dumps({"generation": 2, "padding": "b" * 10000}))  # line: writes
os.replace("settings.json.tmp", "settings.json")  # line: replaces
