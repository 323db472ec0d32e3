# SPDX-License-Identifier: Apache-2.0
"""scripts/bootstrap on a machine made of fakes: what it asks for, what it runs, how it ends."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

BOOTSTRAP = Path(__file__).resolve().parents[2] / "scripts" / "bootstrap"
# What the script itself runs; all else on the machine is hidden from it.
TOOLS = ["bash", "comm", "sed", "sort", "tr", "env"]


class BootstrapTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="untorn-bootstrap-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for tool in TOOLS:
            found = next(path for path in (Path(d, tool) for d in os.defpath.split(":"))
                         if path.exists())
            (self.folder / tool).symlink_to(found)
        self.calls = self.folder / "calls"
        self.fake("id", "echo 1000")
        self.fake("sudo", 'exec "$@"')
        self.fake("apt-get", f'echo "$*" >>"{self.calls}"')
        self.installed([])

    def fake(self, name, body):
        (self.folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (self.folder / name).chmod(0o755)

    def installed(self, packages):
        lines = "\n".join(f"installed {name}" for name in packages)
        self.fake("dpkg-query", f"/bin/cat <<'END'\n{lines}\nEND\nexit 1")

    def run_bootstrap(self, *arguments, **environment):
        return subprocess.run([str(BOOTSTRAP), *arguments], text=True, capture_output=True,
                              env={"PATH": str(self.folder), **environment}, check=False)

    def wanted(self, profile):
        return self.run_bootstrap("--list", profile).stdout.split()

    def require_debian_12(self):
        release = Path("/etc/os-release").read_text(encoding="utf-8")
        if "\nID=debian\n" not in f"\n{release}" or 'VERSION_ID="12"' not in release:
            self.skipTest("installs on Debian 12 only")

    def test_nothing_is_run_when_nothing_is_missing(self):
        self.require_debian_12()
        self.installed(self.wanted("test"))
        result = self.run_bootstrap("test")
        self.assertEqual((0, "", ""), (result.returncode, result.stdout, result.stderr))
        self.assertFalse(self.calls.exists())

    def test_what_is_missing_is_listed_first_and_installed_through_sudo(self):
        self.require_debian_12()
        self.installed(set(self.wanted("demo")) - {"cmake", "ccache"})
        result = self.run_bootstrap("demo")
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertIn("2 more packages: ccache cmake", result.stderr)
        update, install = self.calls.read_text().splitlines()
        self.assertTrue(update.endswith(" update"), update)
        self.assertTrue(install.endswith("--no-install-recommends ccache cmake"), install)

    def test_an_npm_that_came_with_another_node_will_do(self):
        self.require_debian_12()
        self.installed(set(self.wanted("demo")) - {"npm"})
        self.assertIn("1 more packages: npm", self.run_bootstrap("demo").stderr)
        self.fake("npm", "exit 0")
        self.assertEqual("", self.run_bootstrap("demo").stderr)

    def test_a_failed_installation_ends_with_2(self):
        self.require_debian_12()
        self.fake("apt-get", 'case "$*" in *install*) exit 100;; esac')
        result = self.run_bootstrap("demo")
        self.assertEqual(2, result.returncode)
        self.assertIn("apt-get install failed", result.stderr)

    def test_without_sudo_it_says_what_root_should_run(self):
        self.require_debian_12()
        (self.folder / "sudo").unlink()
        result = self.run_bootstrap("demo")
        self.assertEqual(2, result.returncode)
        self.assertIn("run as root: apt-get install", result.stderr)
        self.assertFalse(self.calls.exists())

    def test_another_system_is_told_what_to_install(self):
        (self.folder / "apt-get").unlink()
        result = self.run_bootstrap("lint")
        self.assertEqual(2, result.returncode)
        self.assertIn("clang-tidy-19", result.stderr)
        self.assertIn("UNTORN_SKIP_BOOTSTRAP=1", result.stderr)
        self.assertEqual(0, self.run_bootstrap("lint", UNTORN_SKIP_BOOTSTRAP="1").returncode)

    def test_the_demo_needs_no_compiler_but_one_and_no_test_library(self):
        demo = " ".join(self.wanted("demo"))
        for package in ("clang", "gtest", "rapidcheck", "strace"):
            self.assertNotIn(package, demo)

    def test_an_unknown_profile_is_refused(self):
        for arguments in ([], ["nonsense"], ["demo", "test"]):
            self.assertEqual(2, self.run_bootstrap(*arguments).returncode, arguments)


if __name__ == "__main__":
    unittest.main()
