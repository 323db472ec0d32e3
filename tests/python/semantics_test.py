# SPDX-License-Identifier: Apache-2.0
"""Side by side with the builtins: the same call on two folders, the same result in both.

Each case runs with builtin open, with the package, and with the vendored module. What it returns,
which exception it ends with (class, errno, filename), and all that a reader sees of the folder
afterwards must be equal. Cases that fail after builtin open has truncated the file are marked
`keeps`: there the class of the exception must be equal, and the file must be as it was.
"""

import array
import csv
import io
import json
import os
import pathlib
import signal
import sys
import unittest
import warnings
from functools import partial

import untorn
from harness import FolderTest, describe_tree, load_vendored, umask, without_privileges

atomic_file = load_vendored()
# Hundreds of cases whose subject is not the sync calls.
QUICKLY = {"durability": "process"}


class Builtin:
    open = staticmethod(open)

    @staticmethod
    def write_text(path, text, encoding=None, errors=None, newline=None):
        if not isinstance(text, str):  # as pathlib does
            raise TypeError("data must be str")
        with open(path, "w", -1, encoding, errors, newline) as file:
            file.write(text)

    @staticmethod
    def write_bytes(path, data):
        view = memoryview(data)
        with open(path, "wb") as file:
            file.write(view)


class Vendored:
    open = staticmethod(partial(atomic_file.atomic_open, **QUICKLY))

    @staticmethod
    def write_text(*arguments, **keywords):
        atomic_file.atomic_write_text(*arguments, **keywords, **QUICKLY)

    @staticmethod
    def write_bytes(path, data):
        atomic_file.atomic_write_bytes(path, data, **QUICKLY)


class Package:
    open = staticmethod(partial(untorn.open, allow_in_place=True, **QUICKLY))

    @staticmethod
    def write_text(path, text, encoding=None, errors=None, newline=None):
        untorn.write_text(path, text, encoding, errors, newline, allow_in_place=True, **QUICKLY)

    @staticmethod
    def write_bytes(path, data):
        untorn.write_bytes(path, data, allow_in_place=True, **QUICKLY)


CASES = []


def case(function):
    CASES.append((function, False))
    return function


def keeps(function):
    CASES.append((function, True))
    return function


def text_case(name, text, **keywords):
    def run(api, folder):
        api.write_text(folder / "file", text, **keywords)
    run.__name__ = "text_" + name
    case(run)


def bytes_case(name, data, decorate=case):
    def run(api, folder):
        (folder / "file").write_bytes(b"old")
        api.write_bytes(folder / "file", data)
    run.__name__ = "bytes_" + name
    decorate(run)


def path_case(name, path_of, decorate=case):
    """`path_of(folder)` gives the path; the folder holds file, folder, and links to them."""
    def run(api, folder):
        (folder / "file").write_bytes(b"old")
        (folder / "folder").mkdir()
        (folder / "link").symlink_to("file")
        (folder / "chain").symlink_to("folder/../link")
        (folder / "absolute").symlink_to(folder / "file")
        (folder / "loop").symlink_to("loop")
        (folder / "dangling").symlink_to("folder/new")
        (folder / "lost").symlink_to("nowhere/new")
        (folder / "to_folder").symlink_to("folder")
        api.write_text(path_of(folder), "new", encoding="utf-8")
    run.__name__ = "path_" + name
    decorate(run)


def mode_case(name, mode, decorate=case, existing=True, **keywords):
    def run(api, folder):
        if existing:
            (folder / "file").write_bytes(b"old")
        with api.open(folder / "file", mode, **keywords) as file:
            file.write(b"new" if "b" in mode else "new\n\u00e9\n")
            return file.name == str(folder / "file"), file.closed
    run.__name__ = "open_" + name
    decorate(run)


class Text(str):
    def encode(self, *_):
        return b"not asked"


text_case("of_the_locale", "plain\n")
text_case("in_utf_8", "\u00e9\U0001f600\n", encoding="utf-8")
text_case("in_utf_8_with_a_signature", "\u00e9\n", encoding="utf-8-sig")
text_case("in_utf_16_has_one_byte_order_mark", "\u00e9\n" * 3000, encoding="utf-16")
text_case("in_utf_32", "\u00e9\n", encoding="utf-32")
text_case("in_latin_1", "\u00e9\n", encoding="latin-1")
text_case("in_a_stateful_encoding", "\u3042\n\u3044", encoding="iso2022_jp")
text_case("with_replaced_characters", "a\u20acb", encoding="ascii", errors="replace")
text_case("with_xml_references", "a\u20acb", encoding="ascii", errors="xmlcharrefreplace")
text_case("with_escaped_surrogates", "a\udcffb", encoding="utf-8", errors="surrogateescape")
text_case("with_passed_surrogates", "a\ud800b", encoding="utf-8", errors="surrogatepass")
text_case("that_is_empty", "")
text_case("with_nul", "a\0b", encoding="utf-8")
text_case("of_a_subclass", Text("text"), encoding="utf-8")
text_case("that_is_long", "line\n" * 100000, encoding="utf-8")
for ending_name, ending in (("nothing", ""), ("a_line_feed", "\n"), ("a_carriage_return", "\r"),
                            ("both", "\r\n"), ("the_default", None)):
    text_case(f"with_line_ends_made_{ending_name}", "a\nb\rc\r\nd", newline=ending)


