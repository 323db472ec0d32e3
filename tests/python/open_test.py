# SPDX-License-Identifier: Apache-2.0
"""untorn.open in the modes of the builtin: those that it honours, and the hints of the others."""

import gc
import io
import itertools
import os
import unittest
import warnings

import untorn
from harness import FolderTest, without_privileges


class Update(FolderTest):
    """Modes with "+": the new content can be read, sought and truncated before it is published."""

    def setUp(self):
        super().setUp()
        self.write("file", b"old")

    def assert_untouched(self):
        self.assertEqual((self.read("file"), self.names()), (b"old", ["file"]))

    def test_what_is_written_can_be_read_back_before_it_is_published(self):
        with untorn.open(self.path("file"), "w+", encoding="utf-8") as file:
            self.assertEqual((file.read(), file.mode), ("", "w+"))
            file.write("n\u00e9w\nlines\n")
            file.seek(0)
            self.assertEqual(file.readlines(), ["n\u00e9w\n", "lines\n"])
            self.assertEqual(self.read("file"), b"old")
        self.assertEqual(self.read("file"), "n\u00e9w\nlines\n".encode())
        self.assertEqual((file.receipt.bytes, file.receipt.syncs, self.names()),
                         (11, 2, ["file"]))

    def test_it_behaves_as_the_builtin(self):
        """Each sequence of three steps, on both."""
        steps = [lambda f: f.write(b"abc"), lambda f: f.seek(1), lambda f: f.read(2),
                 lambda f: f.truncate(2), lambda f: f.truncate(), lambda f: f.seek(7),
                 lambda f: f.tell(), lambda f: f.seek(0, 2), lambda f: f.readinto(bytearray(1))]
        for mode, buffering in (("wb+", -1), ("w+b", 0), ("xb+", 3)):
            for chosen in itertools.product(steps, repeat=3):
                results = []
                for opener in (open, untorn.open):
                    if "x" in mode or os.path.exists(self.path("new")):
                        try:
                            os.unlink(self.path("new"))
                        except FileNotFoundError:
                            pass
                    keywords = {} if opener is open else {"durability": "process"}
                    with opener(self.path("new"), mode, buffering, **keywords) as file:
                        answers = [step(file) for step in chosen]
                    results.append((answers, self.read("new")))
                self.assertEqual(results[0], results[1], (mode, chosen))

    def test_exclusive_creation(self):
        with self.assertRaises(FileExistsError):
            untorn.open(self.path("file"), "x+")
        with untorn.open(self.path("new"), "x+") as file:
            file.write("content")
            file.seek(0)
            self.assertEqual((file.read(), self.names()[-1]), ("content", "file"))
        self.assertEqual(self.read("new"), b"content")

    def test_an_exception_garbage_and_discard_leave_the_file(self):
        with self.assertRaises(LookupError):
            with untorn.open(self.path("file"), "w+") as file:
                file.write("part")
                raise LookupError
        self.assert_untouched()
        file = untorn.open(self.path("file"), "wb+")
        file.write(b"part")
        file.discard()
        file.close()
        self.assertIsNone(file.receipt)
        self.assert_untouched()
        for arguments in (("w+",), ("wb+",), ("wb+", 0)):
            file = untorn.open(self.path("file"), *arguments)
            file.write("part" if arguments == ("w+",) else b"part")
            with self.assertWarnsRegex(ResourceWarning, "never closed"):
                del file
                gc.collect()
            self.assert_untouched()

    def test_large_content_in_pieces(self):
        with untorn.open(self.path("file"), "wb+") as file:
            for number in range(40):
                file.write(bytes([number]) * 100000)
            file.seek(100000)
            file.write(b"!")
        content = self.read("file")
        self.assertEqual((len(content), content[100000:100002]), (4000000, b"!\x01"))

    def test_the_descriptor_is_that_of_a_file_without_a_name(self):
        with untorn.open(self.path("file"), "wb+") as file:
            self.assertEqual(os.fstat(file.fileno()).st_nlink, 0)
            self.assertTrue(file.seekable() and file.readable() and file.writable())

    def test_a_folder_that_may_not_be_written_is_refused_at_once(self):
        os.mkdir(self.path("closed"), 0o555)
        with without_privileges(), self.assertRaises(PermissionError) as caught:
            untorn.open(self.path("closed/file"), "w+")
        self.assertIsInstance(caught.exception, untorn.Error)
        self.assertEqual(caught.exception.outcome, "not_applied")

    def test_links_are_followed(self):
        os.mkdir(self.path("other"))
        os.symlink("other/target", self.path("link"))
        with untorn.open(self.path("link"), "w+") as file:
            file.write("content")
        self.assertEqual(self.read("other/target"), b"content")
        self.assertTrue(os.path.islink(self.path("link")))

    def test_marks_of_encodings_are_those_of_the_builtin(self):
        for encoding in ("utf-16", "utf-32", "utf-8-sig"):
            contents = []
            for opener in (open, untorn.open):
                with opener(self.path("new"), "w+", encoding=encoding) as file:
                    file.write("a")
                    file.seek(0)
                    file.read()
                    file.write("b")
                contents.append(self.read("new"))
            self.assertEqual(contents[0], contents[1])

    def test_a_forked_child_publishes_nothing(self):
        file = untorn.open(self.path("file"), "wb+", buffering=0)
        file.write(b"new")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            try:
                file.close()
            except untorn.Error:
                os._exit(0)
            finally:
                os._exit(1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(self.read("file"), b"old")
        file.write(b"er")
        file.close()
        self.assertEqual(self.read("file"), b"newer")

    def test_what_cannot_be_replaced_is_written_in_place_if_that_is_allowed(self):
        with self.assertRaises(untorn.Error):
            untorn.open("/dev/null", "wb+")
        with untorn.open("/dev/null", "wb+", allow_in_place=True) as file:
            self.assertEqual((file.write(b"four"), file.read()), (4, b""))
        self.assertEqual(file.receipt.protocol, "in_place")


class Reading(FolderTest):
    """Modes with "r" are the builtin's."""

    def test_files_are_read_as_builtin_open_reads_them(self):
        self.write("file", b"a\r\nb\xff")
        for arguments in ((), ("r",), ("rt",), ("rb",), ("rb", 0), ("br", 7)):
            keywords = {} if "b" in "".join(map(str, arguments)) else {"errors": "replace"}
            with open(self.path("file"), *arguments, **keywords) as wanted, \
                    untorn.open(self.path("file"), *arguments, **keywords) as file:
                self.assertIs(type(file), type(wanted))
                self.assertEqual((file.read(), file.mode), (wanted.read(), wanted.mode))

    def test_openers_and_descriptors_are_the_builtins(self):
        self.write("file", b"content")
        seen = []

        def opener(path, flags):
            seen.append(path)
            return os.open(path, flags)
        with untorn.open(self.path("file"), opener=opener) as file:
            self.assertEqual((file.read(), seen), ("content", [self.path("file")]))
        descriptor = os.open(self.path("file"), os.O_RDONLY)
        try:
            with untorn.open(descriptor, "rb", closefd=False) as file:
                self.assertEqual(file.read(), b"content")
            os.fstat(descriptor)
        finally:
            os.close(descriptor)

    def test_errors_are_ours(self):
        for path, kind in ((self.path("no"), FileNotFoundError), (self.folder, IsADirectoryError)):
            with self.assertRaises(kind) as caught:
                untorn.open(path)
            self.assertIsInstance(caught.exception, untorn.Error)
            self.assertEqual((caught.exception.filename, caught.exception.outcome),
                             (path, "not_applied"))


class Refused(FolderTest):
    def test_appending_and_updating_name_what_to_use_instead(self):
        self.write("file", b"old")
        for mode in ("a", "ab", "a+", "ab+", "at"):
            with self.assertRaisesRegex(ValueError, r"LineLog"):
                untorn.open(self.path("file"), mode)
        for mode in ("r+", "rb+", "r+b", "+r"):
            with self.assertRaisesRegex(ValueError, r"write_text.*'w\+'"):
                untorn.open(self.path("file"), mode)
        self.assertEqual((self.read("file"), self.names()), (b"old", ["file"]))

    def test_bad_modes_and_layers_are_those_of_the_builtin(self):
        cases = [("",), ("q",), ("ww",), ("wx",), ("w++",), ("wbt",), ("+",), ("wr",), (3,),
                 (None,), ("w", 0), ("w", "x"), ("w", 1.5), ("wb", -1, "utf-8")]
        for arguments in cases:
            outcomes = []
            for opener in (open, untorn.open):
                try:
                    opener(self.path("new"), *arguments)
                except Exception as error:  # whatever the builtin raises
                    outcomes.append(type(error))
            self.assertEqual(len(outcomes), 2, arguments)
            self.assertIs(outcomes[0], outcomes[1], arguments)
        self.assertNotIn(".untorn", "".join(self.names()))

    def test_the_levels_are_checked_for_every_mode(self):
        self.write("file", b"old")
        for mode in ("r", "w", "w+", "xb"):
            with self.assertRaisesRegex(ValueError, "process, ordered or durable"):
                untorn.open(self.path("file"), mode, durability="most")

    def test_unsupported_operations_are_those_of_io(self):
        with untorn.open(self.path("new"), "wb", buffering=0) as file:
            with self.assertRaises(io.UnsupportedOperation):
                file.read()


if __name__ == "__main__":
    unittest.main()
