# SPDX-License-Identifier: Apache-2.0
"""What the package promises beyond the builtins: receipts, errors, levels, when content appears."""

import dataclasses
import gc
import io
import json
import operator
import os
import pickle
import signal
import stat
import sys
import threading
import unittest
import warnings
import zipfile
from functools import partial

import untorn
from harness import FolderTest, NOBODY, need, without_privileges
from untorn import _untorn

MEGABYTE = 1 << 20


class Receipts(FolderTest):
    def test_a_receipt_says_what_was_done(self):
        receipt = untorn.write_text(self.path("file"), "content", protocol="classic")
        self.assertEqual((receipt.outcome, receipt.requested, receipt.protocol),
                         ("applied", "durable", "classic"))
        self.assertEqual((receipt.bytes, receipt.existed, receipt.unchanged), (7, False, False))
        self.assertEqual((receipt.hard_links_split, receipt.metadata_lost), (False, ()))
        self.assertEqual(receipt.retries, 0)
        self.assertEqual(receipt.commits, 0 if receipt.why_lower else 2)
        self.assertEqual(receipt.etag, untorn.etag(self.path("file")))
        self.assertTrue(untorn.write_text(self.path("file"), "content").existed)

    def test_the_levels_cost_no_sync_one_and_two(self):
        for level, syncs in (("process", 0), ("ordered", 1), ("durable", 2)):
            receipt = untorn.write_bytes(self.path("file"), b"content", durability=level,
                                         protocol="classic")
            self.assertEqual((receipt.requested, receipt.syncs), (level, syncs))
            if not receipt.why_lower:
                self.assertEqual(receipt.achieved, level)

    def test_a_receipt_cannot_be_changed(self):
        receipt = untorn.write_bytes(self.path("file"), b"")
        with self.assertRaises(dataclasses.FrozenInstanceError):
            receipt.outcome = "unknown"

    def test_every_function_that_writes_returns_one(self):
        file = untorn.open(self.path("file"), "wb")
        self.assertIsNone(file.receipt)
        file.close()
        for receipt in (untorn.write_text(self.path("file"), "x"), file.receipt,
                        untorn.write_bytes(self.path("file"), b"x"),
                        untorn.write_json(self.path("file"), {}),
                        untorn.atomic_write(self.path("file"), "x")):
            self.assertIsInstance(receipt, untorn.Receipt)

    def test_etags_tell_versions_apart(self):
        first = untorn.write_bytes(self.path("file"), b"a")
        second = untorn.write_bytes(self.path("file"), b"a")
        self.assertNotEqual(first.etag, second.etag)

    def test_split_hard_links_are_reported(self):
        self.write("file", b"old")
        os.link(self.path("file"), self.path("other"))
        self.assertTrue(untorn.write_bytes(self.path("file"), b"new").hard_links_split)
        self.assertEqual((self.read("file"), self.read("other")), (b"new", b"old"))

    def test_extended_attributes_are_kept(self):
        self.write("file", b"old")
        try:
            os.setxattr(self.path("file"), "user.note", b"kept")
        except OSError as error:
            self.skipTest(f"no extended attributes here: {error}")
        receipt = untorn.write_bytes(self.path("file"), b"new")
        self.assertEqual(os.getxattr(self.path("file"), "user.note"), b"kept")
        self.assertEqual(receipt.metadata_lost, ())

    def test_a_lost_owner_is_reported(self):
        need(self, os.geteuid() == 0, "root", "only root can make another's file")
        self.write("file", b"old", 0o666)
        with without_privileges():
            receipt = untorn.write_bytes(self.path("file"), b"new")
        self.assertEqual(receipt.metadata_lost, ("owner", "group"))
        self.assertEqual(os.stat(self.path("file")).st_uid, NOBODY)


