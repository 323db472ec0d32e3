# SPDX-License-Identifier: Apache-2.0
"""The module that `untorn fix` writes into a project: its size, its manners, its odd moments."""

import ast
import errno
import gc
import os
import stat
import subprocess
import sys
import threading
import unittest
import warnings
from unittest import mock

from harness import NOBODY, TEMPORARY, VENDORED, FolderTest, load_vendored, need, without_privileges

atomic_file = load_vendored()


class Form(unittest.TestCase):
    def test_it_is_short_and_depends_on_the_standard_library_of_3_8(self):
        with open(VENDORED, encoding="utf-8") as file:
            text = file.read()
        self.assertLess(text.count("\n"), 200)
        tree = ast.parse(text, feature_version=(3, 8))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                    for alias in node.names}
        self.assertFalse([node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)])
        known = {"contextlib", "errno", "fcntl", "os", "shutil", "stat", "warnings"}
        self.assertLessEqual(imported, known)
        functions = [node for node in tree.body
                     if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
        self.assertEqual([function.name for function in functions],
                         ["atomic_write_text", "atomic_write_bytes", "atomic_write", "atomic_open"])
        self.assertTrue(all(ast.get_docstring(function) for function in functions))


class Results(FolderTest):
    def test_the_counts_are_those_of_pathlib(self):
        self.assertEqual(atomic_file.atomic_write_text(self.path("file"), "\u00e9a"), 2)
        self.assertEqual(atomic_file.atomic_write_bytes(self.path("file"), b"abc"), 3)

    def test_atomic_write_takes_text_and_bytes(self):
        atomic_file.atomic_write(self.path("file"), "text")
        self.assertEqual(self.read("file"), b"text")
        atomic_file.atomic_write(self.path("file"), b"bytes")
        self.assertEqual(self.read("file"), b"bytes")

    def test_bad_arguments_are_refused_before_anything_is_touched(self):
        self.write("file", b"old")
        for call in (lambda: atomic_file.atomic_open(self.path("file"), durability="none"),
                     lambda: atomic_file.atomic_open(self.path("file"), "a"),
                     lambda: atomic_file.atomic_open(self.path("file"), "r+")):
            self.assertRaises(ValueError, call)
        self.assertRaises(TypeError, lambda: atomic_file.atomic_open(3, "w"))
        self.assertEqual((self.read("file"), self.names()), (b"old", ["file"]))

    def test_what_is_written_can_be_read_back_before_it_is_committed(self):
        self.write("file", b"old")
        with atomic_file.atomic_open(self.path("file"), "w+") as file:
            file.write("new")
            file.seek(0)
            self.assertEqual((file.read(), self.read("file")), ("new", b"old"))

    def test_it_works_as_a_file_without_a_block(self):
        self.write("file", b"old")
        file = atomic_file.atomic_open(self.path("file"))
        file.write("new")
        print("!", file=file)
        self.assertEqual((self.read("file"), file.closed), (b"old", False))
        file.close()
        file.close()
        self.assertEqual((self.read("file"), self.names()), (b"new!\n", ["file"]))

    def test_garbage_is_discarded_with_a_warning(self):
        self.write("file", b"old")
        file = atomic_file.atomic_open(self.path("file"))
        file.write("part")
        with self.assertWarnsRegex(ResourceWarning, "never closed"):
            del file
            gc.collect()
        self.assertEqual((self.read("file"), self.names()), (b"old", ["file"]))


class Calls(FolderTest):
    """The levels, by the calls that the module makes."""

    def calls(self, durability):
        seen = []

        def record(name, function):
            return lambda *a, **k: (seen.append(name), function(*a, **k))[1]
        with mock.patch.object(os, "fsync", record("fsync", os.fsync)), \
                mock.patch.object(os, "replace", record("replace", os.replace)):
            atomic_file.atomic_write_text(self.path("file"), "x", durability=durability)
        return seen

    def test_the_levels_cost_no_sync_one_and_two(self):
        self.assertEqual(self.calls("process"), ["replace"])
        self.assertEqual(self.calls("ordered"), ["fsync", "replace"])
        self.assertEqual(self.calls("durable"), ["fsync", "replace", "fsync"])

    def failing(self, name, number):
        return mock.patch.object(os, name, side_effect=OSError(number, os.strerror(number)))

    def test_a_failed_call_leaves_the_old_content_and_no_temporary(self):
        self.write("file", b"old")
        for name, number in (("fsync", errno.EIO), ("fsync", errno.ENOSPC), ("replace", errno.EIO),
                             ("fchmod", errno.EIO), ("dup", errno.EMFILE)):
            with self.subTest(name), self.failing(name, number):
                with self.assertRaises(OSError) as caught:
                    atomic_file.atomic_write_text(self.path("file"), "new")
            self.assertEqual(caught.exception.errno, number)
            self.assertEqual((self.read("file"), self.names()), (b"old", ["file"]))

    def test_errors_name_the_file_and_not_the_temporary(self):
        self.write("file", b"old")
        for name in ("fsync", "replace"):
            with self.failing(name, errno.EIO), self.assertRaises(OSError) as caught:
                atomic_file.atomic_write_text(self.path("file"), "new")
            self.assertEqual(caught.exception.filename, self.path("file"))

    def test_a_folder_that_knows_no_sync_is_no_failure(self):
        fsync = os.fsync

        def fsync_of_files(descriptor):
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "not here")
            fsync(descriptor)
        with mock.patch.object(os, "fsync", fsync_of_files):
            atomic_file.atomic_write_text(self.path("file"), "new")
        self.assertEqual(self.read("file"), b"new")

    def test_a_failed_sync_of_the_folder_is_reported_though_the_content_is_there(self):
        fsync = os.fsync

        def fsync_of_files(descriptor):
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise OSError(errno.EIO, "lost")
            fsync(descriptor)
        with mock.patch.object(os, "fsync", fsync_of_files), self.assertRaises(OSError):
            atomic_file.atomic_write_text(self.path("file"), "new")
        self.assertEqual((self.read("file"), self.names()), (b"new", ["file"]))

    def test_where_no_rename_is_possible_the_file_is_written_in_place(self):
        for number in (errno.EBUSY, errno.EPERM, errno.EACCES):
            self.write("file", b"old")
            inode = os.stat(self.path("file")).st_ino
            with self.failing("replace", number):
                atomic_file.atomic_write_text(self.path("file"), "new")
            self.assertEqual((self.read("file"), self.names()), (b"new", ["file"]))
            self.assertEqual(os.stat(self.path("file")).st_ino, inode)

    def test_a_mount_point_is_written_in_place(self):
        self.write("file", b"old")
        self.write("other", b"mounted")
        self.write("app.py", b"import atomic_file\natomic_file.atomic_write_text('file', 'new')\n")
        script = f"mount --bind other file && exec '{sys.executable}' -B app.py"
        private = ["unshare", "--user", "--map-root-user", "--mount"]
        works = subprocess.run([*private, "true"], stderr=subprocess.DEVNULL, check=False)
        need(self, works.returncode == 0, "namespaces", "no private mounts here")
        subprocess.run([*private, "sh", "-c", script], cwd=self.folder, check=True,
                       env={**os.environ, "PYTHONPATH": os.path.dirname(VENDORED)})
        self.assertEqual((self.read("file"), self.read("other")), (b"old", b"new"))
        self.assertEqual(self.names(), ["app.py", "file", "other"])


