# SPDX-License-Identifier: Apache-2.0
"""Programs that everybody has, unmodified, and what `untorn prove` says about one run of each.

Shared by real_programs_test.py, which holds the verdicts, and bench/real-programs, which writes
docs/real-programs.md.
"""

import dataclasses

GIT = "-c user.name=a -c user.email=a@example.org -c gc.auto=0 -c maintenance.auto=false"
# A repository is judged by git itself in each state, which takes its time.
SHORT = ("--budget", "4s")
GIT_SETUP = "git init --quiet . && echo one > a.txt && git add a.txt"
GIT_SECOND = GIT_SETUP + f" && git {GIT} commit --quiet -m one && echo two > a.txt"
TABLE = "sqlite3 a.db 'CREATE TABLE t (n); INSERT INTO t VALUES (0)'"
LOG_TABLE = "sqlite3 a.db 'PRAGMA journal_mode = WAL; CREATE TABLE t (n); INSERT INTO t VALUES (0)'"
THREE = "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); INSERT INTO t VALUES (3)"
# As where no better database is installed: which one there is differs from machine to machine.
SHELF = ("import dbm, shelve; dbm._names = ['dbm.dumb']; "
         "s = shelve.open('shelf', 'c'); s['k'] = s.get('k', 0) + 1; s.close()")
DUMB = "import dbm.dumb; d = dbm.dumb.open('d', 'c'); d['k'] = 'value'; d.close()"
DUMP = "import json; json.dump({'k': 2}, open('s.json', 'w'))"
CONFIG = ("import configparser; c = configparser.ConfigParser(); c.read('a.ini'); "
          "c['s']['k'] = '2'; c.write(open('a.ini', 'w'))")
PATCH = "printf -- '--- a.txt\\n+++ a.txt\\n@@ -1 +1 @@\\n-one\\n+two\\n' > p"


@dataclasses.dataclass(frozen=True)
class Case:
    """One run of one program."""

    name: str
    tool: str                # skipped where this is missing
    before: str              # a shell line that makes the files
    command: str             # a shell line; what is proved
    verdict: str
    # What must be among the violations: "ENGINE CHECK PATH OBSERVED", PATH and OBSERVED as patterns
    # of the shell. No violation of another engine may be there if `only` says so.
    finds: tuple = ()
    only: str = ""
    options: tuple = ()      # of `untorn prove`


def truncated(name):
    """What every program shows that empties a file and writes it anew."""
    return (f"kill atomic {name} empty", f"power atomic {name} empty")


def unsynced(name):
    """What every program shows that renames a file over the name and has not synced it."""
    return (f"power atomic {name} *",)


