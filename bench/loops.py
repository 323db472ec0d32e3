# SPDX-License-Identifier: Apache-2.0
"""File systems to measure on: that of a folder, and fresh ones on loop devices, whose flushes can
be counted. The device of a mount clears itself when the mount goes, however that happens."""

import contextlib
import dataclasses
import os
import pathlib
import subprocess
import time

from measuring import note, run

IMAGE_MEBIBYTES = 512
MODEL_FLUSH_US = 2000


@dataclasses.dataclass(frozen=True)
class Counts:
    """What a device has done so far."""

    flushes: int
    kibibytes: float  # written
    commits: int      # of the journal; of btrfs, of whole transactions


@dataclasses.dataclass(frozen=True)
class LoopPlace:
    """A file system on a loop device."""

    kind: str   # 'ext4', 'xfs', …
    path: pathlib.Path
    model: bool  # on the model disk
    device: str  # 'loop0'

    @property
    def label(self):
        return f"{self.kind}, {'model disk' if self.model else 'loop'}"

    @property
    def stat(self):
        return pathlib.Path("/sys/block") / self.device / "stat"

    def counts(self):
        fields = self.stat.read_text().split()
        return Counts(flushes(self.stat), int(fields[6]) / 2, self.commits())

    def commits(self):
        """Transactions that jbd2 has committed, writes of the log of xfs, transactions of btrfs."""
        if self.kind == "ext4":
            info = pathlib.Path(f"/proc/fs/jbd2/{self.device}-8/info").read_text()
            return int(info.split()[0])
        if self.kind == "xfs":
            lines = pathlib.Path(f"/sys/fs/xfs/{self.device}/stats/stats").read_text().splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("log "))
        uuid = run(["findmnt", "--noheadings", "--output", "UUID", str(self.path)]).strip()
        lines = pathlib.Path(f"/sys/fs/btrfs/{uuid}/commit_stats").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("commits "))

    def settle(self):
        """What was left to be written out is written out."""
        run(["sync", "--file-system", str(self.path)])


def file_system_of(path):
    """'ext4', 'xfs', …"""
    return run(["findmnt", "--noheadings", "--output", "FSTYPE", "--target", str(path)]).strip()


@contextlib.contextmanager
def model_disk(program, place):
    """The file of a model disk, served until the end; `program` is bench/model_disk.cpp, built."""
    place.mkdir()
    with subprocess.Popen([str(program), str(place), str(IMAGE_MEBIBYTES), str(MODEL_FLUSH_US)],
                          stdin=subprocess.DEVNULL, start_new_session=True) as server:
        try:
            while not (place / "disk").exists():
                if server.poll() is not None:
                    raise OSError("the model disk ended; it needs /dev/fuse")
                time.sleep(0.01)
            yield place / "disk"
        finally:
            server.terminate()
            server.wait()
            place.rmdir()


@contextlib.contextmanager
def mounted(kind, image, place, model=False):
    """A fresh file system of this kind in `image`, on a loop device; needs root."""
    place.mkdir()
    run([f"mkfs.{kind}", "-q", str(image)])
    run(["mount", "-o", "loop", str(image), str(place)])
    try:
        source = run(["findmnt", "--noheadings", "--output", "SOURCE", str(place)]).strip()
        yield LoopPlace(kind, place, model, pathlib.Path(source).name)
    finally:
        run(["umount", str(place)])
        place.rmdir()


@contextlib.contextmanager
def loop_file_system(kind, folder, model_program=None):
    """A LoopPlace below `folder`, on an image there or on the model disk."""
    if model_program is not None:
        with model_disk(model_program, folder / f"{kind}-model-disk") as image:
            with mounted(kind, image, folder / f"{kind}-model", model=True) as place:
                yield place
        return
    image = folder / f"{kind}.img"
    with open(image, "wb") as file:
        file.truncate(IMAGE_MEBIBYTES << 20)
    with mounted(kind, image, folder / kind) as place:
        yield place
    image.unlink()


def flushes(stat):
    """Flush requests that the device has completed so far."""
    return int(stat.read_text().split()[15])


def loop_places(folder, stack, kinds, model_program=None):
    """The LoopPlaces that can be had, which go away with the stack; none without root."""
    found = []
    for kind in kinds if os.geteuid() == 0 else ():
        try:
            found.append(stack.enter_context(loop_file_system(kind, folder, model_program)))
        except (OSError, subprocess.CalledProcessError) as problem:
            note(f"no {kind} on a loop device: {problem}")
    return found


def places(folder, stack):
    """(path, counters of its device or None): the folder itself, and for root ext4 and xfs, which
    go away with the stack."""
    return [(folder, None)] + [(place.path, place.stat)
                               for place in loop_places(folder, stack, ("ext4", "xfs"))]