class Metadata(FolderTest):
    def test_the_temporary_is_private_until_it_has_the_old_mode(self):
        self.write("file", b"secret", 0o600)
        with atomic_file.atomic_open(self.path("file")) as file:
            file.write("new")
            name = next(name for name in self.names() if name != "file")
            self.assertRegex(name, TEMPORARY)
            self.assertEqual(stat.S_IMODE(os.stat(self.path(name)).st_mode), 0o600)

    def test_the_temporary_is_locked_while_its_writer_lives(self):
        import fcntl
        with atomic_file.atomic_open(self.path("file")):
            with open(self.path(self.names()[0]), "rb") as other:
                with self.assertRaises(BlockingIOError):
                    fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def test_extended_attributes_are_kept(self):
        self.write("file", b"old")
        try:
            os.setxattr(self.path("file"), "user.note", b"kept")
        except OSError as error:
            self.skipTest(f"no extended attributes here: {error}")
        atomic_file.atomic_write_text(self.path("file"), "new")
        self.assertEqual(os.getxattr(self.path("file"), "user.note"), b"kept")

    def test_an_owner_that_cannot_be_kept_takes_its_rights_along(self):
        need(self, os.geteuid() == 0, "root", "only root can make another's file")
        self.write("file", b"old", 0o6766)
        with without_privileges():
            atomic_file.atomic_write_text(self.path("file"), "new")
        status = os.stat(self.path("file"))
        self.assertEqual((status.st_uid, oct(stat.S_IMODE(status.st_mode))), (NOBODY, oct(0o766)))

    def test_other_hard_links_keep_the_old_content(self):
        self.write("file", b"old")
        os.link(self.path("file"), self.path("other"))
        atomic_file.atomic_write_text(self.path("file"), "new")
        self.assertEqual((self.read("file"), self.read("other")), (b"new", b"old"))


