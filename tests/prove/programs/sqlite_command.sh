# SPDX-License-Identifier: Apache-2.0
# The sqlite3 command creates a database and fills it in one transaction.
#
#: needs sqlite3
#: verdict proved
#: judged main.db parse
sqlite3 main.db 'BEGIN; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), (2); COMMIT;'
