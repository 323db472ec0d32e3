# SPDX-License-Identifier: Apache-2.0
"""What every command has: help, version, usage errors, streams that are not there."""

import os
import re
import subprocess
import unittest

from command import COMMAND, CommandTest, clean_environment


class Frame(CommandTest):
    def test_without_arguments_the_short_help_shows_one_example(self):
        result = self.run_untorn()
        self.assert_exit(result, 0)
        self.assertIn(b"untorn write", result.stdout)
        self.assertIn(b"Example:", result.stdout)
        self.assertEqual(result.stderr, b"")
        self.assertEqual(self.run_untorn("--help").stdout, result.stdout)

    def test_version_is_one_line_with_the_name(self):
        result = self.run_untorn("--version")
        self.assert_exit(result, 0)
        self.assertRegex(result.stdout, rb"\Auntorn \d+\.\d+\.\d+\n\Z")

    def test_plumbing_has_a_heading_of_its_own(self):
        before, after = self.run_untorn("--help").stdout.decode().split("\nPlumbing:\n")
        listed = after.split("\nExample:")[0]
        for verb in ("bench", "pipeline", "registry"):
            self.assertIn(f"  {verb} ", listed)
            self.assertNotIn(f"  {verb} ", before)
        self.assertIn("  write ", before)

    def test_every_command_has_help_with_an_example(self):
        for verb in ("append", "apply", "bench", "doctor", "etag", "fix", "pipeline", "prove",
                     "registry", "scan", "watch", "write"):
            with self.subTest(verb):
                result = self.run_untorn(verb, "--help")
                self.assert_exit(result, 0)
                self.assertIn(b"Usage: untorn " + verb.encode(), result.stdout)
                self.assertIn(b"Example:", result.stdout)
                self.assertEqual(self.run_untorn("help", verb).stdout, result.stdout)
                options = result.stdout.decode().partition("\nOptions:\n")[2]
                options = options.partition("\nExample:")[0]
                columns = {match.end() for line in options.splitlines()
                           for match in re.finditer(r"^ {4,}(?=\S)|\S {2,}(?=\S)", line)}
                self.assertEqual(len(columns), 1, options)
                self.assertEqual(self.run_untorn(verb, "-h").stdout, result.stdout)

    def test_an_unknown_command_gets_the_nearest_name(self):
        result = self.run_untorn("wriet", "a")
        self.assert_exit(result, 2)
        self.assertIn(b'did you mean "write"?', result.stderr)
        self.assertEqual(result.stdout, b"")
        far = self.run_untorn("frobnicate")
        self.assert_exit(far, 2)
        self.assertNotIn(b"did you mean", far.stderr)

    def test_an_unknown_flag_gets_the_nearest_name(self):
        result = self.run_untorn("write", "--durabilty", "ordered", "a")
        self.assert_exit(result, 2)
        self.assertIn(b"did you mean --durability?", result.stderr)
        self.assertEqual(self.names(), [])

    def test_usage_errors_exit_2_and_change_nothing(self):
        self.write("a", b"old")
        for arguments in ([], ["a", "b"], ["a", "--mode"], ["a", "--durability", "fast"],
                          ["a", "--mode", "9"], ["a", "--mode", "77777"], ["a", "--mode", ""],
                          ["a", "--must-exist", "--must-not-exist"], ["a", "--symlink", "no"],
                          ["a", "--format", "yaml"], ["a", "--color", "green"],
                          ["a", "--output", "a"], ["a", "--output", "./a"]):
            with self.subTest(arguments):
                result = self.run_untorn("write", *arguments, stdin=b"new")
                self.assert_exit(result, 2)
                self.assertIn(b"error:", result.stderr)
                self.assertEqual(result.stdout, b"")
        self.assertEqual(self.names(), ["a"])
        self.assertEqual(self.read("a"), b"old")

    def test_usage_errors_are_a_document_when_json_was_asked_for(self):
        for arguments in (["--format", "json"], ["--format=json", "a", "--mode", "x"],
                          ["a", "--format", "json", "--zap"]):
            with self.subTest(arguments):
                result = self.run_untorn("write", *arguments)
                self.assert_exit(result, 2)
                document = self.document(result)
                self.assertEqual(next(iter(document)), "schema")
                self.assertEqual(document["schema"], "untorn.write/1")
                self.assertEqual(set(document["error"]), {"code", "step", "outcome", "advice",
                                                          "message", "path"})
                self.assertEqual(document["error"]["code"], "invalid_argument")
                self.assertEqual(document["error"]["outcome"], "not_applied")

    def test_a_reader_that_goes_away_is_no_failure(self):
        for arguments in ([], ["write", "--help"], ["write", "a", "--format", "json"]):
            with self.subTest(arguments):
                reading, writing = os.pipe()
                os.close(reading)
                result = self.run_untorn(*arguments, stdin=b"new", stdout=writing)
                os.close(writing)
                self.assert_exit(result, 0)
                self.assertEqual(result.stderr, b"")

    def test_colour_follows_the_flag_then_the_environment_and_never_a_pipe(self):
        def colored(*flags, **environment):
            result = self.run_untorn("write", "none/a", *flags, environment=environment)
            self.assert_exit(result, 2)
            return b"\x1b[" in result.stderr

        self.assertFalse(colored())
        self.assertTrue(colored("--color", "always"))
        self.assertTrue(colored("--color", "always", NO_COLOR="1"))
        self.assertTrue(colored(FORCE_COLOR="1"))
        self.assertFalse(colored(FORCE_COLOR="1", NO_COLOR="1"))
        self.assertFalse(colored("--color", "never", FORCE_COLOR="1"))
        self.assertTrue(colored(FORCE_COLOR="1", NO_COLOR=""))
        self.assertFalse(colored(FORCE_COLOR="0"))

    def test_a_terminal_gets_colour_and_a_sentence_about_what_was_done(self):
        leader, follower = os.openpty()
        environment = {**clean_environment(), "TERM": "xterm"}
        result = subprocess.run([COMMAND, "write", "a"], input=b"new", stderr=follower,
                                stdout=subprocess.PIPE, cwd=self.folder, env=environment,
                                timeout=60, check=False)
        self.assertEqual(result.returncode, 0)
        self.assertIn(b"a: replaced, 3 bytes", os.read(leader, 4096))
        subprocess.run([COMMAND, "write", "none/a"], input=b"new", stderr=follower,
                       stdout=subprocess.PIPE, cwd=self.folder, env=environment, timeout=60,
                       check=False)
        self.assertIn(b"\x1b[1;31merror:", os.read(leader, 4096))
        os.close(leader)
        os.close(follower)


if __name__ == "__main__":
    unittest.main()
