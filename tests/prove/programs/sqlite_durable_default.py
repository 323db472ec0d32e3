# SPDX-License-Identifier: Apache-2.0
# SQLite's defaults, asked for durability: the commit is the removal of the journal, and the folder
# is not synced after it. A power cut may bring the journal back, which undoes what was committed.
#
#: before {python} {program} create
#: arguments --expect parse,durable
#: verdict violated
#: clean kill
#: violation engine=power check=durable path=main.db observed=old-after-ack lost=@commits
import sqlite3
import sys

database = sqlite3.connect("main.db", isolation_level=None)
if sys.argv[1:] == ["create"]:
    database.execute("CREATE TABLE account (name TEXT, balance INTEGER)")
else:
    database.execute("INSERT INTO account VALUES ('ann', 100)")  # line: commits
database.close()
