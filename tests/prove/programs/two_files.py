# SPDX-License-Identifier: Apache-2.0
# Replaces two files that must carry the same generation, each by the full protocol. Each is whole
# in every state; together they are not.
#
#: file data.json text "{\"generation\": 1}\n"
#: file index.json text "{\"generation\": 1}\n"
#: arguments --check 'cmp -s data.json index.json'
#: verdict violated
#: violation engine=kill check=check path=* observed=check-failed
#: violation engine=power check=check path=* observed=check-failed
import os

DIRECTORY = os.open(".", os.O_RDONLY | os.O_DIRECTORY)


def replace(name, content):
    with open(name + ".tmp", "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name + ".tmp", name)
    os.fsync(DIRECTORY)


for path in ("data.json", "index.json"):
    replace(path, '{"generation": 2}\n')
