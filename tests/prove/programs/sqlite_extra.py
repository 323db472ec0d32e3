# SPDX-License-Identifier: Apache-2.0
# SQLite with synchronous = EXTRA syncs the folder after the removal of the journal: durable.
#
#: before {python} {program} create
#: arguments --expect parse,durable
#: verdict proved
#: exhaustive yes
import sqlite3
import sys

database = sqlite3.connect("main.db", isolation_level=None)
database.execute("PRAGMA synchronous = EXTRA")
if sys.argv[1:] == ["create"]:
    database.execute("CREATE TABLE account (name TEXT, balance INTEGER)")
else:
    database.execute("INSERT INTO account VALUES ('ann', 100)")
database.close()
