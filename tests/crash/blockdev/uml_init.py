# SPDX-License-Identifier: Apache-2.0
"""The first and only process of the user-mode Linux that uml_test.py starts: prepares the machine,
runs the lab, prints how it ended and what it counted, and halts.

Arguments: the program of the lab, its filter, then NAME=VALUE for its environment."""

import ctypes
import os
import subprocess
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
FINIT_MODULE = 313  # the number of the call on x86-64, the only machine that user-mode Linux has
POWER_OFF = 0x4321FEDC
MODULES = ("drivers/block/loop.ko", "fs/fuse/fuse.ko", "fs/overlayfs/overlay.ko")


def must(answer, what):
    if answer != 0:
        raise OSError(ctypes.get_errno(), what)


def prepare():
    for kind, folder in (("proc", "/proc"), ("sysfs", "/sys"), ("tmpfs", "/run")):
        must(LIBC.mount(kind.encode(), folder.encode(), kind.encode(), 0, None), f"mount {folder}")
    for folder in ("/run/scratch", "/run/results"):
        os.mkdir(folder)
    modules = f"/usr/lib/uml/modules/{os.uname().release}/kernel"
    for name in MODULES:
        with open(os.path.join(modules, name), "rb") as module:
            must(LIBC.syscall(FINIT_MODULE, module.fileno(), b"", 0), f"load {name}")


def run(program, chosen, settings):
    environment = dict(setting.split("=", 1) for setting in settings)
    environment.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin", TMPDIR="/run/scratch",
                       UNTORN_LAB_RESULTS="/run/results")
    ended = subprocess.run([program, f"--gtest_filter={chosen}"], env=environment, check=False)
    for name in sorted(os.listdir("/run/results")):
        with open(os.path.join("/run/results", name), encoding="utf-8") as result:
            print("counted:", result.read().strip())
    print("ended:", ended.returncode)


try:
    prepare()
    run(sys.argv[1], sys.argv[2], [word for word in sys.argv[3:] if word.startswith("UNTORN_")])
finally:
    sys.stdout.flush()
    LIBC.reboot(POWER_OFF)
