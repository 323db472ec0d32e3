# SPDX-License-Identifier: Apache-2.0
"""The lab without root: the same program, as root of a user-mode Linux that is an ordinary process.

Its kernel is another one than the machine's (6.1 in Debian 12), so it also tells whether what was
seen is a matter of one kernel. The file system of the machine is visible in it, read-only. By
default a few workloads on ext4; with UNTORN_LAB=1 all of them on ext4, xfs and btrfs. The test of
the allow-list runs there, too."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = os.environ["UNTORN_LAB_PROGRAM"]
ALLOW_LIST_PROGRAM = os.environ["UNTORN_ALLOW_LIST_PROGRAM"]
INIT = Path(__file__).with_name("uml_init.py")
LIMIT_S = 1500
KERNEL_LINES = ("JBD2:", "EXT4-fs", "XFS", "BTRFS", "SELinux:", "counted:")
LONG = bool(os.environ.get("UNTORN_LAB"))


class UserModeLinuxTest(unittest.TestCase):
    def setUp(self):
        self.linux = shutil.which("linux.uml")
        if self.linux is None:
            reason = "user-mode Linux is not installed (package user-mode-linux)"
            if "uml" in os.environ.get("UNTORN_REQUIRE", "").split(","):
                self.fail(f"required, but: {reason}")
            self.skipTest(reason)
        # Sockets of its console lie here; their paths have to be short.
        folder = tempfile.TemporaryDirectory(prefix="uml-", dir="/tmp")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def boot(self, chosen, *settings, program=PROGRAM):
        """What the program printed in there. The machine and all its processes are gone then."""
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else self.folder
        command = [self.linux, "mem=1024M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/",
                   "ro", "quiet", "con=null", "con0=fd:0,fd:1", "umid=lab",
                   f"uml_dir={self.folder}/", f"init={sys.executable}", "--", "-B", str(INIT),
                   program, chosen, *settings]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, start_new_session=True,
                              env={"TMPDIR": memory, "PATH": os.defpath}) as machine:
            try:
                output, _ = machine.communicate(timeout=LIMIT_S)
            finally:
                try:
                    os.killpg(machine.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        return output.decode(errors="replace")

    def try_file_system(self, name, *settings):
        output = self.boot(f"*/{name.replace('-', '_')}", "UNTORN_REQUIRE=lab", *settings)
        lines = output.splitlines()
        if "ended: 0" not in lines:  # without what its kernel said
            self.fail("\n".join(line for line in lines if not line.startswith(KERNEL_LINES)))
        counted = [json.loads(line.partition(" ")[2]) for line in lines
                   if line.startswith("counted: ")]
        self.assertEqual([name], [report["file_system"] for report in counted])
        self.assertGreater(sum(row["states"] for row in counted[0]["rows"]), 0)
        results = os.environ.get("UNTORN_LAB_RESULTS")
        if results:
            Path(results, f"uml-{name}.json").write_text(json.dumps(counted[0]) + "\n",
                                                         encoding="utf-8")
        return {row["workload"]: row for row in counted[0]["rows"]}

    def test_promises_hold_and_known_bad_ways_are_caught_without_root(self):
        if LONG:
            for name in ("ext4", "ext4-inline_data", "xfs", "btrfs"):
                with self.subTest(file_system=name):
                    self.try_file_system(name)
            return
        rows = self.try_file_system("ext4", "UNTORN_LAB_ONLY=-new")
        self.assertGreater(rows["rename-new"]["bad"], 0)
        self.assertEqual(0, rows["untorn-durable-new"]["broken"])

    def test_the_allow_list_judges_the_disks_of_this_kernel(self):
        output = self.boot("*", "UNTORN_REQUIRE=root", program=ALLOW_LIST_PROGRAM)
        self.assertIn("ended: 0", output.splitlines(), output)


if __name__ == "__main__":
    unittest.main()
