# SPDX-License-Identifier: Apache-2.0
# Says "saved" after the fsync of a new file, while the file is still open, and before its name is
# durable.
#
#: arguments --expect durable --ack ^saved
#: verdict violated
#: clean kill
#: violation engine=power check=durable path=state.txt observed=missing,old-after-ack
import os

with open("state.txt", "w") as file:
    file.write("state\n")
    file.flush()
    os.fsync(file.fileno())
    print("saved", flush=True)
    directory = os.open(".", os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)
