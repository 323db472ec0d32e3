# SPDX-License-Identifier: Apache-2.0
# SQLite without a journal: nothing can be rolled back, and already a kill breaks the database.
#
#: before {python} {program} create
#: arguments --budget 10s
#: verdict violated
#: class main.db in-place
#: violation engine=kill check=parse path=main.db observed=unparseable
#: violation engine=power check=parse path=main.db observed=unparseable,zeros,mixed,garbage,short
import sqlite3
import sys

database = sqlite3.connect("main.db", isolation_level=None)
if sys.argv[1:] == ["create"]:
    database.execute("CREATE TABLE account (name TEXT PRIMARY KEY, balance INTEGER) WITHOUT ROWID")
    database.execute("CREATE INDEX by_balance ON account (balance)")
    with database:
        for number in range(60):
            database.execute("INSERT INTO account VALUES (?, 100)", (f"name-{number:04}" * 8,))
else:
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("UPDATE account SET balance = balance + 1 WHERE name > 'name-002'")
database.close()
