# SPDX-License-Identifier: Apache-2.0
# The classic protocol through a symbolic link to a directory: the file is judged where it is.
#
#: file real/settings.json json 300
#: before ln -s real link
#: arguments --expect atomic,parse,durable
#: verdict proved
#: class real/settings.json whole
import os

with open("link/settings.json.tmp", "w") as file:
    file.write('{"generation": 2}\n')
    file.flush()
    os.fsync(file.fileno())
os.replace("link/settings.json.tmp", "link/settings.json")
directory = os.open("link", os.O_RDONLY | os.O_DIRECTORY)
os.fsync(directory)
os.close(directory)