# Families, in the order of the page: title, what is behind it and what could be done, cases.
FAMILIES = (
    ("Written in place", """\
The name is emptied first and filled afterwards, or made empty and filled: whoever looks in
between, or starts again after a kill in between, finds nothing or half. No sync can help, only
another file and a rename. For most of these tools that is their contract (`cp`, `tee`, `dd`, a
shell's `>` keep the inode, its owner, its links), so the caller has to give them a temporary and
rename it, or pipe into `untorn write`. Where a tool means to change the content of one file
(`sort -o`, `openssl -out`, `npm pkg set`, `rustfmt`), it could write a temporary, sync it and
rename it instead. For what can be made again (`gcc -o`, `Cargo.lock` of a fresh project) it
hardly matters, unless a half file has a newer time stamp than its sources: then `make` takes it
for finished.""", (
        Case("shell redirection", "sh", "echo one > a.txt", "echo two > a.txt", "violated",
             truncated("a.txt")),
        Case("sort -o", "sort", "printf '2\\n1\\n' > a.txt", "sort -o a.txt a.txt", "violated",
             truncated("a.txt")),
        Case("cp over a file", "cp", "echo one > a.txt; echo two > b.txt", "cp b.txt a.txt",
             "violated", truncated("a.txt")),
        Case("install over a file", "install", "echo one > a.txt; echo two > b.txt",
             "install b.txt a.txt", "violated", ("kill atomic a.txt *", "power atomic a.txt *")),
        Case("tee", "tee", "echo one > a.txt", "echo two | tee a.txt", "violated",
             truncated("a.txt")),
        Case("dd conv=fsync", "dd", "echo one > a.txt; echo two > b.txt",
             "dd if=b.txt of=a.txt conv=fsync status=none", "violated", truncated("a.txt")),
        Case("awk", "awk", "echo 1 > a.txt", "awk 'BEGIN { print 2 > \"a.txt\" }'", "violated",
             truncated("a.txt")),
        Case("ed", "ed", "echo one > a.txt", "printf 's/one/two/\\nw\\nq\\n' | ed -s a.txt",
             "violated", truncated("a.txt")),
        Case("vim -es", "vim", "echo one > a.txt",
             "vim -u NONE -es -c 's/one/two/' -c wq a.txt", "violated", truncated("a.txt")),
        Case("jq > file", "jq", "echo '{\"a\": 1}' > a.json", "jq -n '{a: 2}' > a.json", "violated",
             (*truncated("a.json"), "kill parse a.json unparseable")),
        Case("node, writeFileSync", "node", "echo '{}' > a.json",
             "node -e \"require('fs').writeFileSync('a.json', '{}')\"", "violated",
             truncated("a.json")),
        Case("npm pkg set", "npm",
             "echo '{\"name\": \"x\", \"version\": \"1.0.0\"}' > package.json",
             "HOME=$PWD npm pkg set version=2.0.0 --no-update-notifier --logs-max=0", "violated",
             truncated("package.json")),
        Case("openssl -out", "openssl", "openssl genrsa -out k.pem 1024",
             "openssl rsa -in k.pem -out k.pem -traditional", "violated", truncated("k.pem")),
        Case("rustfmt", "rustfmt", "echo 'fn main(){}' > a.rs", "rustfmt a.rs", "violated",
             truncated("a.rs")),
        Case("cargo generate-lockfile", "cargo",
             "mkdir src; printf '[package]\\nname = \"a\"\\nversion = \"0.1.0\"\\n' > Cargo.toml; "
             "echo 'fn main() {}' > src/main.rs", "cargo generate-lockfile --offline", "violated",
             ("kill atomic Cargo.lock empty",)),
        Case("gzip", "gzip", "echo one > a.txt", "gzip a.txt", "violated",
             ("kill atomic a.txt.gz empty",)),
        Case("xz", "xz", "echo one > a.txt", "xz a.txt", "violated", ("kill atomic a.txt.xz *",)),
        Case("bzip2", "bzip2", "echo one > a.txt", "bzip2 a.txt", "violated",
             ("kill atomic a.txt.bz2 *",)),
        Case("tar -c over an archive", "tar", "echo one > a.txt; tar -cf a.tar a.txt",
             "tar -cf a.tar a.txt", "violated", ("kill atomic a.tar *",)),
        Case("tar -x over a file", "tar",
             "echo two > a.txt; tar -cf a.tar a.txt; echo one > a.txt", "tar -xf a.tar", "violated",
             ("kill atomic a.txt *",)),
        Case("gcc -o", "gcc", "echo 'int main(void) { return 0; }' > a.c; gcc -o a a.c",
             "gcc -o a a.c", "violated", ("kill atomic a *",)),
    )),
    ("Renamed without a sync", """\
A temporary beside the file and a rename over it, which a kill cannot break, and no sync of the
temporary: the new name can reach the disk before the bytes do. Where it replaces a file, ext4
starts writing the bytes at the rename (`auto_da_alloc`) and xfs does not;
docs/internals/crash-model.md has the rules and what they rest on. One call is missing in each of
these programs: fsync of the temporary before the rename (and one of the folder after it, if the
change has to outlive a power cut at once).""", (
        Case("sed -i", "sed", "echo one > a.txt", "sed -i s/one/two/ a.txt", "violated",
             unsynced("a.txt"), "power"),
        Case("perl -i", "perl", "echo one > a.txt", "perl -pi -e s/one/two/ a.txt", "violated",
             unsynced("a.txt"), "power"),
        Case("patch", "patch", f"echo one > a.txt; {PATCH}", "patch -s a.txt p", "violated",
             unsynced("a.txt"), "power"),
        Case("jq and mv", "jq", "echo '{\"a\": 1}' > a.json",
             "jq '.a = 2' a.json > b.json && mv b.json a.json", "violated",
             (*unsynced("a.json"), "power parse a.json unparseable")),
        Case("zip into an archive", "zip", "echo one > a.txt; zip -q a.zip a.txt; echo two > a.txt",
             "zip -q a.zip a.txt", "violated", unsynced("a.zip"), "power"),
        Case("ssh-keygen -R", "ssh-keygen",
             "ssh-keygen -q -t ed25519 -N '' -f k; for host in example.org example.net; do "
             "printf '%s ' $host; cat k.pub; done > known", "ssh-keygen -q -R example.org -f known",
             "violated", unsynced("known"), "power"),
        Case("git config", "git", "git init --quiet .", "git config user.name ann", "violated",
             unsynced(".git/config"), "power"),
    )),
    ("git", """\
In its default configuration git syncs packs and their indexes, and neither loose objects nor
references nor the index: all of these are renamed into place unsynced. `.git/COMMIT_EDITMSG` and
`.git/logs` are written in place besides, so that already a kill can leave an empty message. The
whole repository is judged by `git fsck` in each state, and the run ends at the first few bad
ones. On a block-level run of three commits on real disks, 19 of 40 cuts left a repository on ext4
that `git fsck` rejects, for 31 seconds after the last command; none of 31 on xfs and none of 29
on btrfs. `core.fsync=all` syncs objects, references and the index, but not their folders: a
branch or a new object can be missing after a power cut although it was synced. What could be
done: `git config core.fsync committed,loose-object` (or `all`) where it matters; for git itself,
a sync of the folders that it renames and links into.""", (
        Case("git add", "git", "git init --quiet . && echo one > a.txt", "git add a.txt",
             "violated", ("power atomic .git/index *",), "power", SHORT),
        Case("git commit", "git", GIT_SETUP, f"git {GIT} commit -qm one", "violated",
             ("power atomic .git/refs/heads/* *", "power atomic .git/objects/* *"),
             options=SHORT),
        Case("git commit, core.fsync=all", "git", GIT_SETUP,
             f"git {GIT} -c core.fsync=all commit -qm one", "violated",
             ("power durable-if-synced .git/refs/heads/* missing",), options=SHORT),
        Case("git gc", "git", GIT_SECOND, f"git {GIT} gc --quiet", "violated",
             ("power durable-if-synced .git/objects/pack/*.pack missing",),
             options=SHORT),
    )),
    ("SQLite", """\
Intact in every state of both models, with a rollback journal and with a write-ahead log: the
proof is exhaustive. Being intact is not all. With the defaults the commit of a rollback journal
is the removal of the journal, and its folder is not synced after that, so that a power cut can
bring the journal back, and it undoes the transaction that was reported as done: `--expect
durable` shows it, and `synchronous = EXTRA`, which syncs the folder, proves it away. SQLite's
documentation says the same of FULL and EXTRA. With a log, FULL syncs each commit and NORMAL does
not. With `synchronous = OFF` or without a journal nothing is promised, and the database itself
breaks.""", (
        Case("sqlite3, rollback journal, 3 transactions", "sqlite3", TABLE,
             f"sqlite3 a.db '{THREE}'", "proved"),
        Case("sqlite3, write-ahead log, 3 transactions", "sqlite3", LOG_TABLE,
             f"sqlite3 a.db '{THREE}'", "proved"),
        Case("sqlite3, rollback journal, durable", "sqlite3", TABLE,
             "sqlite3 a.db 'INSERT INTO t VALUES (1)'", "violated",
             ("power durable a.db old-after-ack",), "power", ("--expect", "parse,durable")),
        Case("sqlite3, synchronous = EXTRA, durable", "sqlite3", TABLE,
             "sqlite3 a.db 'PRAGMA synchronous = EXTRA; INSERT INTO t VALUES (1)'", "proved",
             options=("--expect", "parse,durable")),
        Case("sqlite3, write-ahead log, durable", "sqlite3", LOG_TABLE,
             "sqlite3 a.db 'PRAGMA synchronous = FULL; INSERT INTO t VALUES (1)'", "proved",
             options=("--expect", "parse,durable")),
        Case("sqlite3, synchronous = OFF", "sqlite3", TABLE,
             "sqlite3 a.db 'PRAGMA synchronous = OFF; UPDATE t SET n = 2; "
             "INSERT INTO t VALUES (3)'",
             "violated", ("power parse a.db unparseable",), "power"),
    )),
    ("Python's standard library", """\
`json.dump(…, open(name, "w"))`, `configparser.write`, `pickle.dump` and `json.tool` empty the
file first. `dbm.dumb`, and `shelve` where nothing better is installed, keep an index beside the
data, which they empty and write anew when they are closed, and never sync. `untorn.open`,
`untorn.write_json` and `untorn.Document` stand in for the first group; for the second there is no
repair from outside: SQLite is in the standard library, too.""", (
        Case("json.dump to an open file", "python3", "echo '{\"k\": 1}' > s.json",
             f'"$PYTHON" -c "{DUMP}"', "violated",
             (*truncated("s.json"), "kill parse s.json unparseable")),
        Case("configparser", "python3", "printf '[s]\\nk = 1\\n' > a.ini",
             f'"$PYTHON" -c "{CONFIG}"', "violated", truncated("a.ini")),
        Case("json.tool", "python3", "echo '{\"k\": 1}' > a.json",
             '"$PYTHON" -m json.tool a.json a.json', "violated", truncated("a.json")),
        Case("shelve", "python3", f'"$PYTHON" -c "{SHELF}"', f'"$PYTHON" -c "{SHELF}"', "violated"),
        Case("dbm.dumb", "python3", f'"$PYTHON" -c "{DUMB}"', f'"$PYTHON" -c "{DUMB}"', "violated",
             ("kill atomic d.dir empty",)),
    )),
    ("Right", """\
Moving a file that was there before is one rename: nothing is lost but, for a while, the move
itself. `untorn write` syncs file and folder.""", (
        Case("mv", "mv", "echo one > a.txt; echo two > b.txt", "mv b.txt a.txt", "proved"),
        Case("untorn write", "sh", "echo one > a.txt",
             'echo two | "$UNTORN" write --quiet a.txt', "proved",
             options=("--expect", "atomic,parse,durable")),
    )),
)


def cases():
    """All cases of all families."""
    return [case for _, _, found in FAMILIES for case in found]
