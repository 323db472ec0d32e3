# SPDX-License-Identifier: Apache-2.0
"""Installs the library into an empty folder, and builds a stranger's program against it."""

import os
import shutil
import subprocess
import tempfile
import unittest

CMAKE = os.environ["UNTORN_CMAKE"]
BUILD = os.environ["UNTORN_BUILD"]
COMPILER = os.environ["UNTORN_COMPILER"]
LINK_FLAGS = os.environ.get("UNTORN_LINK_FLAGS", "")
CONSUMER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "consumer")


def run(*command, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                            timeout=600, **options)
    if result.returncode != 0:
        raise AssertionError(f"{command}: {result.stdout.decode(errors='replace')}")
    return result.stdout.decode()


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="untorn-package-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        installed = os.path.join(cls.folder, "installed")
        run(CMAKE, "--install", BUILD, "--prefix", installed, "--component", "development")
        # What was found under the first prefix must be found after a move, too.
        cls.prefix = os.path.join(cls.folder, "moved")
        os.rename(installed, cls.prefix)

    def found(self, *names):
        for folder, _, files in os.walk(self.prefix):
            for file in files:
                if file in names:
                    return os.path.join(folder, file)
        return None

    def test_every_public_header_and_nothing_else_is_installed(self):
        source = os.path.join(CONSUMER, "..", "..", "..", "include", "untorn")
        installed = os.path.join(self.prefix, "include", "untorn")
        for folder in ("", "pipeline"):
            self.assertEqual(sorted(os.listdir(os.path.join(installed, folder))),
                             sorted(os.listdir(os.path.join(source, folder))))

    def test_find_package_gives_a_static_and_a_shared_library_that_work(self):
        build = os.path.join(self.folder, "build")
        run(CMAKE, "-S", CONSUMER, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_CXX_COMPILER={COMPILER}", f"-DCMAKE_EXE_LINKER_FLAGS={LINK_FLAGS}")
        run(CMAKE, "--build", build)
        for kind in ("untorn", "shared"):
            target = os.path.join(self.folder, kind)
            answer = run(os.path.join(build, f"consumer_{kind}"), target)
            self.assertTrue(answer.startswith("applied"), answer)
            with open(target, "rb") as file:
                self.assertEqual(file.read(), b"from outside")

    def test_the_example_of_the_documents_builds_and_runs(self):
        source = os.path.join(CONSUMER, "..", "..", "..", "examples", "replace")
        build = os.path.join(self.folder, "example")
        run(CMAKE, "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_CXX_COMPILER={COMPILER}", f"-DCMAKE_EXE_LINKER_FLAGS={LINK_FLAGS}")
        run(CMAKE, "--build", build)
        run(os.path.join(build, "example"), cwd=build)
        with open(os.path.join(build, "settings.json"), "rb") as file:
            self.assertEqual(file.read(), b'{"volume": 7}')

    def test_pkg_config_gives_flags_that_work(self):
        pkg_config = shutil.which("pkg-config")
        if pkg_config is None:
            self.skipTest("pkg-config is not installed")
        folder = os.path.dirname(self.found("untorn.pc"))
        flags = run(pkg_config, "--cflags", "--libs", "untorn",
                    env={**os.environ, "PKG_CONFIG_PATH": folder}).split()
        program = os.path.join(self.folder, "program")
        run(COMPILER, "-std=c++23", os.path.join(CONSUMER, "main.cpp"), "-o", program, *flags,
            *LINK_FLAGS.split())
        library = os.path.dirname(self.found("libuntorn.a"))
        answer = run(program, os.path.join(self.folder, "pkg"),
                     env={**os.environ, "LD_LIBRARY_PATH": library})
        self.assertTrue(answer.startswith("applied"), answer)


if __name__ == "__main__":
    unittest.main()
