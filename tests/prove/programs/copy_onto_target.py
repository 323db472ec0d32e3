# SPDX-License-Identifier: Apache-2.0
# Writes and syncs a temporary, then copies it onto the target: the copy truncates in place.
#
#: file settings.json json 10000
#: verdict violated
#: class settings.json whole
#: violation engine=kill check=atomic path=settings.json observed=empty,short lost=@copies
#: violation engine=kill check=parse path=settings.json observed=unparseable,empty,short
#:     lost=@copies
#: violation engine=power check=atomic path=settings.json observed=empty lost=@copies
#:     kept=@copies
#: violation engine=power check=parse path=settings.json observed=unparseable,empty lost=@copies
#:     kept=@copies
import json
import os
import shutil

with open("settings.json.new", "w") as file:
    file.write(json.dumps({"generation": 2, "padding": "b" * 10000}))
    file.flush()
    os.fsync(file.fileno())
shutil.copyfile("settings.json.new", "settings.json")  # line: copies
os.unlink("settings.json.new")
