# SPDX-License-Identifier: Apache-2.0
"""How fast `untorn scan` is, beside ast-grep with patterns for the same interfaces.

Both scan the same copies, whose bytes the system holds in memory already, and both write JSON into
a file. Each round runs every variant once, in an order drawn anew; a ratio is the median of the
ratios within the rounds.
"""

import dataclasses
import json
import os
import pathlib
import random
import shutil
import statistics

import peers
from measuring import HOME, cost_of, machine, median, note, table
from scan_corpus import make_corpus

MEGABYTE = 1_000_000


@dataclasses.dataclass(frozen=True)
class Variant:
    name: str
    threads: int
    command: tuple
    peer: str = ""  # the variant that it is compared with
    is_scan: bool = True


def untorn_command(session, corpus, threads, *flags):
    return (str(session.untorn), "scan", "--format", "json", "--quiet", "--exit-zero",
            "--threads", str(threads), *flags, str(corpus.folder))


def equal_command(session, corpus, threads, *flags):
    """Tests too, which a scan leaves out unless it is asked: ast-grep reads them."""
    return untorn_command(session, corpus, threads, "--include-tests", *flags)


def ast_grep_command(program, corpus, threads):
    wide = [word for kind in ("hidden", "dot", "exclude", "global", "parent", "vcs")
            for word in ("--no-ignore", kind)]
    return (str(program), "scan", "--rule", str(peers.RULES), "--json=stream", "--threads",
            str(threads), *wide, str(corpus.folder))


def variants(session, corpus, peer):
    threads = sorted({1, min(2, os.cpu_count())})
    found = [Variant("reading alone (`cat`)", 1,
                     ("sh", "-c", 'find "$1" -name "*.py" -print0 | xargs -0 cat', "sh",
                      str(corpus.folder)), is_scan=False)]
    if peer:
        found += [Variant(f"ast-grep {peer[1]}", count, ast_grep_command(peer[0], corpus, count))
                  for count in threads]
    for count in threads:
        name = f"ast-grep {peer[1]} {count}" if peer else ""
        found.append(Variant("`untorn scan`, the first time", count,
                             equal_command(session, corpus, count, "--no-cache"), name))
        found.append(Variant("`untorn scan`, again, nothing changed", count,
                             equal_command(session, corpus, count), name))
    found.append(Variant("`untorn scan`, the first time, tests left out (the default)", threads[-1],
                         untorn_command(session, corpus, threads[-1], "--no-cache")))
    return found


def key(variant):
    return f"{variant.name} {variant.threads}"


def measure_rounds(found, rounds, run_into_file):
    costs = {key(variant): [] for variant in found}
    for count in range(rounds):
        note(f"scan, round {count + 1} of {rounds}, load {os.getloadavg()[0]:.1f}")
        for variant in random.sample(found, len(found)):
            costs[key(variant)].append(run_into_file(variant.command))
    return costs


def ratio(costs, other, field):
    """How many times less `costs` are than `other`: the median over the rounds."""
    return statistics.median(getattr(right, field) / getattr(left, field)
                             for left, right in zip(costs, other, strict=True))


def speed_table(found, costs, corpus):
    rows = []
    for variant in found:
        mine = costs[key(variant)]
        peer = costs.get(variant.peer)
        rows.append([
            variant.name, variant.threads, f"{median(mine, 'seconds'):.2f}",
            f"{corpus.size_bytes / MEGABYTE / median(mine, 'seconds'):.1f}",
            f"{median(mine, 'cpu_seconds'):.2f}",
            f"{corpus.size_bytes / MEGABYTE / median(mine, 'cpu_seconds'):.1f}",
            f"{median(mine, 'peak_bytes') / MEGABYTE:.0f}" if variant.is_scan else "",
            f"{ratio(mine, peer, 'seconds'):.2f}" if peer else "",
            f"{ratio(mine, peer, 'cpu_seconds'):.2f}" if peer else ""])
    return table(["what", "threads", "s", "MB/s", "CPU s", "MB a CPU second", "peak MB",
                  "times ast-grep's speed", "by CPU time"], rows)


