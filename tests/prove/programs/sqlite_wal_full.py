# SPDX-License-Identifier: Apache-2.0
# SQLite with a write-ahead log and synchronous = FULL: each commit is synced, and durable.
#
#: before {python} {program} create
#: arguments --expect parse,durable --ack ^saved
#: verdict proved
import sqlite3
import sys

database = sqlite3.connect("main.db", isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = FULL")
if sys.argv[1:] == ["create"]:
    database.execute("CREATE TABLE account (name TEXT, balance INTEGER)")
else:
    database.execute("INSERT INTO account VALUES ('ann', 100)")
    database.execute("INSERT INTO account VALUES ('bob', 100)")
    print("saved", flush=True)
database.close()
