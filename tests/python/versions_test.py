# SPDX-License-Identifier: Apache-2.0
"""Versions of a file, batches, backups, parents, and what is overwritten where it lies."""

import concurrent.futures
import errno
import gc
import os
import threading
import unittest
import warnings

import untorn
from harness import FolderTest


class IfMatch(FolderTest):
    def test_what_was_read_is_replaced(self):
        self.write("file", b"old")
        for match in ("cooperative", "detect"):
            read = untorn.read_version(self.path("file"))
            self.assertEqual(read.content, self.read("file"))
            self.assertEqual(read.etag, untorn.etag(self.path("file")))
            receipt = untorn.write_bytes(self.path("file"), read.content + b"!",
                                         if_match=read.etag, match=match)
            self.assertEqual(receipt.etag, untorn.etag(self.path("file")))
        self.assertEqual(self.read("file"), b"old!!")
        self.assertEqual(self.names(), ["file"])

    def test_another_version_is_a_conflict_and_stays(self):
        self.write("file", b"old")
        seen = untorn.etag(self.path("file"))
        self.write("file", b"new")
        path = self.path("file")
        for write in (lambda: untorn.write_text(path, "mine", if_match=seen),
                      lambda: untorn.write_bytes(path, b"mine", if_match=seen, match="detect"),
                      lambda: untorn.write_json(path, {}, if_match=seen),
                      lambda: untorn.atomic_write(path, "mine", if_match=seen),
                      lambda: untorn.open(path, "w", if_match=seen).close(),
                      lambda: untorn.open(path, "wb+", if_match=seen).close()):
            with self.assertRaises(untorn.ConflictError) as caught:
                write()
            error = caught.exception
            self.assertIsInstance(error, OSError)
            self.assertIsInstance(error, untorn.Error)
            self.assertEqual((error.code, error.outcome), ("conflict", "not_applied"))
            self.assertEqual(error.errno, errno.ESTALE)
            self.assertEqual(self.read("file"), b"new")
        self.assertEqual(self.names(), ["file"])

    def test_a_file_changed_while_it_is_written_in_pieces_is_a_conflict(self):
        self.write("file", b"old")
        with self.assertRaises(untorn.ConflictError):
            with untorn.open(self.path("file"), "w", if_match=untorn.etag(self.path("file"))) as f:
                f.write("mine")
                untorn.write_text(self.path("file"), "theirs")
        self.assertEqual(self.read("file"), b"theirs")
        self.assertEqual(self.names(), ["file"])

    def test_no_update_of_many_threads_is_lost(self):
        path = self.path("file")
        self.write("file", b"0")

        def add_one(_):
            while True:
                read = untorn.read_version(path)
                try:
                    untorn.write_text(path, str(int(read.content) + 1), durability="process",
                                      if_match=read.etag)
                    return
                except untorn.ConflictError:
                    continue

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(add_one, range(80)))
        self.assertEqual(self.read("file"), b"80")

    def test_wrong_arguments_are_refused_before_anything_is_touched(self):
        self.write("file", b"old")
        path, seen = self.path("file"), untorn.etag(self.path("file"))
        for kind, options in ((TypeError, {"if_match": seen.encode()}),
                              (TypeError, {"backups": "1"}),
                              (ValueError, {"if_match": ""}), (ValueError, {"if_match": "a\0b"}),
                              (ValueError, {"if_match": seen, "match": "always"}),
                              (ValueError, {"match": "detect"}), (ValueError, {"backups": -1}),
                              (ValueError, {"backups": 1001}), (ValueError, {"protocol": "fast"}),
                              (TypeError, {"sidecar": 3}),
                              (ValueError, {"if_match": seen, "allow_in_place": True}),
                              (ValueError, {"backups": 1, "allow_in_place": True})):
            with self.subTest(options):
                with self.assertRaises(kind):
                    untorn.write_text(path, "new", **options)
                with self.assertRaises(kind):
                    untorn.open(path, "w", **options)
        with self.assertRaises(ValueError):
            untorn.open(path, "x", if_match=seen)
        with self.assertRaises(ValueError):
            untorn.open(path, "r", backups=1)
        self.assertEqual(self.read("file"), b"old")
        self.assertEqual(self.names(), ["file"])

    def test_what_is_no_file_has_no_version(self):
        for function in (untorn.etag, untorn.read_version):
            with self.assertRaises(FileNotFoundError):
                function(self.path("none"))
            with self.assertRaises(untorn.Error):
                function(self.folder)
            with self.assertRaises(TypeError):
                function(3)

    def test_any_name_and_any_content_can_be_read(self):
        content = bytes(range(256)) * 1000
        for name in (b"plain", b"\xff\xfe", "schön".encode()):
            path = os.path.join(os.fsencode(self.folder), name)
            untorn.write_bytes(path, content)
            self.assertEqual(untorn.read_version(path).content, content)

    def test_other_threads_run_while_a_version_is_read(self):
        self.write("file", os.urandom(32 << 20))
        turns = []
        done = threading.Event()

        def count():
            while not done.is_set():
                turns.append(1)

        thread = threading.Thread(target=count)
        thread.start()
        before = len(turns)
        untorn.etag(self.path("file"))
        after = len(turns)
        done.set()
        thread.join()
        self.assertGreater(after, before)