class Functions(FolderTest):
    def test_text_is_utf_8_by_default(self):
        untorn.write_text(self.path("file"), "\u00e9\n")
        self.assertEqual(self.read("file"), "\u00e9\n".encode())
        self.assertEqual(untorn.read_text(self.path("file")), "\u00e9\n")

    def test_reading_translates_line_ends_as_open_does(self):
        self.write("file", b"a\r\nb\rc")
        self.assertEqual(untorn.read_text(self.path("file")), "a\nb\nc")
        self.assertEqual(untorn.read_text(self.path("file"), newline=""), "a\r\nb\rc")
        self.assertEqual(untorn.read_bytes(self.path("file")), b"a\r\nb\rc")

    def test_reading_passes_encoding_and_errors_on(self):
        self.write("file", b"\xe9")
        self.assertEqual(untorn.read_text(self.path("file"), "latin-1"), "\u00e9")
        self.assertEqual(untorn.read_text(self.path("file"), errors="replace"), "\ufffd")
        with self.assertRaises(UnicodeDecodeError):
            untorn.read_text(self.path("file"))

    def test_json_is_what_dumps_makes(self):
        value = {"b": [1, 2.5, None, float("inf")], "a": "\u00e9\udc00"}
        for keywords in ({}, {"indent": 2}, {"sort_keys": True, "separators": (",", ":")}):
            untorn.write_json(self.path("file"), value, **keywords)
            self.assertEqual(self.read("file").decode(), json.dumps(value, **keywords))

    def test_json_that_cannot_be_made_leaves_the_file(self):
        self.write("file", b"old")
        with self.assertRaises(TypeError):
            untorn.write_json(self.path("file"), {"a": object()})
        self.assertEqual((self.read("file"), self.names()), (b"old", ["file"]))

    def test_atomic_write_takes_text_and_bytes(self):
        untorn.atomic_write(self.path("file"), "\u00e9")
        self.assertEqual(self.read("file"), b"\xc3\xa9")
        untorn.atomic_write(self.path("file"), b"\xff")
        self.assertEqual(self.read("file"), b"\xff")

    def test_levels_have_three_names(self):
        self.write("file", b"old")
        for level in ("", "none", "DURABLE", None, 3):
            for call in (partial(untorn.write_text, self.path("file"), "x"),
                         partial(untorn.open, self.path("file"), "w")):
                with self.assertRaisesRegex(ValueError, "process, ordered or durable"):
                    call(durability=level)
        self.assertEqual((self.read("file"), self.names()), (b"old", ["file"]))

    def test_descriptors_are_refused(self):
        for call in (partial(untorn.write_text, 1, "x"), partial(untorn.write_bytes, 1, b"x"),
                     partial(untorn.open, 1, "w"), partial(untorn.open, True, "wb"),
                     partial(untorn.read_bytes, 0)):
            with self.assertRaisesRegex(TypeError, "descriptor"):
                call()

    def test_the_version_is_that_of_the_project(self):
        self.assertEqual(untorn.__version__, _untorn.version)
        self.assertRegex(untorn.__version__, r"\A\d+\.\d+\.\d+\Z")


