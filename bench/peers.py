# SPDX-License-Identifier: Apache-2.0
"""Programs to compare with, by the lock file in bench/peers, fetched into build/."""

import hashlib
import platform
import shutil
import subprocess

from measuring import HOME, note, run

FOLDER = HOME / "bench" / "peers"
RULES = FOLDER / "python-writes.yml"
PACKAGES = {("Linux", "x86_64"): "cli-linux-x64-gnu", ("Linux", "aarch64"): "cli-linux-arm64-gnu",
            ("Darwin", "x86_64"): "cli-darwin-x64", ("Darwin", "arm64"): "cli-darwin-arm64"}


def ast_grep():
    """(path, version) of ast-grep, or None with a note where it cannot be had. Its package brings
    the program as a package of its own for each platform, so that no install script is needed."""
    package = PACKAGES.get((platform.system(), platform.machine()))
    if package is None or shutil.which("npm") is None:
        note("no ast-grep: it needs npm, and a platform that it is built for")
        return None
    lock = (FOLDER / "package-lock.json").read_bytes()
    folder = HOME / "build" / "peers" / hashlib.sha256(lock).hexdigest()[:16]
    program = folder / "node_modules" / "@ast-grep" / package / "ast-grep"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(FOLDER / name, folder / name)
        try:
            run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                cwd=folder)
        except subprocess.CalledProcessError as problem:
            note(f"no ast-grep: {problem}")
            return None
    return program, run([str(program), "--version"]).split()[-1]
