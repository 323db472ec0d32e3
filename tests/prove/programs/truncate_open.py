# SPDX-License-Identifier: Apache-2.0
# Saves with open(…, "w"): the old content is gone before the new content is there.
#
#: file settings.json json 10000
#: verdict violated
#: model kill violated atomic parse
#: class settings.json whole
#: violation engine=kill check=atomic path=settings.json observed=empty,short
#:     lost=@truncates,@writes
#: violation engine=kill check=parse path=settings.json observed=unparseable,empty,short
#:     lost=@truncates,@writes
#: violation engine=power check=atomic path=settings.json observed=empty lost=@writes
#:     kept=@truncates
#: violation engine=power check=parse path=settings.json observed=unparseable,empty lost=@writes
#:     kept=@truncates
import json

with open("settings.json", "w") as file:  # line: truncates
    file.write(json.dumps({"generation": 2, "padding": "b" * 10000}))  # line: writes
