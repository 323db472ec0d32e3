# SPDX-License-Identifier: Apache-2.0
# The error is not passed over, but the old state is gone by then.
#
#: file state.json json 300
#: verdict violated
#: violation check=atomic path=state.json observed=empty lost=@saves fault=ENOSPC
#:     missing=write.a.temporary.and.rename.it
#: others yes
import json

with open("state.json", "w", encoding="utf-8") as file:
    file.write(json.dumps({"generation": 2}))
    file.flush()  # line: saves
