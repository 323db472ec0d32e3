# SPDX-License-Identifier: Apache-2.0
"""Registry, doctor, sweep and probe."""

import json
import operator
import os
import signal
import unittest

import untorn
from harness import FolderTest


class Health(FolderTest):
    def leave_temporary(self):
        name = ".untorn-tmp-" + "0" * 32
        self.write(name, b"part")
        return name

    def test_the_doctor_says_what_the_command_says(self):
        name = self.leave_temporary()
        report = untorn.doctor(self.folder)
        self.assertEqual((report["schema"], report["root"]), ("untorn.doctor/1", self.folder))
        self.assertEqual([(problem["kind"], problem["path"]) for problem in report["problems"]],
                         [("stale-temporary", name)])
        self.assertEqual(self.names(), [name])
        repaired = untorn.doctor([self.folder], repair=True)["problems"]
        self.assertEqual(([problem["repaired"] for problem in repaired], self.names()),
                         ([True], []))

    def test_named_documents_are_judged(self):
        self.write("a.json", b"")
        found = untorn.doctor(self.folder, documents=["*.json"])["problems"]
        self.assertEqual([(p["kind"], p["path"]) for p in found], [("corrupt-document", "a.json")])

    def test_sweep_removes_temporaries_and_nothing_else(self):
        name = self.leave_temporary()
        document = untorn.Document(self.path("state.json"))
        document.replace(1)
        self.write("state.json", b"")
        found = untorn.sweep(self.folder)
        self.assertEqual([(p["path"], p["repaired"]) for p in found], [(name, True)])
        self.assertEqual((self.read("state.json"), name in self.names()), (b"", False))
        self.assertEqual(untorn.sweep(self.folder), [])

    def test_sweep_leaves_the_temporary_of_a_writer_that_lives(self):
        with untorn.open(self.path("file"), "w") as file:
            file.write("content")
            self.assertEqual(untorn.sweep(self.folder), [])
        self.assertEqual((self.read("file"), self.names()), (b"content", ["file"]))

    def test_probe_measures(self):
        found = untorn.probe(self.folder)
        self.assertEqual([level["requested"] for level in found["levels"]],
                         ["process", "ordered", "durable"])
        self.assertGreater(found["file_sync_us"], 0)
        self.assertEqual(self.names(), [])

    def test_a_missing_folder_is_an_error(self):
        for call in (untorn.doctor, untorn.sweep):
            with self.assertRaises(FileNotFoundError) as caught:
                call(self.path("no"))
            self.assertIsInstance(caught.exception, untorn.Error)

    def test_ctrl_c_ends_it(self):
        for number in range(300):
            os.makedirs(self.path(f"{number}/a/b/c/d"))
        calls = [lambda: os.kill(os.getpid(), signal.SIGINT), lambda: untorn.doctor(self.folder)]
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with self.assertRaises(KeyboardInterrupt):
                list(map(operator.methodcaller("__call__"), calls))
        finally:
            signal.signal(signal.SIGINT, before)


class Registries(FolderTest):
    SCHEMA = {"type": "object", "required": ["name"],
              "properties": {"name": {"type": "string"}, "size": {"type": "integer"}}}

    def setUp(self):
        super().setUp()
        self.registry = untorn.Registry(self.path("tools"), schema=self.SCHEMA)

    def test_specification_and_attachments_come_and_go_together(self):
        change = self.registry.add("greet", {"name": "greet"}, {"py": "print('hello')\n"})
        self.assertEqual((change.version, change.receipt.achieved), (1, "durable"))
        self.assertEqual(self.read("tools/greet.json").decode(),
                         json.dumps({"name": "greet"}, indent=2))
        entry = self.registry.get("greet")
        self.assertEqual((entry.spec, entry.attachments, entry.version),
                         ({"name": "greet"}, {"py": b"print('hello')\n"}, 1))
        self.registry.remove("greet")
        self.assertEqual([n for n in os.listdir(self.path("tools")) if n != ".untorn"], [])
        with self.assertRaises(FileNotFoundError):
            self.registry.get("greet")

    def test_text_is_written_byte_for_byte(self):
        text = '{ "name":"a",\t"pi": 3.1400 }\n'
        self.registry.add("a", text)
        self.assertEqual(self.read("tools/a.json").decode(), text)
        self.assertEqual(self.registry.get("a").text, text)

    def test_every_problem_of_a_specification_is_named(self):
        problems = self.registry.validate({"size": "large"})
        self.assertEqual(sorted(problem.pointer for problem in problems), ["", "/size"])
        with self.assertRaises(untorn.Error) as caught:
            self.registry.add("a", {"size": "large"})
        self.assertEqual(caught.exception.code, "conflict")
        self.assertIn("name", str(caught.exception))
        self.assertIn("/size", str(caught.exception))

    def test_adding_replacing_and_putting(self):
        with self.assertRaises(FileNotFoundError):
            self.registry.replace("a", {"name": "a"})
        self.registry.add("a", {"name": "a"}, {"md": "text"})
        with self.assertRaises(FileExistsError):
            self.registry.add("A", {"name": "A"})
        self.registry.replace("a", {"name": "b"})
        self.assertEqual(self.registry.get("a").attachments, {"md": b"text"})
        self.registry.put("a", {"name": "c"}, {})
        self.assertEqual(self.registry.get("a").attachments, {})
        self.registry.put("d", {"name": "d"})
        self.assertEqual([entry["name"] for entry in self.registry.list()["entries"]], ["a", "d"])

    def test_versions_and_restore(self):
        self.registry.add("a", {"name": "one"})
        self.registry.replace("a", {"name": "two"})
        self.registry.remove("a")
        numbers = [version.number for version in self.registry.versions("a")]
        self.assertEqual(self.registry.read_version("a", min(numbers)).spec, {"name": "one"})
        self.registry.restore("a", min(numbers))
        self.assertEqual(self.registry.get("a").spec, {"name": "one"})

    def test_damage_is_set_aside_and_brought_back(self):
        self.registry.add("a", {"name": "a"})
        self.write("tools/a.json", b"")
        check = self.registry.verify()
        self.assertEqual((check["was_healthy"], check["entries"][0]["brought_back"]),
                         (False, ["a.json"]))
        self.assertEqual(self.registry.get("a").spec, {"name": "a"})

    def test_search(self):
        self.registry.add("a", {"name": "words", "size": 7})
        self.registry.add("b", {"name": "lines", "size": 8})
        names = [entry["name"] for entry in self.registry.search("WORDS")["entries"]]
        fields = [entry["name"] for entry in self.registry.search(fields={"size": "8"})["entries"]]
        self.assertEqual((names, fields), (["a"], ["b"]))

    def test_names_that_lead_elsewhere_are_refused(self):
        for name in ("../a", "a/b", "", ".a", "a\nb", "CON", "\u0430", "x" * 101, "a\0"):
            with self.assertRaises(untorn.Error) as caught:
                self.registry.add(name, {"name": "a"})
            self.assertEqual(caught.exception.code, "invalid_argument", name)

    def test_another_schema_is_refused_by_name(self):
        for schema, word in (({"$schema": "https://json-schema.org/draft/2020-12/schema"}, "2020"),
                             ({"$ref": "https://example.com/x.json"}, "example.com")):
            with self.assertRaises(untorn.Error) as caught:
                untorn.Registry(self.path("other"), schema=schema)
            self.assertIn(word, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