class Moments(FolderTest):
    def test_exceptions_of_every_kind_discard(self):
        self.write("file", b"old")
        for kind in (LookupError, KeyboardInterrupt, SystemExit, GeneratorExit):
            with self.assertRaises(kind):
                with atomic_file.atomic_open(self.path("file")) as file:
                    file.write("part" * 10000)
                    raise kind
            self.assertEqual((self.read("file"), self.names()), (b"old", ["file"]))

    def test_two_creators_never_both_succeed(self):
        first, second = (atomic_file.atomic_open(self.path("file"), "x") for _ in range(2))
        first.write("first")
        first.close()
        second.write("second")
        with self.assertRaises(FileExistsError) as caught:
            second.close()
        self.assertEqual(caught.exception.filename, self.path("file"))
        self.assertEqual((self.read("file"), self.names()), (b"first", ["file"]))

    def test_a_forked_child_neither_commits_nor_discards(self):
        self.write("file", b"old")
        file = atomic_file.atomic_open(self.path("file"))
        file.write("new")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            try:
                file.close()
            except RuntimeError:
                os._exit(0)
            finally:
                os._exit(1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(self.read("file"), b"old")
        file.close()
        self.assertEqual(self.names(), ["file"])

    def test_stdout_may_be_a_file(self):
        program = ("import sys; sys.path.insert(0, %r); import atomic_file\n"
                   "print('before', flush=True)\n"
                   "with atomic_file.atomic_open('/dev/stdout', 'w') as file: file.write('new')\n"
                   % os.path.dirname(VENDORED))
        expected = program.replace("atomic_file.atomic_open", "open")
        for name, text in (("builtin", expected), ("ours", program)):
            with open(self.path(name), "ab") as output:
                subprocess.run([sys.executable, "-B", "-c", text], stdout=output, check=True)
        self.assertEqual(self.read("ours"), self.read("builtin"))
        answer = subprocess.run([sys.executable, "-B", "-c", program], stdout=subprocess.PIPE,
                                check=True)
        self.assertEqual(answer.stdout, b"before\nnew")

    def test_threads_on_one_path_leave_a_whole_content(self):
        contents = [bytes([65 + number]) * 100000 for number in range(4)]
        self.write("file", contents[0])

        def work(content):
            for _ in range(10):
                atomic_file.atomic_write_bytes(self.path("file"), content, durability="process")
        threads = [threading.Thread(target=work, args=(content,)) for content in contents]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self.assertIn(self.read("file"), contents)
        for thread in threads:
            thread.join()
        self.assertEqual(self.names(), ["file"])


if __name__ == "__main__":
    unittest.main()
