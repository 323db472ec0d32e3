# SPDX-License-Identifier: Apache-2.0
# The classic protocol leaves its temporary behind when it is cut short: legal by default, litter
# when that is asked.
#
#: file settings.json json 300
#: arguments --expect no-litter
#: verdict violated
#: violation engine=kill check=no-litter path=settings.json.tmp observed=litter
#: violation engine=power check=no-litter path=settings.json.tmp observed=litter
import os

with open("settings.json.tmp", "w") as file:
    file.write('{"generation": 2}\n')
    file.flush()
    os.fsync(file.fileno())
os.replace("settings.json.tmp", "settings.json")
directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
os.fsync(directory)
os.close(directory)
