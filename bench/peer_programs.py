# SPDX-License-Identifier: Apache-2.0
"""The libraries that `bench/run peers` compares with, fetched from their registries by the lock
files in bench/peers into build/peers, and Untorn's own ways, all behind the protocol of
bench/peers/cpp/serve.h."""

import dataclasses
import hashlib
import re
import shutil
import subprocess

from measuring import HOME, PYTHON, note, run

FOLDER = HOME / "bench" / "peers"


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way to save files."""

    key: str        # 'glib/durable'
    label: str
    command: tuple  # its program and the variant's name there
    many: bool = False   # made for many files: one is measured, too
    readers: str = "yes"  # is what it gives true for readers that do not use the library?

    @property
    def ours(self):
        return self.key.startswith("untorn/")


def fresh_copy(name):
    """(folder of this name below build/peers for exactly these sources, whether it was there)."""
    source = FOLDER / name
    files = sorted(path for path in source.iterdir() if path.is_file())
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files))
    folder = HOME / "build" / "peers" / f"{name}-{digest.hexdigest()[:16]}"
    ready = folder / "ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for path in files:
            shutil.copyfile(path, folder / path.name)
    return folder, ready


def go_program():
    """go.sum holds the hashes."""
    folder, ready = fresh_copy("go")
    if not ready.exists():
        run(["go", "build", "-mod=readonly", "-o", "peer", "."], cwd=folder)
        ready.touch()
    return [str(folder / "peer")]


def rust_program():
    """The lock file is kept without the address of the registry, which cargo knows: it is taken
    from a lock file that cargo makes. cargo verifies the hashes."""
    folder, ready = fresh_copy("rust")
    if not ready.exists():
        lock = folder / "Cargo.lock"
        ours = lock.read_text()
        lock.unlink()
        run(["cargo", "generate-lockfile", "--quiet"], cwd=folder)
        source = re.search(r"^source = .*$", lock.read_text(), re.MULTILINE)[0]
        lock.write_text(re.sub(r"^checksum = ", f"{source}\nchecksum = ", ours,
                               flags=re.MULTILINE))
        run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=folder)
        ready.touch()
    return [str(folder / "target" / "release" / "rust-peer")]


def node_program():
    """package-lock.json holds the hashes."""
    folder, ready = fresh_copy("node")
    if not ready.exists():
        run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=folder)
        ready.touch()
    return [shutil.which("node"), str(folder / "peer.js")]


def python_program():
    """requirements.txt holds the hashes; what it names is a source archive, built with what
    requirements-build.txt names."""
    folder, ready = fresh_copy("python")
    python = folder / "environment" / "bin" / "python"
    if not ready.exists():
        run([PYTHON, "-m", "venv", str(folder / "environment")])
        install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
        run([*install, "--requirement", "requirements-build.txt"], cwd=folder)
        run([*install, "--no-build-isolation", "--requirement", "requirements.txt"], cwd=folder)
        ready.touch()
    return [str(python), "-B", str(folder / "peer.py")]


# Program, variant there, label, and what is not the default of Variant.
C_PEERS = (
    ("plain", "ofstream", "`std::ofstream`", {}),
    ("plain", "truncate", "open with O_TRUNC, write", {}),
    ("plain", "truncate+fsync", "open with O_TRUNC, write, fsync", {}),
    ("glib", "consistent", "GLib `g_file_set_contents_full`, CONSISTENT", {}),
    ("glib", "durable", "GLib `g_file_set_contents_full`, CONSISTENT and DURABLE", {}),
    ("qt", "QSaveFile", "Qt 6 `QSaveFile`", {}),
    ("kj", "replaceFile", "kj `replaceFile`", {}),
    ("kj", "replaceFile+sync", "kj `replaceFile`, file and directory synced", {}),
    ("sqlite", "transaction", "SQLite, WAL, FULL, a transaction",
     {"many": True, "readers": "no: through SQLite only"}),
)
OURS = (
    ("process", "Untorn `process`", {}),
    ("ordered", "Untorn `ordered`", {}),
    ("ordered-classic", "Untorn `ordered`, classic", {}),
    ("durable", "Untorn `durable`", {}),
    ("durable-classic", "Untorn `durable`, classic", {}),
    ("durable-at", "Untorn `durable`, open directory", {}),
    ("batch-ordered", "Untorn `Batch`, `ordered`", {"many": True}),
    ("batch-durable", "Untorn `Batch`, `durable`", {"many": True}),
    ("transaction", "Untorn `Transaction`",
     {"many": True, "readers": "each file; all or none after recovery"}),
)
FETCHED = (
    (go_program, (("os.WriteFile", "Go `os.WriteFile`"), ("renameio", "Go renameio"))),
    (rust_program, (("tempfile", "Rust tempfile, `persist`"),
                    ("tempfile+sync_all", "Rust tempfile, `sync_all`, `persist`"),
                    ("atomic-write-file", "Rust atomic-write-file"))),
    (node_program, (("write-file-atomic", "npm write-file-atomic"),
                    ("atomically", "npm atomically"))),
    (python_program, (("atomicwrites", "Python atomicwrites"),)),
)


def variants(session):
    """Every Variant whose program can be had here."""
    found = []
    folder = session.build / "bench" / "peers" / "cpp"
    for program, name, label, more in C_PEERS:
        path = folder / f"peer_{program}"
        if path.exists():
            found.append(Variant(f"{program}/{name}", label, (str(path), name), **more))
        else:
            note(f"no {label}: its library was not there when {path.name} should be built")
    for prepare, entries in FETCHED:
        try:
            command = prepare()
        except (OSError, subprocess.CalledProcessError) as problem:
            note(f"no {', '.join(label for _, label in entries)}: {problem}")
            continue
        language = prepare.__name__.removesuffix("_program")
        found += [Variant(f"{language}/{name}", label, (*command, name))
                  for name, label in entries]
    path = folder / "peer_untorn"
    found += [Variant(f"untorn/{name}", label, (str(path), name), **more)
              for name, label, more in OURS]
    return found


def versions():
    """[(library, its version)] as the lock files and the packages of the system have them."""
    found = []
    for module, label in (("glib-2.0", "GLib"), ("Qt6Core", "Qt"), ("kj", "kj"),
                          ("sqlite3", "SQLite")):
        result = subprocess.run(["pkg-config", "--modversion", module], check=False, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if result.returncode == 0:
            found.append((label, result.stdout.strip()))
    for name, pattern in (("go/go.mod", r"(renameio)/v\d+ v(\S+)"),
                          ("rust/Cargo.toml", r'^([a-z-]+) = "=([\d.]+)"'),
                          ("node/package.json", r'"(write-file-atomic|atomically)": "([\d.]+)"'),
                          ("python/requirements.txt", r"^([a-z]+)==(\S+)")):
        found += re.findall(pattern, (FOLDER / name).read_text(), re.MULTILINE)
    return found