@keeps
def text_that_the_encoding_lacks(api, folder):
    (folder / "file").write_bytes(b"old")
    api.write_text(folder / "file", "a\u20ac", encoding="ascii")


@keeps
def text_with_a_lone_surrogate(api, folder):
    (folder / "file").write_bytes(b"old")
    api.write_text(folder / "file", "a\ud800", encoding="utf-8")


@keeps
def text_in_no_encoding(api, folder):
    (folder / "file").write_bytes(b"old")
    api.write_text(folder / "file", "a", encoding="no-such")


@keeps
def text_with_an_unknown_line_end(api, folder):
    (folder / "file").write_bytes(b"old")
    api.write_text(folder / "file", "a", newline="\t")


@keeps
def text_that_is_bytes(api, folder):
    (folder / "file").write_bytes(b"old")
    api.write_text(folder / "file", b"a")


@keeps
def text_that_is_none(api, folder):
    (folder / "file").write_bytes(b"old")
    api.write_text(folder / "file", None)


bytes_case("plain", b"new")
bytes_case("empty", b"")
bytes_case("of_a_bytearray", bytearray(b"new"))
bytes_case("of_a_view", memoryview(b"__new__")[2:5])
bytes_case("of_an_array", array.array("I", [1, 2, 3]))
bytes_case("of_a_view_of_two_dimensions", memoryview(bytes(12)).cast("B", (3, 4)))
bytes_case("of_many_megabytes", b"0123456789abcdef" * (9 << 16))
bytes_case("of_a_view_with_gaps", memoryview(b"abcdef")[::2], keeps)
bytes_case("that_are_text", "new", keeps)
bytes_case("that_are_a_number", 5, keeps)
bytes_case("that_are_a_list", [1, 2], keeps)

path_case("of_a_file", lambda folder: folder / "file")
path_case("as_text", lambda folder: str(folder / "file"))
path_case("as_bytes", lambda folder: os.fsencode(folder / "file"))
path_case("that_is_new", lambda folder: folder / "new")
path_case("with_blanks_and_letters", lambda folder: folder / "a b \u00e9\u4e16 '\"\n")
path_case("that_is_no_utf_8", lambda folder: os.fsencode(folder) + b"/\xff\xfe")
path_case("with_escaped_bytes", lambda folder: os.path.join(str(folder), "\udcff\udcfe"))
path_case("of_the_longest_name", lambda folder: folder / ("n" * 255))
path_case("of_a_name_too_long", lambda folder: folder / ("n" * 256))
path_case("through_the_parent", lambda folder: folder / "folder" / ".." / "file")
path_case("through_a_link_to_a_folder", lambda folder: folder / "to_folder" / "new")
path_case("of_a_link", lambda folder: folder / "link")
path_case("of_a_chain_of_links", lambda folder: folder / "chain")
path_case("of_an_absolute_link", lambda folder: folder / "absolute")
path_case("of_a_dangling_link", lambda folder: folder / "dangling")
path_case("of_a_link_into_nowhere", lambda folder: folder / "lost")
path_case("of_a_loop", lambda folder: folder / "loop")
path_case("of_a_folder", lambda folder: folder / "folder")
path_case("of_a_link_to_a_folder", lambda folder: folder / "to_folder")
path_case("with_a_slash_at_the_end", lambda folder: str(folder / "new") + "/")
path_case("of_a_file_with_a_slash", lambda folder: str(folder / "file") + "/")
path_case("of_a_folder_itself", lambda folder: folder / "folder" / ".")
path_case("in_no_folder", lambda folder: folder / "nowhere" / "new")
path_case("below_a_file", lambda folder: folder / "file" / "new")
path_case("that_is_empty", lambda folder: "")
path_case("with_nul", lambda folder: str(folder / "a\0b"), keeps)
path_case("that_is_none", lambda folder: None, keeps)
path_case("that_is_a_float", lambda folder: 1.5, keeps)

for letters in ("w", "wt", "tw", "wb", "bw"):
    mode_case("in_mode_" + letters, letters)
