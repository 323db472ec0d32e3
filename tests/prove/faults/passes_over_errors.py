# SPDX-License-Identifier: Apache-2.0
# Errors are passed over: the program says that all is well and has saved nothing.
#
#: file state.json json 300
#: verdict violated
#: violation check=durable path=state.json observed=old-after-ack lost=@opens
#:     missing=do.not.pass.over.the.error.of.open
#: violation check=durable path=state.json observed=old-after-ack lost=@replaces
#:     missing=do.not.pass.over.the.error.of.rename
#: others yes
import json
import os


def save(state):
    try:
        with open("state.json.tmp", "w", encoding="utf-8") as file:  # line: opens
            json.dump(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace("state.json.tmp", "state.json")  # line: replaces
        directory = os.open(".", os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)
    except OSError:
        pass


save({"generation": 2, "items": list(range(100))})
