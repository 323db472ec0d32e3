# SPDX-License-Identifier: Apache-2.0
"""untorn registry: every verb, every exit code, and what the documents hold."""

import json
import os
import signal
import subprocess
import unittest

from command import COMMAND, CommandTest, clean_environment

SPEC = b'{"description": "says hello", "n": 1}\n'
NEWER = b'{"description": "says hello twice", "n": 2}'
SCRIPT = b"print('hello')\n"
SCHEMA = json.dumps({
    "$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
    "required": ["description"],
    "properties": {"description": {"type": "string"}, "n": {"type": "integer"}},
}).encode()


class Registry(CommandTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("tools"))
        self.write("greet.json", SPEC)
        self.write("newer.json", NEWER)
        self.write("greet.py", SCRIPT)
        self.write("schema.json", SCHEMA)

    def registry(self, *arguments, code=0, **options):
        result = self.run_untorn("registry", *arguments, **options)
        self.assert_exit(result, code)
        return result

    def document_of(self, *arguments, code=0, **options):
        document = self.document(self.registry(*arguments, "--format", "json", code=code,
                                               **options))
        self.assertEqual(next(iter(document)), "schema")
        self.assertEqual(document["schema"], "untorn.registry/1")
        return document

    def add(self):
        self.registry("add", "tools", "greet", "greet.json", "--attach", "py=greet.py")

    def files(self):
        return sorted(name for name in os.listdir(self.path("tools")) if name != ".untorn")

    def test_an_entry_is_added_with_its_attachments_byte_for_byte(self):
        document = self.document_of("add", "tools", "greet", "greet.json", "--attach",
                                    "py=greet.py", "--schema", "schema.json")
        self.assertEqual(document["verb"], "add")
        self.assertEqual(document["root"], self.path("tools"))
        self.assertEqual(document["outcome"], "applied")
        self.assertEqual(document["version"], 1)
        self.assertEqual(self.read("tools/greet.json"), SPEC)
        self.assertEqual(self.read("tools/greet.py"), SCRIPT)
        self.assertEqual(self.files(), ["greet.json", "greet.py"])

    def test_the_specification_may_come_from_stdin_or_name_the_entry(self):
        self.registry("add", "tools", "greet", stdin=SPEC)
        self.assertEqual(self.read("tools/greet.json"), SPEC)
        self.registry("add", "tools", "newer.json")
        self.assertEqual(self.read("tools/newer.json"), NEWER)
        self.registry("add", "tools", "third", "-", stdin=SPEC)
        self.assertEqual(self.read("tools/third.json"), SPEC)

    def test_add_makes_the_folder_and_nothing_else_does(self):
        self.registry("list", "absent", code=2)
        self.registry("add", "fresh", "greet", "greet.json")
        self.assertEqual(sorted(os.listdir(self.path("fresh"))), [".untorn", "greet.json"])
        self.registry("add", "no/parent", "greet", "greet.json", code=2)

    def test_what_exists_or_does_not_is_a_condition(self):
        self.add()
        document = self.document_of("add", "tools", "greet", "newer.json", code=1)
        self.assertEqual(document["error"]["code"], "already_exists")
        self.assertEqual(document["error"]["outcome"], "not_applied")
        self.assertEqual(document["error"]["path"], "greet.json")
        self.assertEqual(self.read("tools/greet.json"), SPEC)
        for verb in ("replace", "remove", "show", "versions"):
            document = self.document_of(verb, "tools", "absent", code=1, stdin=SPEC)
            self.assertEqual(document["error"]["code"], "not_found")
        self.registry("restore", "tools", "greet", "7", code=1)

    def test_a_refused_specification_names_every_problem(self):
        self.write("bad.json", b'{"n": "one"}')
        document = self.document_of("add", "tools", "bad", "bad.json", "--schema", "schema.json",
                                    code=1)
        self.assertEqual(document["error"]["code"], "conflict")
        self.assertEqual(document["error"]["advice"], "fix_then_retry")
        self.assertEqual(sorted(each["pointer"] for each in document["problems"]), ["", "/n"])
        result = self.registry("add", "tools", "bad", "bad.json", "--schema", "schema.json",
                               code=1)
        self.assertIn(b'"description" is missing', result.stderr)
        self.assertIn(b"/n: ", result.stderr)
        self.assertEqual(result.stdout, b"")
        for content in (b"", b"{", b"[1]", b"nonsense"):
            self.registry("add", "tools", "bad", stdin=content, code=1)
        self.assertEqual(os.listdir(self.path("tools")), [])

    def test_a_schema_that_is_wrong_or_of_another_language_is_refused(self):
        self.write("old.json", b'{"$schema": "http://json-schema.org/draft-04/schema#"}')
        result = self.registry("add", "tools", "greet", "greet.json", "--schema", "old.json",
                               code=2)
        self.assertIn(b"http://json-schema.org/draft-04/schema#", result.stderr)
        self.write("wrong.json", b'{"type": "text", "minimum": "1"}')
        result = self.registry("add", "tools", "greet", "greet.json", "--schema", "wrong.json",
                               code=2)
        self.assertIn(b"/type", result.stderr)
        self.assertIn(b"/minimum", result.stderr)
        self.write("remote.json", b'{"$ref": "http://127.0.0.1:1/x.json"}')
        result = self.registry("add", "tools", "greet", "greet.json", "--schema", "remote.json",
                               code=2)
        self.assertIn(b"nothing is fetched", result.stderr)
        self.assertEqual(os.listdir(self.path("tools")), [])

    def test_bad_names_are_refused_with_the_reason(self):
        for name, reason in (("../x", b"'/'"), ("a/b", b"'/'"), ("CON", b"device"),
                             ("a\nb", b"\\n"), (".x", b"begins"), ("caf\u00e9", b"ASCII"),
                             ("", b"needed"), ("x" * 101, b"100 bytes")):
            result = self.registry("add", "tools", name, "greet.json", code=2)
            self.assertIn(reason, result.stderr, name)
        self.add()
        result = self.registry("add", "tools", "GREET", "greet.json", code=1)
        self.assertIn(b"other case", result.stderr)
        self.assertEqual(self.files(), ["greet.json", "greet.py"])

    def test_replace_keeps_attachments_unless_told(self):
        self.add()
        self.registry("replace", "tools", "greet", "newer.json")
        self.assertEqual(self.files(), ["greet.json", "greet.py"])
        document = self.document_of("replace", "tools", "greet", "newer.json")
        self.assertEqual(document["outcome"], "unchanged")
        self.registry("replace", "tools", "greet", "newer.json", "--no-attachments")
        self.assertEqual(self.files(), ["greet.json"])
        self.write("run.sh", b"echo\n")
        self.registry("replace", "tools", "greet", "newer.json", "--attach", "greet.sh=run.sh")
        self.assertEqual(self.files(), ["greet.json", "greet.sh"])

    def test_remove_versions_and_restore(self):
        self.add()
        self.registry("replace", "tools", "greet", "newer.json")
        self.registry("remove", "tools", "greet")
        self.assertEqual(self.files(), [])
        versions = self.document_of("versions", "tools", "greet")["versions"]
        self.assertEqual([(each["number"], each["origin"]) for each in versions],
                         [(3, "removed"), (2, "replaced"), (1, "added")])
        self.assertTrue(all(each["intact"] for each in versions))
        document = self.document_of("restore", "tools", "greet", "1")
        self.assertEqual(document["version"], 4)
        self.assertEqual(self.read("tools/greet.json"), SPEC)
        self.assertEqual(self.read("tools/greet.py"), SCRIPT)

    def test_show_gives_the_specification_a_version_or_an_attachment(self):
        self.add()
        self.registry("replace", "tools", "greet", "newer.json")
        self.assertEqual(self.registry("show", "tools", "greet").stdout, NEWER + b"\n")
        self.assertEqual(self.registry("show", "tools", "greet", "--version-number", "1").stdout,
                         SPEC)
        self.assertEqual(self.registry("show", "tools", "greet", "--attachment", "py").stdout,
                         SCRIPT)
        self.registry("show", "tools", "greet", "--attachment", "md", code=1)
        entry = self.document_of("show", "tools", "greet")["entry"]
        self.assertEqual(entry["spec"], json.loads(NEWER))
        self.assertEqual([each["file"] for each in entry["files"]], ["greet.json", "greet.py"])

    def test_list_and_search(self):
        self.add()
        self.registry("add", "tools", "bye", stdin=b'{"description": "farewell", "tags": ["x"]}')
        entries = self.document_of("list", "tools")["entries"]
        self.assertEqual([each["name"] for each in entries], ["bye", "greet"])
        for arguments, expected in ((["HELLO"], ["greet"]), (["says", "hello"], ["greet"]),
                                    ([], ["bye", "greet"]), (["--where", "tags=x"], ["bye"]),
                                    (["--where", "/n=1"], ["greet"]), (["absent"], [])):
            found = self.document_of("search", "tools", *arguments)["entries"]
            self.assertEqual([each["name"] for each in found], expected, arguments)

    def test_verify_sets_damage_aside_and_brings_the_last_version_back(self):
        self.add()
        document = self.document_of("verify", "tools")
        self.assertIs(document["was_healthy"], True)
        self.write("tools/greet.json", SPEC[:10])
        looked = self.document_of("verify", "tools", "--check", code=1)
        self.assertIs(looked["was_healthy"], False)
        self.assertEqual(self.read("tools/greet.json"), SPEC[:10])
        result = self.registry("list", "tools")
        self.assertIn(b"greet.json is damaged", result.stderr)
        document = self.document_of("verify", "tools", code=1)
        entry = document["entries"][0]
        self.assertEqual(entry["set_aside"], ["greet.json.damaged-1"])
        self.assertEqual(entry["brought_back"], ["greet.json"])
        self.assertIs(entry["is_healthy"], True)
        self.assertEqual(self.read("tools/greet.json"), SPEC)
        self.assertEqual(self.read("tools/greet.json.damaged-1"), SPEC[:10])
        self.registry("verify", "tools")

    def test_verify_names_what_does_not_satisfy_the_schema(self):
        self.add()
        self.write("tools/greet.json", b'{"n": "x"}')
        document = self.document_of("verify", "tools", "--schema", "schema.json", code=1)
        self.assertEqual(len(document["entries"][0]["spec_problems"]), 2)
        self.assertEqual(self.read("tools/greet.json"), b'{"n": "x"}')

    def test_files_of_others_are_not_overwritten(self):
        self.write("tools/greet.py", b"mine")
        self.registry("add", "tools", "greet", "greet.json", "--attach", "py=greet.py", code=1)
        self.assertEqual(self.read("tools/greet.py"), b"mine")
        self.assertEqual(self.files(), ["greet.py"])

    def test_a_tree_above_keeps_the_versions_and_is_found_again(self):
        self.registry("add", "tools", "greet", "greet.json", "--tree", ".")
        self.assertEqual(os.listdir(self.path("tools")), ["greet.json"])
        versions = self.document_of("versions", "tools", "greet")["versions"]
        self.assertEqual(len(versions), 1)
        self.registry("add", "tools", "x", "greet.json", "--tree", "/nowhere", code=2)

    def test_wrong_usage_is_refused_before_anything_is_done(self):
        for arguments in (["ad", "tools", "x"], ["add", "tools"], ["list", "tools", "x"],
                          ["restore", "tools", "x"], ["restore", "tools", "x", "y"],
                          ["list", "tools", "--attach", "a=b"], ["show", "tools"],
                          ["add", "tools", "x", "absent.json"], ["search", "tools", "--check"],
                          ["add", "tools", "x", "greet.json", "--attach", "py"],
                          ["add", "tools", "x", "greet.json", "--keep", "0"],
                          ["add", "tools", "x", "greet.json", "--schema", "absent"], ["list"]):
            result = self.registry(*arguments, code=2)
            self.assertEqual(result.stdout, b"", arguments)
            self.assertNotEqual(result.stderr, b"")
        self.assertEqual(os.listdir(self.path("tools")), [])
        result = self.registry("ad", "tools", "x", code=2)
        self.assertIn(b'did you mean "add"?', result.stderr)

    def test_an_unreadable_folder_is_told(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        os.chmod(self.path("tools"), 0)
        self.addCleanup(os.chmod, self.path("tools"), 0o700)
        self.registry("list", "tools", code=2)

    def test_a_folder_that_may_only_be_read_is_read(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everywhere")
        self.add()
        os.chmod(self.path("tools"), 0o500)
        self.addCleanup(os.chmod, self.path("tools"), 0o700)
        self.registry("list", "tools")
        self.registry("replace", "tools", "greet", "newer.json", code=2)
        self.assertEqual(self.read("tools/greet.json"), SPEC)

    def test_many_processes_at_once_lose_nothing(self):
        processes = [subprocess.Popen([COMMAND, "registry", "add", "tools", f"entry-{i}",
                                       "greet.json", "--attach", "py=greet.py"],
                                      cwd=self.folder, env=clean_environment(),
                                      stdout=subprocess.DEVNULL) for i in range(8)]
        for process in processes:
            self.assertEqual(process.wait(timeout=60), 0)
        self.assertEqual(len(self.document_of("list", "tools")["entries"]), 8)
        self.assertIs(self.document_of("verify", "tools")["was_healthy"], True)

    def test_ctrl_c_while_stdin_is_open_changes_nothing(self):
        process = self.start_untorn("registry", "add", "tools", "greet")
        process.stdin.write(SPEC)
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        self.assertIn(process.wait(timeout=10), (-signal.SIGINT, 130))
        self.assertEqual(os.listdir(self.path("tools")), [])


if __name__ == "__main__":
    unittest.main()
