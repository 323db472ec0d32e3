# SPDX-License-Identifier: Apache-2.0
# Syncs the directory but not the file: the worst of the common protocols, because the new name is
# on disk for certain and its bytes are not.
#
#: file settings.json json 10000
#: verdict violated
#: model ext4 violated atomic parse
#: model xfs violated atomic parse
#: model btrfs violated atomic parse
#: model posix violated atomic parse
#: model kill proved
#: class settings.json whole
#: clean kill
#: violation engine=power check=atomic path=settings.json observed=empty lost=@writes
#:     kept=@replaces missing=fsync.of.the.file
#: violation engine=power check=parse path=settings.json observed=unparseable,empty lost=@writes
#:     kept=@replaces
import json
import os

with open("settings.json.tmp", "w") as file:
    file.write(json.dumps({"generation": 2, "padding": "b" * 10000}))  # line: writes
os.replace("settings.json.tmp", "settings.json")  # line: replaces
directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
os.fsync(directory)
os.close(directory)
