# SPDX-License-Identifier: Apache-2.0
"""What crashes left behind, and what a file system gives."""

import json
import os
from typing import Any, Dict, Iterable, List, Union

from untorn._native import Path, path_text, run


def _folders(folders: Union[Path, Iterable[Path]]) -> List[str]:
    if isinstance(folders, (str, bytes, os.PathLike)):
        return [path_text(folders)]
    return [path_text(folder) for folder in folders]


def doctor(folders: Union[Path, Iterable[Path]] = ".", repair: bool = False, probe: bool = False,
           documents: Iterable[str] = (), ack: bool = False) -> Dict[str, Any]:
    """Judges what Untorn manages below the folders; the document of `untorn doctor --format json`.

        for problem in untorn.doctor("project")["problems"]:
            print(problem["severity"], problem["kind"], problem["path"], problem["detail"])

    Looks at every folder below, without following links or entering other file systems, at
    `documents` (globs) too. Nothing is changed without `repair`, which does what is safe: recover,
    roll forward, set aside; nothing is removed that may be the only copy of something. `probe`
    measures what durability the file system of the first folder gives at what cost. `ack` files
    away what a person has seen: what was set aside until now is no problem any more.
    """
    if isinstance(documents, (str, bytes)):
        raise TypeError("documents is a list of globs")
    arguments = {"folders": _folders(folders), "documents": [path_text(glob) for glob in documents],
                 "repair": bool(repair), "probe": bool(probe), "acknowledge": bool(ack)}
    _, contents = run("doctor", arguments)
    report: Dict[str, Any] = json.loads(contents[0].decode("utf-8", "surrogateescape"))
    return report


def probe(folder: Path = ".") -> Dict[str, Any]:
    """What durability the file system of a folder gives, and at what cost, measured there.

    Takes about a second and a half, writes small files there and removes them. The `filesystem`
    of doctor(probe=True).
    """
    found: Dict[str, Any] = doctor(folder, probe=True)["filesystem"]
    return found


def sweep(folder: Path = ".") -> List[Dict[str, Any]]:
    """Removes what killed writers left below a folder: temporaries that nobody works on any more.

    What may be the only copy of something is set aside instead. Returns what it found, each as
    doctor() has it, with `path`, `detail`, `repair` and `repaired`; what a writer works on is left
    out. Where it cannot be told whether a writer lives (locks on network file systems), nothing is
    removed.
    """
    _, contents = run("sweep", {"path": path_text(folder)})
    report = json.loads(contents[0].decode("utf-8", "surrogateescape"))
    return [problem for problem in report["problems"] if problem.get("owner") != "alive"]
