# SPDX-License-Identifier: Apache-2.0
"""Builds the wheel of the package untorn: CMake does the work, this packs the result (PEP 517).

Needs cmake 3.25, a C++23 compiler (g++ 12.2 or newer) and the headers of some CPython 3.8 or newer;
uses ninja and ccache where they are. One wheel serves all CPythons from 3.8 on (the stable ABI).
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
EARLIEST = (1980, 1, 1, 0, 0, 0)  # of a zip archive: equal inputs give equal wheels


class UnsupportedOperation(Exception):
    """What this backend does not do."""


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with tempfile.TemporaryDirectory(prefix="untorn-wheel-") as build:
        package = _compile(Path(build))
        files = {f"untorn/{path.name}": path.read_bytes() for path in sorted(package.iterdir())}
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
    raise UnsupportedOperation("the package is a part of its source tree: install from there")


def _compile(build):
    """The folder of the built package."""
    options = [
        "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_MODULE_LINKER_FLAGS_RELEASE=-s",
        "-DUNTORN_BUILD_PYTHON=ON", "-DUNTORN_BUILD_COMMAND=OFF", "-DUNTORN_BUILD_TESTS=OFF",
        "-DUNTORN_WARNINGS_AS_ERRORS=OFF", f"-DPython3_EXECUTABLE={sys.executable}"]
    if shutil.which("ninja"):
        options += ["-G", "Ninja"]
    if shutil.which("ccache"):
        options += ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]
    _run("cmake", "-S", str(PROJECT), "-B", str(build), *options)
    _run("cmake", "--build", str(build), "--target", "untorn_python_package",
         "--parallel", str(os.cpu_count() or 1))
    return build / "python" / "untorn"


def _run(*command):
    if shutil.which(command[0]) is None:
        sys.exit(f"untorn: building the package needs {command[0]}, and it is not on PATH; "
                 "on Debian 12: apt-get install cmake g++ libpython3-dev ninja-build")
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
    return {"METADATA": metadata.encode(), "WHEEL": wheel.encode(),
            "LICENSE": (PROJECT / "LICENSE").read_bytes()}


def _record(files, own_name):
    lines = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}\n")
    return "".join([*lines, f"{own_name},,\n"]).encode()
