# SPDX-License-Identifier: Apache-2.0
# Appends two pages of lines with one write and syncs them: a kill in the middle of the write leaves
# a partial line, which is legal for a log unless whole lines are asked for.
#
#: file journal.log text "start\n"
#: arguments --expect lines
#: verdict violated
#: class journal.log log
#: violation engine=kill check=lines path=journal.log lost=@appends
#: violation engine=power check=lines path=journal.log lost=@appends
import os

log = os.open("journal.log", os.O_WRONLY | os.O_APPEND)
os.write(log, b"".join(b"event %06d\n" % number for number in range(800)))  # line: appends
os.fdatasync(log)
os.close(log)