class Errors(FolderTest):
    def error_of(self, call, usual):
        with self.assertRaises(usual) as caught:
            call()
        self.assertIsInstance(caught.exception, untorn.Error)
        self.assertIsInstance(caught.exception, OSError)
        self.assertEqual(self.leftovers(), [])
        return caught.exception

    def leftovers(self):
        return [name for name in self.names() if name.startswith(".untorn-tmp")]

    def test_a_missing_folder(self):
        error = self.error_of(lambda: untorn.write_text(self.path("no/file"), "x"),
                              FileNotFoundError)
        self.assertEqual((error.code, error.step, error.outcome, error.advice),
                         ("not_found", "open_directory", "not_applied", "fix_then_retry"))
        self.assertEqual((error.errno, error.filename), (2, self.path("no/file")))
        self.assertEqual(error.strerror, os.strerror(2))

    def test_a_file_that_is_there(self):
        self.write("file", b"old")
        error = self.error_of(lambda: untorn.open(self.path("file"), "x"), FileExistsError)
        self.assertEqual((error.code, error.errno), ("already_exists", 17))

    def test_a_folder(self):
        error = self.error_of(lambda: untorn.write_bytes(self.folder, b""), IsADirectoryError)
        self.assertEqual((error.code, error.step), ("not_regular_file", "inspect"))

    def test_a_file_above(self):
        self.write("file", b"old")
        self.error_of(lambda: untorn.write_bytes(self.path("file/x"), b""), NotADirectoryError)

    def test_a_read_only_file(self):
        self.write("file", b"old", 0o444)
        with without_privileges():
            error = self.error_of(lambda: untorn.write_bytes(self.path("file"), b""),
                                  PermissionError)
        self.assertEqual((error.code, error.outcome, self.read("file")),
                         ("permission_denied", "not_applied", b"old"))

    def test_what_is_no_regular_file_is_refused(self):
        os.mkfifo(self.path("fifo"))
        for path in (self.path("fifo"), "/dev/null", "/dev/full"):
            for call in (lambda p: untorn.write_bytes(p, b"x"), lambda p: untorn.open(p, "w")):
                error = self.error_of(lambda p=path, c=call: c(p), untorn.Error)
                self.assertEqual((error.code, error.outcome), ("not_regular_file", "not_applied"))

    def test_writing_in_place_is_reported(self):
        receipt = untorn.write_bytes("/dev/null", b"four", allow_in_place=True)
        self.assertEqual((receipt.protocol, receipt.achieved, receipt.bytes, receipt.syncs),
                         ("in_place", "none", 4, 0))
        with untorn.open("/dev/null", "w", allow_in_place=True) as file:
            file.write("four")
        self.assertEqual((file.receipt.protocol, file.receipt.bytes), ("in_place", 4))

    def test_a_failure_in_place_does_not_know_what_is_there(self):
        error = self.error_of(lambda: untorn.write_bytes("/dev/full", b"x", allow_in_place=True),
                              untorn.Error)
        self.assertEqual((error.code, error.step, error.outcome), ("no_space", "write", "unknown"))

    def test_reading_fails_the_same_way(self):
        for call in (untorn.read_bytes, untorn.read_text):
            error = self.error_of(lambda c=call: c(self.path("no")), FileNotFoundError)
            self.assertEqual((error.code, error.filename), ("not_found", self.path("no")))
            self.error_of(lambda c=call: c(self.folder), IsADirectoryError)

    def test_the_filename_has_the_type_that_was_given(self):
        for path in (self.path("no/file"), os.fsencode(self.path("no/file"))):
            error = self.error_of(lambda p=path: untorn.write_bytes(p, b""), FileNotFoundError)
            self.assertEqual(error.filename, path)

    def test_the_text_is_one_line_that_says_what_is_there_now(self):
        error = self.error_of(lambda: untorn.write_text(self.path("a\nb/c"), "x"), OSError)
        self.assertNotIn("\n", str(error))
        self.assertIn("nothing was changed", str(error))
        self.assertIn("ENOENT", str(error))

    def test_errors_survive_pickling(self):
        error = self.error_of(lambda: untorn.write_text(self.path("no/x"), "x"), OSError)
        again = pickle.loads(pickle.dumps(error))
        self.assertIs(type(again), type(error))
        self.assertEqual((str(again), again.code, again.errno, again.filename),
                         (str(error), error.code, error.errno, error.filename))

    def test_a_full_disk_in_the_middle_of_a_stream(self):
        import resource
        self.write("file", b"old")
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (MEGABYTE, limits[1]))
        try:
            file = untorn.open(self.path("file"), "wb", buffering=0)
            with self.assertRaises(untorn.Error):
                for _ in range(3):
                    file.write(bytes(MEGABYTE - 1))
            with self.assertRaises(untorn.Error) as caught:
                file.close()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, handler)
        self.assertEqual((caught.exception.code, caught.exception.step), ("no_space", "write"))
        self.assertIsNone(file.receipt)
        self.assertEqual((self.read("file"), self.names()), (b"old", ["file"]))


