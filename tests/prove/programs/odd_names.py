# SPDX-License-Identifier: Apache-2.0
# The classic protocol under names with spaces, line ends, quotes and letters outside ASCII.
#
#: verdict proved
#: class "with space.json" whole
#: class "line\nend.json" whole
#: class "größe – \"数\".json" whole
import os

directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
for name in ("with space.json", "line\nend.json", 'größe – "数".json'):
    with open(name + ".tmp", "w") as file:
        file.write("{}\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(name + ".tmp", name)
    os.fsync(directory)
