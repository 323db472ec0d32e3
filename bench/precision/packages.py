# SPDX-License-Identifier: Apache-2.0
"""Where this machine has the packages that are judged, and in which release."""

import dataclasses
import importlib.metadata
import pathlib
import platform
import sys
import sysconfig


@dataclasses.dataclass(frozen=True)
class Place:
    """A folder that holds packages, or the standard library of an interpreter."""

    folder: pathlib.Path
    python: str | None = None    # the interpreter's release, if this is its standard library


def places(more):
    """All places to look in: `more` first, then this interpreter, then those that pyenv keeps."""
    found = [Place(pathlib.Path(folder)) for folder in more]
    found += [Place(pathlib.Path(sysconfig.get_path("purelib"))),
              Place(pathlib.Path(sysconfig.get_path("stdlib")), platform.python_version())]
    for version in sorted((pathlib.Path.home() / ".pyenv" / "versions").glob("3.*")):
        for library in version.glob("lib/python3.*"):
            found += [Place(library / "site-packages"), Place(library, version.name)]
    return found


def releases(package, where):
    """(folder, release) of each copy of the package in these places."""
    for place in where:
        if package.distribution == "python":
            if place.python is not None:
                yield place.folder, place.python
        elif place.python is None and (place.folder / package.folder).is_dir():
            for known in importlib.metadata.distributions(
                    name=package.distribution, path=[str(place.folder)]):
                yield place.folder / package.folder, known.version


def find(package, where):
    """(folder, release) of the judged release, else of any, else None."""
    copies = list(releases(package, where))
    exact = [copy for copy in copies if copy[1] == package.version]
    return (exact or copies or [None])[0]


def how_to_fetch(packages, folder):
    """The command that brings these packages, each in its judged release."""
    wanted = sorted({f"{each.distribution}=={each.version}" for each in packages
                     if each.distribution != "python"})
    return f"{sys.executable} -m pip install --no-deps --no-compile --target {folder} " + \
        " ".join(wanted)
