# SPDX-License-Identifier: Apache-2.0
# Truncates a file whose name holds a space, a line end and letters outside ASCII: the report must
# still name it.
#
#: file "my\nstate – größe.txt" text "old\n"
#: verdict violated
#: violation engine=kill check=atomic path="my\nstate – größe.txt" observed=empty
#:     lost=@truncates,@writes
#: violation engine=power check=atomic path="my\nstate – größe.txt" observed=empty lost=@writes
#:     kept=@truncates
import os

name = "my\nstate – größe.txt"
file = os.open(name, os.O_WRONLY | os.O_TRUNC)  # line: truncates
os.write(file, b"new\n")  # line: writes
os.close(file)
