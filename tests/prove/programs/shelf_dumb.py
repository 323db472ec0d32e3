# SPDX-License-Identifier: Apache-2.0
# A shelf on dbm.dumb. Its directory file is first extended, then rewritten under a new inode, its
# backup is a rename of bytes that nobody synced, and its data file grows without a sync.
#
#: before {python} {program} 1
#: verdict violated
#: clean kill
#: class shelf.dir in-place
#: class shelf.dat log
#: class shelf.bak whole
#: violation engine=power check=atomic path=shelf.bak observed=empty
#: violation engine=power check=atomic path=shelf.dat observed=zeros
#: undecided in-place-unjudged shelf.dir
import dbm.dumb
import shelve
import sys

generation = int(sys.argv[1]) if len(sys.argv) > 1 else 2
with shelve.Shelf(dbm.dumb.open("shelf", "c")) as shelf:
    shelf[f"key {generation}"] = {"generation": generation, "padding": "x" * 300}
