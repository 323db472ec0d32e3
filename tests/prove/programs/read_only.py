# SPDX-License-Identifier: Apache-2.0
# Reads and writes nothing: there is nothing to prove, and silence would be taken for a proof.
#
#: file settings.json json 300
#: verdict undecided
#: undecided nothing-written
import json

with open("settings.json") as file:
    print(json.load(file)["generation"])
