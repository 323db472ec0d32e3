# SPDX-License-Identifier: Apache-2.0
# Overwrites several blocks in place: a crash leaves some blocks old and some new.
#
#: file settings.json json 12260
#: verdict violated
#: class settings.json in-place
#: violation engine=kill check=parse path=settings.json observed=mixed,garbage,unparseable
#:     lost=@writes
#: violation engine=power check=parse path=settings.json observed=mixed,garbage,unparseable
#:     lost=@writes
import os

with open("settings.json", "r+b", buffering=0) as file:
    size = os.fstat(file.fileno()).st_size
    content = b"[" + b"2," * (size // 2 - 2) + b"2" * (size - 2 * (size // 2 - 2) - 2) + b"]"
    file.write(content)  # line: writes
    os.fsync(file.fileno())
