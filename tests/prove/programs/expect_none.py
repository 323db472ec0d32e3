# SPDX-License-Identifier: Apache-2.0
# Truncates in place, and the user has said that only the user's own check counts: the check accepts
# any state in which the file can be read.
#
#: file cache.txt text "old\n"
#: arguments --expect none --check 'cat cache.txt'
#: verdict proved
with open("cache.txt", "w") as file:
    file.write("new\n")