for letters in ("x", "xt", "xb"):
    mode_case("of_a_new_file_in_mode_" + letters, letters, existing=False)
    mode_case("of_a_file_in_mode_" + letters, letters)
mode_case("with_every_argument", "w", buffering=7, encoding="utf-16-le", errors="strict",
          newline="\r\n")
mode_case("with_line_buffering", "w", buffering=1)
mode_case("of_bytes_without_a_buffer", "wb", buffering=0)
mode_case("of_bytes_with_a_small_buffer", "wb", buffering=2)
mode_case("of_bytes_with_line_buffering", "wb", buffering=1)
for letters in ("", "b", "ww", "wx", "wtb", "wz", "w b", "rw"):
    mode_case("in_no_mode_" + (letters.replace(" ", "_") or "empty"), letters, keeps)
mode_case("of_text_without_a_buffer", "w", keeps, buffering=0)
mode_case("with_a_negative_buffer", "w", buffering=-2)
mode_case("of_bytes_with_an_encoding", "wb", keeps, encoding="utf-8")
mode_case("of_bytes_with_errors", "wb", keeps, errors="strict")
mode_case("of_bytes_with_line_ends", "wb", keeps, newline="")


@case
def open_exclusively_at_a_dangling_link(api, folder):
    (folder / "dangling").symlink_to("new")
    with api.open(folder / "dangling", "x") as file:
        file.write("new")


@keeps
def open_of_bytes_given_text(api, folder):
    (folder / "file").write_bytes(b"old")
    with api.open(folder / "file", "wb") as file:
        file.write("text")


@keeps
def open_of_text_given_bytes(api, folder):
    (folder / "file").write_bytes(b"old")
    with api.open(folder / "file", "w") as file:
        file.write("part")
        file.write(b"bytes")


@keeps
def open_given_a_number_as_mode(api, folder):
    (folder / "file").write_bytes(b"old")
    api.open(folder / "file", 5)


@keeps
def open_for_writing_and_read(api, folder):
    (folder / "file").write_bytes(b"old")
    with api.open(folder / "file", "w") as file:
        file.read()


@keeps
def open_and_an_exception_in_the_block(api, folder):
    (folder / "file").write_bytes(b"old")
    with api.open(folder / "file", "w") as file:
        file.write("part" * 10000)
        raise LookupError("in the block")


@case
def open_and_write_after_the_block(api, folder):
    with api.open(folder / "file", "w") as file:
        file.write("new")
    file.write("more")


@case
def open_and_close_twice(api, folder):
    with api.open(folder / "file", "wb") as file:
        file.write(b"new")
        file.close()
        file.close()


@case
def open_for_everything_that_writes(api, folder):
    with api.open(folder / "file", "w", encoding="utf-8", newline="") as file:
        print("printed", 1, file=file)
        file.writelines(["a\n", "b\n"])
        csv.writer(file).writerow([1, "x,y"])
        json.dump({"a": [1.5, None]}, file, indent=1)
        position = file.tell()
        return isinstance(file, io.TextIOBase), file.encoding, file.mode, position, file.isatty()


@case
def open_of_bytes_in_many_pieces(api, folder):
    with api.open(folder / "file", "wb") as file:
        counts = [file.write(bytes([number % 256]) * number) for number in range(0, 3000, 7)]
        return sum(counts), file.tell(), file.mode


@case
def target_that_is_new_under_a_usual_umask(api, folder):
    with umask(0o022):
        api.write_text(folder / "file", "new")


@case
def target_that_is_new_under_a_strict_umask(api, folder):
    with umask(0o077):
        api.write_bytes(folder / "file", b"new")


def target_with_mode(mode):
    def run(api, folder):
        (folder / "file").write_bytes(b"old")
        (folder / "file").chmod(mode)
        api.write_text(folder / "file", "new")
    run.__name__ = f"target_with_mode_{mode:o}"
    case(run)


for bits in (0o600, 0o644, 0o664, 0o755, 0o711, 0o222):
    target_with_mode(bits)


@case
def target_of_another_owner_written_by_root(api, folder):
    (folder / "file").write_bytes(b"old")
    if os.geteuid() == 0:
        os.chown(folder / "file", 12345, 12345)
    api.write_text(folder / "file", "new")


@case
def target_that_is_read_only(api, folder):
    (folder / "file").write_bytes(b"old")
    (folder / "file").chmod(0o444)
    if os.geteuid() == 0:
        os.chown(folder / "file", 65534, 65534)
    with without_privileges():
        api.write_text(folder / "file", "new")


@case
def target_in_a_folder_that_is_read_only(api, folder):
    (folder / "closed").mkdir()
    (folder / "closed" / "file").write_bytes(b"old")
    (folder / "closed" / "file").chmod(0o666)
    (folder / "closed").chmod(0o555)
    with without_privileges():
        api.write_text(folder / "closed" / "file", "new")


