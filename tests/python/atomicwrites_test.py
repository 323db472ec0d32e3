# SPDX-License-Identifier: Apache-2.0
"""untorn.compat.atomicwrites: what the documents of the package atomicwrites 1.4 promise."""

import errno
import fcntl
import io
import os
import pathlib
import stat
import unittest

import untorn
from harness import TEMPORARY, FolderTest
from untorn.compat import atomicwrites
from untorn.compat.atomicwrites import AtomicWriter, atomic_write, move_atomic, replace_atomic


class Promises(FolderTest):
    """Each claim of its README and its documentation."""

    def test_the_file_does_not_exist_before_the_end_of_the_block(self):
        with atomic_write(self.path("foo.txt"), overwrite=True) as f:
            f.write("Hello world.")
            f.flush()
            self.assertNotIn("foo.txt", self.names())
        self.assertEqual((self.read("foo.txt"), self.names()), (b"Hello world.", ["foo.txt"]))

    def test_the_target_may_be_asserted_not_to_exist_yet(self):
        for _ in range(2):
            with atomic_write(self.path("ha"), overwrite=True) as f:
                f.write("hoho")
        with self.assertRaises(FileExistsError) as caught:
            with atomic_write(self.path("ha"), overwrite=False) as f:
                f.write("haha")
        self.assertEqual(caught.exception.errno, errno.EEXIST)
        self.assertEqual((self.read("ha"), self.names()), (b"hoho", ["ha"]))

    def test_overwriting_is_off_unless_it_is_asked_for(self):
        self.write("ha", b"old")
        with self.assertRaises(FileExistsError):
            with atomic_write(self.path("ha")) as f:
                f.write("new")
        self.assertEqual((self.read("ha"), self.names()), (b"old", ["ha"]))

    def test_the_error_of_an_existing_file_comes_after_it_has_been_written(self):
        self.write("ha", b"old")
        with self.assertRaises(FileExistsError):
            with atomic_write(self.path("ha")) as f:
                self.assertEqual(f.write("new"), 3)
                self.write("reached", b"")
        self.assertEqual(self.names(), ["ha", "reached"])

    def test_a_failing_block_leaves_nothing(self):
        for overwrite in (False, True):
            with self.assertRaises(LookupError):
                with atomic_write(self.path("ha"), overwrite=overwrite):
                    raise LookupError
            self.assertEqual(self.names(), [])

    def test_a_file_that_appeared_meanwhile_is_replaced_or_kept(self):
        with atomic_write(self.path("ha"), overwrite=True) as f:
            f.write("hoho")
            self.write("ha", b"harhar")
        self.assertEqual((self.read("ha"), self.names()), (b"hoho", ["ha"]))
        os.unlink(self.path("ha"))
        with self.assertRaises(FileExistsError):
            with atomic_write(self.path("ha"), overwrite=False) as f:
                f.write("hoho")
                self.write("ha", b"harhar")
        self.assertEqual((self.read("ha"), self.names()), (b"harhar", ["ha"]))

    def test_an_error_of_the_rollback_does_not_hide_the_first_one(self):
        with self.assertRaises(LookupError):
            with atomic_write(self.path("ha")) as f:
                os.unlink(f.name)
                raise LookupError

    def test_the_temporary_is_in_the_same_directory(self):
        with atomic_write(self.path("ha")) as f:
            self.assertEqual(os.path.dirname(f.name), self.folder)

    def test_it_works_in_the_current_directory(self):
        before = os.getcwd()
        os.chdir(self.folder)
        try:
            with atomic_write("ha") as f:
                f.write("hoho")
            with self.assertRaises(FileExistsError):
                with atomic_write("ha") as f:
                    f.write("haha")
        finally:
            os.chdir(before)
        self.assertEqual((self.read("ha"), self.names()), (b"hoho", ["ha"]))

    def test_modes_that_append_or_create_are_refused(self):
        for mode, reason in (("a", "Appending"), ("ab", "Appending"), ("x", "overwrite"),
                             ("xb", "overwrite"), ("r", "written to"), ("", "written to")):
            with self.assertRaisesRegex(ValueError, reason):
                atomic_write(self.path("ha"), mode=mode)
        self.assertEqual(self.names(), [])

    def test_file_and_directory_are_synced(self):
        synced, renamed = [], []
        fsync, rename = os.fsync, os.rename
        os.fsync = lambda fd: (synced.append((stat.S_ISDIR(os.fstat(fd).st_mode), len(renamed))),
                               fsync(fd))
        os.rename = lambda *names: (renamed.append(names), rename(*names))
        try:
            with atomic_write(self.path("ha"), overwrite=True) as f:
                f.write("hoho")
        finally:
            os.fsync, os.rename = fsync, rename
        self.assertEqual(synced, [(False, 0), (True, 1)], "the file before, the folder after")

    def test_a_new_file_may_be_read_by_its_owner_alone(self):
        self.write("ha", b"old", 0o644)
        with atomic_write(self.path("ha"), overwrite=True) as f:
            f.write("new")
        self.assertEqual(stat.S_IMODE(os.stat(self.path("ha")).st_mode), 0o600)

    def test_a_link_is_replaced_itself(self):
        self.write("target", b"old")
        os.symlink("target", self.path("link"))
        with atomic_write(self.path("link"), overwrite=True) as f:
            f.write("new")
        self.assertEqual((self.read("target"), self.read("link")), (b"old", b"new"))
        self.assertFalse(os.path.islink(self.path("link")))


