# SPDX-License-Identifier: Apache-2.0
# untorn.open in the place of the built-in open: one word, and the save is whole and durable.
#
#: library python
#: file settings.json json 300
#: arguments --expect atomic,parse,durable
#: verdict proved
import json

import untorn

with untorn.open("settings.json", "w", encoding="utf-8") as file:
    json.dump({"generation": 2, "padding": "b" * 20000}, file)