def ast_grep_sites(text, corpus):
    """Distinct places (path, line) of its matches; two patterns may match at one."""
    sites = set()
    for line in text.splitlines():
        match = json.loads(line)
        path = pathlib.Path(match["file"]).relative_to(corpus.folder)
        sites.add((path.as_posix(), match["range"]["start"]["line"] + 1))
    return sites


def counts_table(document, corpus, theirs):
    """What was read and found: equal work is what makes the times comparable."""
    summary, left_out = document["summary"], document["left_out"]
    hidden = sum(left_out.values()) - left_out["generated"]  # those are read
    rows = [["files (MB) in the copies", f"{corpus.files:,} ({corpus.size_bytes / MEGABYTE:.1f})"],
            ["files (MB) that Untorn looked at", f"{document['files_scanned']:,}"
             f" ({document['bytes_scanned'] / MEGABYTE:.1f})"],
            ["of them parsed: they mention an operation, or a function of the project that has one",
             f"{document['files_parsed']:,}"],
            ["files that it skipped (they do not parse, or are no text), left out",
             f"{document['files_skipped']:,}, {hidden:,}"],
            ["sites of unsafe writes, and loaders that take damage for new",
             f"{summary['write_sites']:,}, {summary['recovery_flaws']:,}"]]
    if theirs is not None:
        mine = {(site["path"], site["line"]) for site in document["findings"]}
        rows += [["lines that the patterns of ast-grep match", f"{len(theirs):,}"],
                 ["lines that both name, Untorn alone, ast-grep alone",
                  f"{len(mine & theirs):,}, {len(mine - theirs):,}, {len(theirs - mine):,}"]]
    return table(["", "count"], rows)


def describe(corpus, peer, rounds):
    again = (f" This machine has too little: all of it was copied {corpus.repetitions + 1} times,"
             " each copy with a last line of its own." if corpus.repetitions else "")
    folders = len(corpus.sources)
    other = (" The patterns of ast-grep name the same interfaces"
             " ([python-writes.yml](../bench/peers/python-writes.yml)); they see one expression at"
             " a time, so their matches are places to look at, not judged findings."
             if peer else " Without ast-grep, which could not be had.")
    return (f"{corpus.files:,} Python files, {corpus.size_bytes / MEGABYTE:.1f} MB, no two alike,"
            f" copied from {folders} {'folders' if folders > 1 else 'folder'} of this machine's"
            f" Python installations, their packages included.{again} All is in the page cache."
            f" Medians of {rounds} interleaved rounds; MB are millions of bytes; tests are read"
            f" unless a row says otherwise.{other}")


def warm_up(scan):
    """The first scan leaves its facts. A scan trusts no stamp of a file that was as young as the
    clock of a file system is coarse, so the second leaves better ones; the third is warm."""
    for _ in range(2):
        scan()
    document = scan()
    if document["files_parsed"] > 0 or document["files_cached"] == 0:
        raise SystemExit("bench: the cache of `untorn scan` stays cold")


def measure_copies(session, corpus, folder):
    rounds = 2 if session.quick else 5
    environment = dict(os.environ, XDG_CACHE_HOME=str(folder / "cache"))
    result = folder / "result.json"

    def run_into_file(command):
        with open(result, "wb") as output:
            return cost_of(command, stdout=output, env=environment)

    def text_of(command):
        run_into_file(command)
        return result.read_text(encoding="utf-8", errors="surrogateescape")

    peer = peers.ast_grep()
    found = variants(session, corpus, peer)
    document = json.loads(text_of(equal_command(session, corpus, 1, "--no-cache")))
    theirs = None
    if peer:
        theirs = ast_grep_sites(text_of(ast_grep_command(peer[0], corpus, 1)), corpus)
    warm_up(lambda: json.loads(text_of(equal_command(session, corpus, 1))))
    costs = measure_rounds(found, rounds, run_into_file)
    return "\n\n".join([machine("bench/run scan"), describe(corpus, peer, rounds),
                        speed_table(found, costs, corpus),
                        counts_table(document, corpus, theirs)])


def measure_scan(session):
    note("scan: copying Python files")
    folder = HOME / "build" / "bench" / "scan"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        size = (20 if session.quick else 200) * MEGABYTE
        return measure_copies(session, make_corpus(folder / "corpus", size), folder)
    finally:
        if not session.keep:
            shutil.rmtree(folder, ignore_errors=True)
