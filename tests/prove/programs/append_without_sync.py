# SPDX-License-Identifier: Apache-2.0
# Appends a line, says "saved", and has synced nothing.
#
#: file journal.log text "one\n"
#: arguments --expect durable --ack ^saved
#: verdict violated
#: model ext4 violated durable
#: model xfs violated durable
#: model btrfs violated durable
#: model posix violated durable
#: model kill proved
#: class journal.log log
#: clean kill
#: violation engine=power check=durable path=journal.log observed=old-after-ack,short,zeros
#:     lost=@appends
import os

log = os.open("journal.log", os.O_WRONLY | os.O_APPEND)
os.write(log, b"two\n")  # line: appends
print("saved two", flush=True)
os.close(log)