@case
def target_that_is_new_in_a_folder_that_is_read_only(api, folder):
    (folder / "closed").mkdir(0o555)
    with without_privileges():
        api.write_text(folder / "closed" / "file", "new")


@case
def target_in_a_folder_that_may_not_be_entered(api, folder):
    (folder / "closed").mkdir()
    (folder / "closed" / "file").write_bytes(b"old")
    (folder / "closed").chmod(0o600)
    try:
        with without_privileges():
            api.write_text(folder / "closed" / "file", "new")
    finally:
        (folder / "closed").chmod(0o700)


@case
def target_that_is_a_device(api, folder):
    api.write_text("/dev/null", "new")
    with api.open("/dev/null", "wb") as file:
        file.write(b"new")


@case
def target_that_is_always_full(api, folder):
    api.write_text("/dev/full", "new")


@case
def target_that_is_a_fifo(api, folder):
    os.mkfifo(folder / "fifo")
    reader = os.open(folder / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    try:
        api.write_text(folder / "fifo", "through")
        with api.open(folder / "fifo", "wb", buffering=0) as file:
            file.write(b" the pipe")
        with api.open(folder / "fifo", "w") as file:
            print(" as text", file=file)
        return os.read(reader, 100)
    finally:
        os.close(reader)


@case
def target_that_is_an_open_file_of_the_process(api, folder):
    descriptor = os.open(folder / "file", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        os.write(descriptor, b"before, ")
        with api.open(f"/proc/self/fd/{descriptor}", "w") as file:
            file.write("meanwhile")
        os.write(descriptor, b", after")
    finally:
        os.close(descriptor)


@case
def target_by_a_relative_path_and_a_change_of_folder(api, folder):
    before = os.getcwd()
    (folder / "elsewhere").mkdir()
    try:
        os.chdir(folder)
        with api.open("file", "w") as file:
            file.write("new")
            os.chdir("elsewhere")
    finally:
        os.chdir(before)


@keeps
def target_larger_than_files_may_be(api, folder):
    import resource
    (folder / "file").write_bytes(b"old")
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100000, limits[1]))
    try:
        api.write_bytes(folder / "file", bytes(300000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def usual_class(error):
    """The class that builtin code raises, whatever ours adds to it."""
    return next(kind for kind in type(error).__mro__ if kind.__module__ in ("builtins", "io"))


def run_case(function, api, folder):
    """(what came out of it, warnings, the tree); the folder's own name does not count."""
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = function(api, folder)
        except Exception as error:  # any class may be the expected one
            filename = getattr(error, "filename", None)
            if filename is not None:
                filename = os.fsencode(filename).replace(os.fsencode(folder), b"<folder>")
            result = (usual_class(error), getattr(error, "errno", None), filename)
    kinds = [warning.category for warning in caught if warning.category is not ResourceWarning]
    return result, kinds, describe_tree(folder)


class Semantics:
    def compare(self, function, keeps_old):
        wanted, kinds, tree = run_case(function, Builtin, pathlib.Path(self.path("builtin")))
        result, own_kinds, own_tree = run_case(function, self.api, pathlib.Path(self.path("ours")))
        self.assertEqual(own_kinds, kinds)
        self.assertFalse([name for name in own_tree if b"untorn-tmp" in name])
        if isinstance(wanted, tuple) and wanted[-1] is None and result[:-1] == wanted[:-1]:
            wanted = result  # we name the file where the builtins do not
        if not keeps_old:
            self.assertEqual((result, own_tree), (wanted, clean(tree, self.path("builtin"),
                                                                self.path("ours"))))
            return
        self.assertIsInstance(wanted, tuple)
        self.assertEqual(result[0], wanted[0])
        if b"file" in own_tree:
            self.assertEqual(own_tree[b"file"][2], b"old")


def clean(tree, folder, other):
    """Absolute links lead into either folder."""
    return {name: (mode, owner, content.replace(os.fsencode(folder), os.fsencode(other))
                   if isinstance(content, bytes) else content)
            for name, (mode, owner, content) in tree.items()}


def add_tests(kind):
    for function, keeps_old in CASES:
        def test(self, function=function, keeps_old=keeps_old):
            self.compare(function, keeps_old)
        name = "test_" + function.__name__
        assert not hasattr(kind, name), name
        setattr(kind, name, test)


class PackageSemantics(Semantics, FolderTest):
    api = Package


class VendoredSemantics(Semantics, FolderTest):
    api = Vendored


add_tests(PackageSemantics)
add_tests(VendoredSemantics)

if __name__ == "__main__":
    unittest.main()
