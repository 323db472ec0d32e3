# SPDX-License-Identifier: Apache-2.0
"""File systems to measure on: that of a folder, and fresh ones on loop devices, whose flushes can
be counted."""

import contextlib
import os
import pathlib
import subprocess

from measuring import note, run


def file_system_of(path):
    """'ext4', 'xfs', …"""
    return run(["findmnt", "--noheadings", "--output", "FSTYPE", "--target", str(path)]).strip()


@contextlib.contextmanager
def loop_file_system(kind, folder):
    """A fresh file system of this kind on a loop device; needs root."""
    image, place = folder / f"{kind}.img", folder / kind
    place.mkdir()
    with open(image, "wb") as file:
        file.truncate(512 << 20)
    run([f"mkfs.{kind}", "-q", str(image)])
    device = run(["losetup", "--find", "--show", str(image)]).strip()
    try:
        run(["mount", device, str(place)])
        try:
            yield place, pathlib.Path("/sys/block") / pathlib.Path(device).name / "stat"
        finally:
            run(["umount", str(place)])
    finally:
        run(["losetup", "--detach", device])


def flushes(stat):
    """Flush requests that the device has completed so far."""
    return int(stat.read_text().split()[15])


def places(folder, stack):
    """(path, counters of its device or None): the folder itself, and for root ext4 and xfs, which
    go away with the stack."""
    found = [(folder, None)]
    if os.geteuid() == 0:
        for kind in ("ext4", "xfs"):
            try:
                found.append(stack.enter_context(loop_file_system(kind, folder)))
            except (OSError, subprocess.CalledProcessError) as problem:
                note(f"no {kind} on a loop device: {problem}")
    return found