class Arguments(FolderTest):
    def test_paths_of_all_kinds(self):
        for path in (self.path("s"), os.fsencode(self.path("b")), pathlib.Path(self.path("p"))):
            with atomic_write(path) as f:
                f.write("content")
        self.assertEqual(self.names(), ["b", "p", "s"])

    def test_bytes_text_and_the_arguments_of_open(self):
        with atomic_write(self.path("a"), mode="wb") as f:
            f.write(b"\xff")
        with atomic_write(self.path("b"), encoding="utf-16", newline="\r\n") as f:
            f.write("\u00e9\n")
        with atomic_write(self.path("c"), mode="w+") as f:
            f.write("abc")
            f.seek(0)
            self.assertEqual(f.read(), "abc")
        self.assertEqual((self.read("a"), self.read("b"), self.read("c")),
                         (b"\xff", "\u00e9\r\n".encode("utf-16"), b"abc"))

    def test_prefix_suffix_and_dir(self):
        os.mkdir(self.path("other"))
        with atomic_write(self.path("ha"), prefix="before-", suffix=".after",
                          dir=self.path("other")) as f:
            folder, name = os.path.split(f.name)
            self.assertEqual(folder, self.path("other"))
            self.assertRegex(name, r"\Abefore-.+\.after\Z")
        self.assertEqual(self.names(), ["ha", "other"])

    def test_a_bad_encoding_leaves_nothing(self):
        with self.assertRaises(LookupError):
            with atomic_write(self.path("ha"), encoding="no-such"):
                self.fail("it was opened")
        self.assertEqual(self.names(), [])

    def test_a_missing_folder_is_an_oserror(self):
        with self.assertRaises(FileNotFoundError):
            with atomic_write(self.path("no/ha")):
                self.fail("it was opened")


class Subclasses(FolderTest):
    """"If you need further control over the exact behavior, you are encouraged to subclass.\""""

    def test_every_hook_is_called_in_its_order(self):
        calls = []

        class Writer(AtomicWriter):
            def get_fileobject(self, **kwargs):
                calls.append("get_fileobject")
                file = super().get_fileobject(**kwargs)
                os.fchmod(file.fileno(), 0o640)
                return file

            def sync(self, f):
                calls.append("sync")
                super().sync(f)

            def commit(self, f):
                calls.append(("commit", f.closed))
                super().commit(f)

            def rollback(self, f):
                calls.append("rollback")
                super().rollback(f)

        with atomic_write(self.path("ha"), writer_cls=Writer, overwrite=True) as f:
            f.write("hoho")
        self.assertEqual(calls, ["get_fileobject", "sync", ("commit", True)])
        self.assertEqual(stat.S_IMODE(os.stat(self.path("ha")).st_mode), 0o640)
        del calls[:]
        with self.assertRaises(LookupError):
            with atomic_write(self.path("ha"), writer_cls=Writer, overwrite=True):
                raise LookupError
        self.assertEqual((calls, self.names()), (["get_fileobject", "rollback"], ["ha"]))

    def test_a_subclass_may_bring_its_own_file(self):
        published = []

        class Writer(AtomicWriter):
            def get_fileobject(self, **kwargs):
                return io.StringIO()

            def sync(self, f):
                f.flush()
                published.append(f.getvalue())

            def commit(self, f):
                pass

        with Writer(self.path("ha")).open() as f:
            f.write("text")
        self.assertEqual((published, self.names()), (["text"], []))

    def test_a_failed_sync_or_commit_rolls_back(self):
        for hook in ("sync", "commit"):
            def fail(self, f):
                raise OSError(errno.EIO, "lost")
            writer = type("Writer", (AtomicWriter,), {hook: fail})
            self.write("ha", b"old")
            with self.assertRaises(OSError):
                with atomic_write(self.path("ha"), writer_cls=writer, overwrite=True) as f:
                    f.write("new")
            self.assertEqual((self.read("ha"), self.names()), (b"old", ["ha"]))


class Moves(FolderTest):
    def test_replacing_and_moving(self):
        self.write("a", b"a")
        self.write("b", b"b")
        with self.assertRaises(FileExistsError):
            move_atomic(self.path("a"), self.path("b"))
        self.assertEqual((self.read("a"), self.read("b")), (b"a", b"b"))
        move_atomic(self.path("a"), self.path("c"))
        replace_atomic(self.path("c"), self.path("b"))
        self.assertEqual((self.read("b"), self.names()), (b"a", ["b"]))

    def test_the_names_are_those_of_the_package(self):
        self.assertEqual(sorted(atomicwrites.__all__),
                         ["AtomicWriter", "atomic_write", "move_atomic", "replace_atomic"])
        self.assertRegex(atomicwrites.__version__, r"\A1\.4\.")


class Beyond(FolderTest):
    """What the package did not do."""

    def test_the_temporary_has_a_name_and_a_lock_that_the_doctor_knows(self):
        with atomic_write(self.path("ha")) as f:
            self.assertRegex(os.path.basename(f.name), TEMPORARY)
            self.assertEqual(untorn.sweep(self.folder)[:0], [])
            self.assertTrue(os.path.exists(f.name), "its writer lives")
            with open(f.name, "rb") as other, self.assertRaises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        self.assertEqual(self.names(), ["ha"])

    def test_the_lock_is_held_until_the_file_has_its_place(self):
        states = []

        class Writer(AtomicWriter):
            def commit(self, f):
                with open(f.name, "rb") as other:
                    try:
                        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
                        states.append("free")
                    except BlockingIOError:
                        states.append("held")
                super().commit(f)

        with atomic_write(self.path("ha"), writer_cls=Writer) as f:
            f.write("hoho")
        self.assertEqual(states, ["held"])


if __name__ == "__main__":
    unittest.main()
