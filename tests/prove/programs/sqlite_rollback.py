# SPDX-License-Identifier: Apache-2.0
# SQLite with its defaults: rollback journal, synchronous = FULL.
#
#: before {python} {program} create
#: verdict proved
#: class main.db in-place
#: judged main.db parse
import sqlite3
import sys

database = sqlite3.connect("main.db")
with database:
    if sys.argv[1:] == ["create"]:
        database.execute("CREATE TABLE account (name TEXT, balance INTEGER)")
    else:
        database.execute("INSERT INTO account VALUES ('ann', 100), ('bob', 200)")
if sys.argv[1:] != ["create"]:
    with database:
        database.execute("UPDATE account SET balance = balance + 1")
database.close()
