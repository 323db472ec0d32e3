# SPDX-License-Identifier: Apache-2.0
# The user's check rejects the tree before the run already, so its answers mean nothing.
#
#: file settings.json json 300
#: arguments --check 'test -e no-such-file'
#: verdict undecided
#: undecided check-rejects-baseline
import os

with open("settings.json.tmp", "w") as file:
    file.write('{"generation": 2}\n')
    file.flush()
    os.fsync(file.fileno())
os.replace("settings.json.tmp", "settings.json")
directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
os.fsync(directory)
os.close(directory)
