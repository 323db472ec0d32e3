# SPDX-License-Identifier: Apache-2.0
# SQLite with a write-ahead log, closed by a checkpoint.
#
#: before {python} {program} create
#: verdict proved
#: judged main.db parse
import sqlite3
import sys

database = sqlite3.connect("main.db")
if sys.argv[1:] == ["create"]:
    database.execute("PRAGMA journal_mode = WAL")
    with database:
        database.execute("CREATE TABLE account (name TEXT, balance INTEGER)")
else:
    with database:
        database.execute("INSERT INTO account VALUES ('ann', 100)")
    with database:
        database.execute("UPDATE account SET balance = balance + 1")
database.close()
