# SPDX-License-Identifier: Apache-2.0
# SQLite with a write-ahead log and synchronous = NORMAL: intact in every state, but a commit is
# not synced, and a power cut takes it back.
#
#: before {python} {program} create
#: arguments --expect parse,durable --ack ^saved
#: verdict violated
#: clean kill
#: violation engine=power check=durable path=main.db observed=old-after-ack,missing lost=@commits
import sqlite3
import sys

database = sqlite3.connect("main.db", isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = NORMAL")
if sys.argv[1:] == ["create"]:
    database.execute("CREATE TABLE account (name TEXT, balance INTEGER)")
else:
    database.execute("INSERT INTO account VALUES ('ann', 100)")
    database.execute("INSERT INTO account VALUES ('bob', 100)")  # line: commits
    print("saved", flush=True)
database.close()
