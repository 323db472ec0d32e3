# SPDX-License-Identifier: Apache-2.0
"""Much Python to scan: copies of the packages that this machine has."""

import dataclasses
import hashlib
import os
import pathlib
import shutil
import sysconfig

# Scanners leave such folders out; here every scanner is to read the same.
RENAMED = {"site-packages": "packages", "dist-packages": "packages", "node_modules": "modules",
           "third_party": "third", "_vendor": "inner", "vendor": "inner", "vendored": "inner"}


@dataclasses.dataclass(frozen=True)
class Corpus:
    folder: pathlib.Path
    files: int
    size_bytes: int
    sources: tuple   # the folders of the machine that were copied from
    repetitions: int  # 0 while no two files hold the same bytes but for a last line


def library_folders():
    """Folders with Python code, in an order that does not change."""
    patterns = ((pathlib.Path.home(), ".pyenv/versions/*/lib/python3.*"),
                (pathlib.Path("/usr/local/lib"), "python3.*"),
                (pathlib.Path("/usr/lib"), "python3*"))
    found = [folder for base, pattern in patterns for folder in sorted(base.glob(pattern))]
    found.append(pathlib.Path(sysconfig.get_path("stdlib")))
    distinct = dict.fromkeys(folder.resolve() for folder in found if folder.is_dir())
    return list(distinct)


def python_files(folder):
    """Regular files below `folder`, in an order that does not change."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in sorted(names):
            path = pathlib.Path(place, name)
            if name.endswith(".py") and path.is_file() and not path.is_symlink():
                yield path


def make_corpus(folder, bytes_wanted):
    """Copies distinct files until there are enough bytes. A machine that has too few gives all that
    it has, again and again, with a last line that tells the copies apart."""
    sources = library_folders()
    seen, files, size, repetition = set(), 0, 0, 0
    used = []
    while True:
        before = size
        for number, source in enumerate(sources):
            for path in python_files(source):
                if size >= bytes_wanted:
                    return Corpus(folder, files, size, tuple(used), repetition)
                content = path.read_bytes()
                if repetition:
                    content += f"\n# copy {repetition}\n".encode()
                digest = hashlib.blake2b(content, digest_size=16).digest()
                if not content or digest in seen:
                    continue
                seen.add(digest)
                if source not in used:
                    used.append(source)
                parts = [RENAMED.get(part, part) for part in path.relative_to(source).parts]
                copy = folder.joinpath(f"{repetition}-{number}", *parts)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)
                files += 1
                size += len(content)
        if size == before:
            shutil.rmtree(folder, ignore_errors=True)
            raise SystemExit("bench: this machine has no Python files to scan")
        repetition += 1
