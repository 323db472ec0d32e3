# SPDX-License-Identifier: Apache-2.0
"""What kills and power cuts leave behind."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import unittest

import untorn
from harness import TEMPORARY, VENDORED, FolderTest, load_vendored, need

MEGABYTE = 1 << 20
KILLS = 100
COMMAND = os.environ.get("UNTORN_COMMAND", "")
atomic_file = load_vendored()


def start_writing(write):
    """A child that calls write(0), write(1), … until it is killed; it has begun on return."""
    begun, beginning = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            write(0)
            os.write(beginning, b".")
            for number in range(1, 1 << 30):
                write(number)
        finally:
            os._exit(1)
    os.close(beginning)
    os.read(begun, 1)
    os.close(begun)
    return child


class Kills(FolderTest):
    """A writer that replaces one megabyte by another, killed at random instants."""

    def check(self, write):
        contents = ["a" * MEGABYTE, "b" * MEGABYTE]
        write(self.path("file"), contents[0])
        versions = {content.encode() for content in contents}
        dice, found = random.Random(1), set()
        for _ in range(KILLS):
            child = start_writing(lambda number: write(self.path("file"), contents[number % 2]))
            time.sleep(dice.uniform(0, 0.006))
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
            self.assertTrue(os.WIFSIGNALED(status), status)
            self.assertIn(self.read("file"), versions)
            found.add(self.read("file")[:1])
            for name in self.names():
                if name != "file":
                    self.assertRegex(name, TEMPORARY)
                    os.unlink(self.path(name))
        self.assertEqual(found, {b"a", b"b"}, "no kill came between two versions")

    def test_write_text_is_never_torn(self):
        self.check(lambda path, text: untorn.write_text(path, text, durability="process"))

    def test_the_vendored_module_is_never_torn(self):
        self.check(lambda path, text: atomic_file.atomic_write_text(path, text,
                                                                    durability="process"))

    def test_the_builtin_is_torn(self):
        """The same kills do tear what is written in the usual way: the two above say something."""
        def write(path, text):
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
        with self.assertRaises(AssertionError):
            self.check(write)


# A program that saves its state twice and says so, by the module or the package.
PROGRAM = """
import json, sys
sys.path.insert(0, {folder!r})
import {module} as module
for number in range(2):
    {save}
print("saved", flush=True)
"""


class Proofs(FolderTest):
    """Judged by `untorn prove`."""

    def prove(self, module, save, *options):
        need(self, os.access(COMMAND, os.X_OK), "prove", "UNTORN_COMMAND names no command")
        # Beside the root of the run, which is the folder of the state.
        folder = os.path.dirname(VENDORED if module == "atomic_file" else untorn.__path__[0])
        program = PROGRAM.format(folder=folder, module=module, save=save)
        os.mkdir(self.path("state"))
        self.write("state/app.py", program.encode())
        self.write("state/state.json", b'{"number": 0}')
        result = subprocess.run(
            [COMMAND, "prove", "--format", "json", "--only", "state.json", *options, "--",
             sys.executable, "-B", "app.py"],
            cwd=self.path("state"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        document = json.loads(result.stdout)
        if "error" in document and "namespace" in document["error"]["message"]:
            need(self, False, "prove", document["error"]["message"])
        return document

    def assert_proved(self, document):
        self.assertEqual(document["verdict"], "proved", json.dumps(document, indent=1)[:4000])
        self.assertEqual([path["class"] for path in document["paths"]
                          if path["path"] == "state.json"], ["whole"])

    def test_the_vendored_module_at_durable_is_proved(self):
        self.assert_proved(self.prove(
            "atomic_file", "module.atomic_write_text('state.json', "
            "json.dumps({'number': number, 'text': 'x' * 20000}))"))

    def test_the_vendored_module_keeps_what_was_acknowledged(self):
        self.assert_proved(self.prove(
            "atomic_file", "module.atomic_write_text('state.json', json.dumps([number]))",
            "--expect", "atomic,parse,durable,durable-if-synced"))

    def test_the_vendored_module_in_a_block_is_proved(self):
        self.assert_proved(self.prove(
            "atomic_file", "with module.atomic_open('state.json', 'w') as file: "
            "json.dump({'number': number, 'list': list(range(5000))}, file, indent=2)",
            "--expect", "atomic,parse,durable"))

    def test_the_vendored_module_at_ordered_is_proved_whole(self):
        self.assert_proved(self.prove(
            "atomic_file", "module.atomic_write_text('state.json', json.dumps([number]), "
            "durability='ordered')", "--expect", "atomic,parse"))

    def test_the_vendored_module_at_ordered_is_not_durable(self):
        document = self.prove(
            "atomic_file", "module.atomic_write_text('state.json', json.dumps([number]), "
            "durability='ordered')", "--expect", "durable")
        self.assertEqual(document["verdict"], "violated")

    def test_the_vendored_module_at_process_is_not_safe_from_power_cuts(self):
        document = self.prove(
            "atomic_file", "module.atomic_write_text('state.json', json.dumps([number]), "
            "durability='process')", "--expect", "atomic")
        self.assertEqual(document["verdict"], "violated")

    def test_the_package_is_proved(self):
        self.assert_proved(self.prove(
            "untorn", "module.write_json('state.json', {'number': number})",
            "--expect", "atomic,parse,durable"))

    def test_a_file_of_the_package_is_proved(self):
        self.assert_proved(self.prove(
            "untorn", "with module.open('state.json', 'w') as file: "
            "json.dump({'number': number, 'list': list(range(5000))}, file, indent=2)",
            "--expect", "atomic,parse,durable"))

    def test_a_document_of_the_package_is_proved(self):
        # Generations carry a checksum; one that is torn is never used.
        self.assert_proved(self.prove(
            "untorn", "module.Document('state.json').replace({'number': number})",
            "--expect", "atomic,parse,durable", "--ignore", ".untorn/*"))

    def test_a_transaction_of_the_package_is_proved_durable(self):
        self.assert_proved(self.prove(
            "untorn", "with module.transaction('.') as t: t['state.json'] = json.dumps([number])",
            "--expect", "atomic,parse,durable"))


if __name__ == "__main__":
    unittest.main()
