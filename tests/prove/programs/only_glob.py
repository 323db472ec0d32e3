# SPDX-License-Identifier: Apache-2.0
# Writes its state by the classic protocol and a report in place; --only asks about the state alone.
#
#: file state.json json 300
#: file report.txt text "old\n"
#: arguments --only state.json
#: verdict proved
#: class state.json whole
import os

with open("report.txt", "w") as report:
    report.write("new\n")
with open("state.json.tmp", "w") as file:
    file.write('{"generation": 2}\n')
    file.flush()
    os.fsync(file.fileno())
os.replace("state.json.tmp", "state.json")
directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
os.fsync(directory)
os.close(directory)