class Options(FolderTest):
    def test_backups_keep_the_last_versions(self):
        for number in range(4):
            untorn.write_text(self.path("file"), str(number), backups=2)
        self.assertEqual({name: self.read(name) for name in self.names()},
                         {"file": b"3", "file.~1~": b"2", "file.~2~": b"1"})
        with untorn.open(self.path("file"), "w", backups=2) as file:
            file.write("4")
        self.assertEqual(self.read("file.~1~"), b"3")

    def test_parents_are_made_only_when_it_is_asked_for(self):
        with self.assertRaises(FileNotFoundError):
            untorn.write_text(self.path("a/b/file"), "x")
        self.assertEqual(self.names(), [])
        untorn.write_text(self.path("a/b/file"), "x", create_parents=True)
        self.assertEqual(self.read("a/b/file"), b"x")

    def test_all_names_of_a_file_are_split(self):
        self.write("file", b"old")
        os.link(self.path("file"), self.path("other"))
        receipt = untorn.write_text(self.path("file"), "new")
        self.assertTrue(receipt.hard_links_split)

    def test_a_recovery_without_anything_to_do_is_false(self):
        os.mkdir(self.path("beside"))
        self.write("file", b"old")
        untorn.write_text(self.path("file"), "new", sidecar=self.path("beside"))
        recovery = untorn.recover_in_place(self.path("beside"))
        self.assertFalse(recovery)
        self.assertEqual((recovery.finished, recovery.discarded, recovery.kept, recovery.damaged),
                         ((), (), (), ()))
        with self.assertRaises(FileNotFoundError):
            untorn.recover_in_place(self.path("none"))


class Batches(FolderTest):
    def test_all_files_are_there_at_the_end_of_the_block_and_none_before(self):
        self.write("b", b"old")
        with untorn.batch() as batch:
            batch[self.path("a")] = "text"
            batch.put(self.path("b"), bytearray(b"bytes"))
            self.assertEqual(self.read("b"), b"old")
            self.assertIsNone(batch.receipt)
        self.assertEqual((self.read("a"), self.read("b")), (b"text", b"bytes"))
        receipt = batch.receipt
        self.assertEqual((receipt.failed, receipt.bytes), (0, 9))
        self.assertEqual([os.path.basename(file.path) for file in receipt.files], ["a", "b"])
        self.assertEqual([file.receipt.existed for file in receipt.files], [False, True])
        self.assertEqual({file.error for file in receipt.files}, {None})
        self.assertEqual(self.names(), ["a", "b"])

    def test_a_batch_costs_no_more_commits_than_its_files_alone(self):
        with untorn.batch() as batch:
            for number in range(50):
                batch[self.path(str(number))] = "x"
        alone = untorn.write_text(self.path("alone"), "x", protocol="classic")
        self.assertLessEqual(batch.receipt.commits, 50 * max(alone.commits, 1))
        self.assertEqual(len(self.names()), 51)

    def test_an_exception_changes_nothing(self):
        self.write("a", b"old")
        with self.assertRaises(KeyError):
            with untorn.batch() as batch:
                batch[self.path("a")] = "new"
                raise KeyError
        self.assertEqual(self.read("a"), b"old")
        self.assertEqual(self.names(), ["a"])

    def test_a_file_that_is_refused_raises_at_once_and_the_batch_can_go_on(self):
        with untorn.batch() as batch:
            with self.assertRaises(FileNotFoundError):
                batch[self.path("none/a")] = "x"
            batch[self.path("a")] = "one"
            with self.assertRaises(FileExistsError):
                batch[self.path("a")] = "two"
            with self.assertRaises(TypeError):
                batch[self.path("b")] = 3
        self.assertEqual(self.read("a"), b"one")
        self.assertEqual(self.names(), ["a"])

    def test_a_file_that_fails_at_the_end_raises_and_the_others_are_there(self):
        batch = untorn.batch()
        batch[self.path("a")] = "mine"
        batch[self.path("b")] = "mine"
        os.mkdir(self.path("a"))
        with self.assertRaises(untorn.Error) as caught:
            batch.commit()
        self.assertEqual(caught.exception.outcome, "not_applied")
        self.assertEqual(self.read("b"), b"mine")
        self.assertEqual(batch.receipt.failed, 1)
        self.assertIs(batch.receipt.files[0].error, caught.exception)
        self.assertIsNone(batch.receipt.files[0].receipt)
        self.assertTrue(os.path.isdir(self.path("a")))

    def test_options_take_effect(self):
        with untorn.batch(durability="process", create_parents=True, backups=1) as batch:
            batch[self.path("x/y/a")] = "one"
        self.assertEqual((batch.receipt.requested, batch.receipt.syncs), ("process", 0))
        with untorn.batch(backups=1) as batch:
            batch[self.path("x/y/a")] = "two"
        self.assertEqual(self.read("x/y/a.~1~"), b"one")
        for wrong in ({"durability": "most"}, {"protocol": "fast"}, {"backups": -1}):
            with self.assertRaises(ValueError):
                untorn.batch(**wrong)

    def test_is_finished_after_the_end(self):
        batch = untorn.batch()
        self.assertEqual(batch.commit().files, ())
        for call in (batch.commit, lambda: batch.put("a", "x"), batch.__enter__):
            with self.assertRaises(ValueError):
                call()
        batch.discard()
        other = untorn.batch()
        other.discard()
        other.discard()
        with self.assertRaises(ValueError):
            other.commit()

    def test_one_that_is_forgotten_is_discarded_with_a_warning(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            batch = untorn.batch()
            batch[self.path("a")] = "x"
            del batch
            gc.collect()
        self.assertIn(ResourceWarning, [warning.category for warning in caught])
        self.assertEqual(self.names(), [])

    def test_a_forked_child_neither_commits_nor_discards(self):
        batch = untorn.batch()
        batch[self.path("a")] = "parent"
        child = os.fork()
        if child == 0:
            try:
                batch.commit()
            except RuntimeError:
                os._exit(7)
            finally:
                os._exit(1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 7)
        batch.commit()
        self.assertEqual(self.read("a"), b"parent")


if __name__ == "__main__":
    unittest.main()
