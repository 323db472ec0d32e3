# SPDX-License-Identifier: Apache-2.0
"""The package atomicwrites as a peer of bench/run; the protocol stands in ../cpp/serve.h."""

import itertools
import os
import sys
import threading
import time

from atomicwrites import atomic_write


def with_atomicwrites(path, content):
    with atomic_write(path, mode="wb", overwrite=True) as file:
        file.write(content)


VARIANTS = {"atomicwrites": with_atomicwrites}
VERSION = itertools.count(1)


def parse(line):
    folder, *numbers = line.split()
    size, files, threads, operations = map(int, numbers)
    if not 1 <= threads <= files:
        raise SystemExit(f"not FOLDER BYTES FILES THREADS OPERATIONS: {line}")
    return folder, size, files, threads, operations


def timed(save, order, thread, announce, times):
    """Adds the nanoseconds of each operation of one thread to `times`."""
    folder, size, files, threads, operations = order
    paths = [os.path.join(folder, f"file-{file}") for file in range(thread, files, threads)]
    for _ in range(operations):
        content = str(next(VERSION)).encode().ljust(size, b"x")[:size]
        start = time.perf_counter_ns()
        for path in paths:
            save(path, content)
        times.append(time.perf_counter_ns() - start)
        if announce:
            print("saved", flush=True)


def carry_out(save, order, announce):
    threads, times = order[3], []
    if threads == 1:
        timed(save, order, 0, announce, times)
        return times
    running = [threading.Thread(target=timed, args=(save, order, number, announce, times))
               for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if len(times) != threads * order[4]:
        raise SystemExit("a thread failed")
    return times


def main():
    if len(sys.argv) not in (2, 7) or sys.argv[1] not in VARIANTS:
        raise SystemExit("usage: PEER VARIANT [FOLDER BYTES FILES THREADS OPERATIONS]")
    save = VARIANTS[sys.argv[1]]
    if len(sys.argv) == 7:
        carry_out(save, parse(" ".join(sys.argv[2:])), True)
        return
    for line in sys.stdin:
        print("done", *carry_out(save, parse(line), False), flush=True)


main()