class Files(FolderTest):
    def setUp(self):
        super().setUp()
        self.write("file", b"old")

    def assert_untouched(self):
        self.assertEqual((self.read("file"), self.names()), (b"old", ["file"]))

    def test_content_appears_at_close_and_not_before(self):
        file = untorn.open(self.path("file"), "w")
        file.write("new" * 100000)
        file.flush()
        self.assertEqual(self.read("file"), b"old")
        file.close()
        self.assertEqual(self.read("file"), b"new" * 100000)
        self.assertEqual(file.receipt.bytes, 300000)

    def test_an_exception_discards(self):
        for mode, part in (("w", "part"), ("wb", b"part"), ("wb", b"x" * MEGABYTE)):
            for kind in (LookupError, KeyboardInterrupt, SystemExit, GeneratorExit):
                with self.assertRaises(kind):
                    with untorn.open(self.path("file"), mode) as file:
                        file.write(part)
                        raise kind
                self.assertIsNone(file.receipt)
                self.assertTrue(file.closed)
                self.assert_untouched()

    def test_discard_gives_up_and_close_keeps_quiet(self):
        for arguments in (("w",), ("wb",), ("wb", 0)):
            file = untorn.open(self.path("file"), *arguments)
            file.write("part" if arguments == ("w",) else b"part")
            file.discard()
            file.discard()
            file.close()
            self.assertIsNone(file.receipt)
            self.assert_untouched()

    def test_garbage_is_discarded_with_a_warning(self):
        for arguments in (("w",), ("wb",), ("wb", 0)):
            file = untorn.open(self.path("file"), *arguments)
            file.write("part" if arguments == ("w",) else b"part")
            with self.assertWarnsRegex(ResourceWarning, "never closed"):
                del file
            self.assert_untouched()

    def test_garbage_in_a_circle_is_discarded_too(self):
        for _ in range(20):
            file = untorn.open(self.path("file"), "w")
            file.write("part" * 10000)
            file.own, file.buffer.above, file.buffer.raw.above = file, file, [file]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)
                del file
                gc.collect()
            self.assert_untouched()

    def test_a_file_that_was_closed_draws_no_warning(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for arguments in (("w",), ("wb",), ("wb", 0)):
                with untorn.open(self.path("file"), *arguments):
                    pass
            gc.collect()

    def test_a_detached_layer_lives_on(self):
        file = untorn.open(self.path("file"), "w", newline="\n")
        file.write("text")
        buffer = file.detach()
        del file
        gc.collect()
        buffer.write(b" and bytes")
        buffer.close()
        self.assertEqual(self.read("file"), b"text and bytes")

    def test_openers_are_refused(self):
        for keywords in ({"opener": os.open}, {"closefd": False}):
            with self.assertRaisesRegex(ValueError, "path alone"):
                untorn.open(self.path("file"), "w", **keywords)
        self.assert_untouched()

    def test_files_go_forwards_only(self):
        with untorn.open(self.path("file"), "w") as text:
            for layer in (text, text.buffer, text.buffer.raw):
                for call in (lambda f=layer: f.seek(0), layer.truncate, layer.fileno):
                    with self.assertRaises(io.UnsupportedOperation):
                        call()
                self.assertFalse(layer.seekable())
                self.assertTrue(layer.writable())
                self.assertFalse(layer.readable())

    def test_archives_can_be_written(self):
        with untorn.open(self.path("file"), "wb") as file, zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a", "content")
        with zipfile.ZipFile(self.path("file")) as archive:
            self.assertEqual((archive.read("a"), archive.testzip()), (b"content", None))

    def test_an_unencodable_text_in_a_block_discards(self):
        with self.assertRaises(UnicodeEncodeError):
            with untorn.open(self.path("file"), "w", encoding="ascii") as file:
                file.write("fine" * 10000)
                file.write("\u20ac")
        self.assert_untouched()

    def test_a_bad_encoding_leaves_no_temporary(self):
        with self.assertRaises(LookupError):
            untorn.open(self.path("file"), "w", encoding="no-such")
        self.assert_untouched()

    def test_two_creators_never_both_succeed(self):
        first = untorn.open(self.path("new"), "x")
        second = untorn.open(self.path("new"), "x")
        first.write("first")
        first.close()
        second.write("second")
        with self.assertRaises(FileExistsError):
            second.close()
        self.assertEqual((self.read("new"), self.names()), (b"first", ["file", "new"]))

    def test_the_mode_can_be_asked_of_the_new_file_at_once(self):
        os.chmod(self.path("file"), 0o640)
        with untorn.open(self.path("file"), "w") as file:
            file.write("new")
        self.assertEqual(stat.S_IMODE(os.stat(self.path("file")).st_mode), 0o640)


class Interruptions(FolderTest):
    def test_ctrl_c_in_a_long_write_discards(self):
        self.write("file", b"old")
        content = bytes(9 * MEGABYTE)
        file = untorn.open(self.path("file"), "wb", buffering=0)
        # One call of native code that first makes the interrupt pending, then writes: between the
        # two no instruction of Python runs that could notice it.
        for write in (partial(_untorn.replace, self.path("file"), content, "process", False, None),
                      partial(file.write, content)):
            calls = [_interrupt, write]
            with self.assertRaises(KeyboardInterrupt):
                list(map(operator.methodcaller("__call__"), calls))
        with self.assertRaises(untorn.Error):
            file.close()
        self.assertEqual((self.read("file"), self.names()), (b"old", ["file"]))

    def test_a_forked_child_neither_commits_nor_discards(self):
        self.write("file", b"old")
        file = untorn.open(self.path("file"), "w")
        file.write("new")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            try:
                file.close()
            except untorn.Error as error:
                os._exit(0 if error.outcome == "not_applied" else 2)
            finally:
                os._exit(1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(self.read("file"), b"old")
        file.close()
        self.assertEqual((self.read("file"), self.names()), (b"new", ["file"]))

    def test_other_threads_run_while_a_file_is_written(self):
        seen = []
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1000)  # nobody is made to hand the interpreter over
        try:
            for _ in range(200):
                inside = [False]
                go = threading.Lock()
                go.acquire()

                def watch(go=go, inside=inside):
                    with go:
                        seen.append(inside[0])
                watcher = threading.Thread(target=watch)
                watcher.start()
                inside[0] = True
                go.release()
                untorn.write_bytes(self.path("file"), bytes(MEGABYTE))
                inside[0] = False
                watcher.join()
                if seen[-1]:
                    break
        finally:
            sys.setswitchinterval(interval)
        self.assertTrue(seen[-1], "no other thread ever ran during a write")

    def test_threads_on_one_path_leave_a_whole_content(self):
        contents = [bytes([65 + number]) * 200000 for number in range(6)]
        self.write("file", contents[0])

        def work(content):
            for _ in range(5):
                untorn.write_bytes(self.path("file"), content, durability="process")
        threads = [threading.Thread(target=work, args=(content,)) for content in contents]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self.assertIn(self.read("file"), contents)
        for thread in threads:
            thread.join()
        self.assertEqual(self.names(), ["file"])

    def test_threads_that_share_a_file_lose_nothing(self):
        file = untorn.open(self.path("file"), "wb", buffering=0)
        pieces = [bytes([65 + number]) * 1000 for number in range(4)]
        threads = [threading.Thread(target=lambda p=piece: [file.write(p) for _ in range(50)])
                   for piece in pieces]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        file.close()
        content = self.read("file")
        self.assertEqual(len(content), 200000)
        self.assertEqual({content[at:at + 1000] for at in range(0, 200000, 1000)}, set(pieces))


def _interrupt_call():
    import _thread
    return _thread.interrupt_main


_interrupt = _interrupt_call()

if __name__ == "__main__":
    unittest.main()
