# SPDX-License-Identifier: Apache-2.0
"""Builds wheel and source archive of the package untorn (PEP 517): CMake compiles, this packs.

Needs cmake 3.25, a C++23 compiler (g++ 12.2 or newer), the headers of some CPython 3.8 or newer, of
fmt, valijson and rapidjson; uses ninja and ccache where they are. One wheel serves all CPythons
from 3.8 on (the stable ABI). Nothing is fetched.

The source archive holds what the package is made of, not the whole tree: the rooms that the
extension links, their headers, and how they are built. It has the same layout, with a
pyproject.toml of its own at the top.
"""

import base64
import gzip
import hashlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
EARLIEST = (1980, 1, 1, 0, 0, 0)  # of a zip archive: equal inputs give equal wheels


# What the source archive holds of the tree.
SOURCES = ("CMakeLists.txt", "LICENSE", "cmake", "docs/guide/python.md", "include", "python",
           *(f"src/{room}" for room in (
               "base", "counters", "crash", "document", "filesystem", "health", "library",
               "line_log", "patch", "pipeline", "registry", "report", "transaction", "write")))
LEFT_OUT = re.compile(r"(?:^|/)(?:__pycache__|\.[^/]*)(?:/|$)|\.pyc$")
# Of the archive itself.
PYPROJECT = """# SPDX-License-Identifier: Apache-2.0
[build-system]
requires = []
build-backend = "untorn_build"
backend-path = ["python/backend"]
"""


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with tempfile.TemporaryDirectory(prefix="untorn-wheel-") as build:
        package = _compile(Path(build))
        files = {f"untorn/{path.relative_to(package).as_posix()}": path.read_bytes()
                 for path in sorted(package.rglob("*")) if path.is_file()}
    information = f"{_name()}.dist-info"
    files.update({f"{information}/{name}": text for name, text in _information().items()})
    files[f"{information}/RECORD"] = _record(files, f"{information}/RECORD")
    wheel = f"{_name()}-{_tag()}.whl"
    with zipfile.ZipFile(Path(wheel_directory, wheel), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.external_attr = (0o755 if name.endswith(".so") else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return wheel


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = Path(metadata_directory, f"{_name()}.dist-info")
    folder.mkdir()
    for name, content in _information().items():
        (folder / name).write_bytes(content)
    return folder.name


def build_sdist(sdist_directory, config_settings=None):
    top = _name()
    files = {name: (PROJECT / name).read_bytes() for name in _sources()}
    files["pyproject.toml"] = PYPROJECT.encode()
    files["PKG-INFO"] = _information()["METADATA"]
    archive = Path(sdist_directory, f"{top}.tar.gz")
    # Equal inputs give equal archives.
    with gzip.GzipFile(archive, "wb", mtime=0) as packed, \
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return archive.name


def _sources():
    """Paths of the archive, relative to the tree, with "/"."""
    for source in SOURCES:
        path = PROJECT / source
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        for file in found:
            name = file.relative_to(PROJECT).as_posix()
            if file.is_file() and not LEFT_OUT.search(name):
                yield name


def _compile(build):
    """The folder of the built package. Compiled as the release preset does, so that ccache knows
    it; further options come from UNTORN_CMAKE_ARGS."""
    options = [
        "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O2 -g1 -DNDEBUG",
        "-DCMAKE_MODULE_LINKER_FLAGS=-s",
        "-DUNTORN_BUILD_PYTHON=ON", "-DUNTORN_BUILD_COMMAND=OFF", "-DUNTORN_BUILD_TESTS=OFF",
        "-DUNTORN_WARNINGS_AS_ERRORS=OFF", f"-DPython3_EXECUTABLE={sys.executable}"]
    if shutil.which("ninja"):
        options += ["-G", "Ninja"]
    if shutil.which("ccache"):
        options += ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]
    options += shlex.split(os.environ.get("UNTORN_CMAKE_ARGS", ""))
    _run("cmake", "-S", str(PROJECT), "-B", str(build), *options)
    _run("cmake", "--build", str(build), "--target", "untorn_python_package",
         "--parallel", str(os.cpu_count() or 1))
    return build / "python" / "untorn"


def _run(*command):
    if shutil.which(command[0]) is None:
        sys.exit(f"untorn: building the package needs {command[0]}, and it is not on PATH; "
                 "on Debian 12: apt-get install cmake g++ libfmt-dev libpython3-dev "
                 "libvalijson-dev ninja-build rapidjson-dev")
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if result.returncode != 0:
        sys.stdout.write(result.stdout.decode(errors="replace"))
        sys.exit(f"untorn: {' '.join(command[:2])} … failed; its reason stands above")


def _version():
    text = (PROJECT / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.search(r"^project\(untorn VERSION ([\d.]+)", text, re.MULTILINE).group(1)


def _name():
    return f"untorn-{_version()}"


def _tag():
    return "cp38-abi3-" + re.sub(r"[-.]", "_", sysconfig.get_platform())


def _information():
    metadata = f"""Metadata-Version: 2.1
Name: untorn
Version: {_version()}
Summary: Files that survive crashes
License: Apache-2.0
Requires-Python: >=3.8
"""
    wheel = f"""Wheel-Version: 1.0
Generator: untorn_build
Root-Is-Purelib: false
Tag: {_tag()}
"""
    entry_points = "[pytest11]\nuntorn = untorn.pytest_plugin\n"
    return {"METADATA": metadata.encode(), "WHEEL": wheel.encode(),
            "entry_points.txt": entry_points.encode(),
            "LICENSE": (PROJECT / "LICENSE").read_bytes()}


def _record(files, own_name):
    lines = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}\n")
    return "".join([*lines, f"{own_name},,\n"]).encode()
