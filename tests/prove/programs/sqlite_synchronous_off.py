# SPDX-License-Identifier: Apache-2.0
# SQLite told not to sync: transactions survive a kill and not a power cut.
#
#: before {python} {program} create
#: arguments --budget 10s
#: verdict violated
#: class main.db in-place
#: clean kill
#: violation engine=power check=parse path=main.db
#:     observed=unparseable,zeros,mixed,garbage,short
import sqlite3
import sys

database = sqlite3.connect("main.db", isolation_level=None)
if sys.argv[1:] == ["create"]:
    database.execute("CREATE TABLE account (name TEXT PRIMARY KEY, balance INTEGER) WITHOUT ROWID")
    with database:
        for number in range(60):
            database.execute("INSERT INTO account VALUES (?, 100)", (f"name-{number:04}" * 8,))
else:
    database.execute("PRAGMA synchronous = OFF")
    database.execute("BEGIN")
    database.execute("UPDATE account SET balance = balance + 1")
    database.execute("DELETE FROM account WHERE name LIKE 'name-003%'")
    database.execute("COMMIT")
database.close()
