// SPDX-License-Identifier: Apache-2.0
//
// What open and os.open do to files, by their modes and flags, and what is synced by descriptor.
#include <gtest/gtest.h>

#include <string>

#include "languages/python/rendering_test.h"

namespace untorn::languages {
namespace {

using testing::Snippet;

class ReadsOpenedFiles : public ::testing::TestWithParam<Snippet> {};

TEST_P(ReadsOpenedFiles, as_written) {
  const auto facts = python().read("app.py", GetParam().source);
  ASSERT_TRUE(facts) << facts.error().reason;
  EXPECT_EQ(testing::render_operations(*facts), GetParam().expected) << GetParam().source;
}

constexpr Snippet snippets[] = {
    {"open_for_writing_creates", R"py(open("a.txt", "w")
)py",
     R"(1 create open nothing a.txt writes_nothing
)"},
    {"open_without_a_mode_reads", R"py(open("a.txt")
)py",
     R"(1 read open unknown a.txt
)"},
    {"open_with_a_keyword_mode", R"py(open("a.txt", encoding="utf-8", mode="wb")
)py",
     R"(1 create open nothing a.txt writes_nothing
)"},
    {"open_to_append", R"py(open("a.log", "a").write("x")
)py",
     R"(1 append open text a.log
)"},
    {"open_to_update", R"py(open("a.bin", "r+b").write(b"x")
)py",
     R"(1 update open bytes a.bin
)"},
    {"open_exclusively", R"py(open("a.bin", "xb").write(b"x")
)py",
     R"(1 create_exclusively open bytes a.bin
)"},
    {"a_mode_in_a_local_name", R"py(def f():
    mode = "w"
    open("a.txt", mode).write("x")
)py",
     R"(3 create open text a.txt in f
)"},
    {"a_mode_in_a_module_constant", R"py(MODE = "ab"
def f():
    open("a.txt", MODE).write(b"x")
)py",
     R"(3 append open bytes a.txt in f
)"},
    {"a_conditional_mode_is_the_worst", R"py(def f(again):
    open("a.txt", "a" if again else "w").write("x")
)py",
     R"(2 create open text a.txt in f
)"},
    {"a_mode_bound_in_branches_is_the_worst", R"py(def f(again):
    if again:
        mode = "a"
    else:
        mode = "w"
    open("a.txt", mode).write("x")
)py",
     R"(6 create open text a.txt in f
)"},
    {"a_mode_of_two_parts", R"py(def f():
    open("a.txt", "w" + "b").write(b"x")
)py",
     R"(2 create open bytes a.txt in f
)"},
    {"a_mode_made_from_another", R"py(class Input:
    def __init__(self, path, mode="rb"):
        self._path = path
        self._write_mode = mode.replace("r", "w")
    def next(self, mode):
        self._output = open(self._path, self._write_mode)
        open(self._path, mode.replace("r", "w"))
)py",
     R"(6 create open unknown self._path in Input.next escapes
)"},
    {"a_mode_that_is_a_parameter", R"py(def f(path, mode="a"):
    open(path, mode).write("x")
)py",
     R"(2 append open text path in f mode=1
)"},
    {"a_mode_that_is_a_parameter_without_default", R"py(def f(path, mode):
    open(path, mode).write("x")
)py",
     R"(2 read open text path in f mode=1
)"},
    {"a_mode_that_is_not_known_is_not_guessed", R"py(def f(path):
    open(path, mode_of(path)).write("x")
)py",
     R"()"},
    {"a_text_that_is_no_mode", R"py(def f(z):
    z.open("name.txt").read()
    open("a.txt", "nonsense")
)py",
     R"()"},
    {"os_open_by_its_flags", R"py(import os
def f(p):
    os.open("a.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.open("b.txt", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.open("c.txt", os.O_WRONLY | os.O_APPEND)
    os.open("d.txt", os.O_RDWR)
    os.open("e.txt", os.O_RDONLY)
)py",
     R"(3 create os.open nothing a.txt in f permissions=384 writes_nothing
4 create_exclusively os.open nothing b.txt in f writes_nothing
5 append os.open nothing c.txt in f writes_nothing
6 update os.open nothing d.txt in f writes_nothing
7 read os.open unknown e.txt in f
)"},
    {"os_open_flags_in_a_name", R"py(import os
FLAGS = os.O_WRONLY | os.O_TRUNC
def f():
    flags = FLAGS
    flags |= getattr(os, "O_BINARY", 0)
    os.open("a.txt", flags)
)py",
     R"(6 create os.open nothing a.txt in f writes_nothing
)"},
    {"os_open_flags_that_grow", R"py(import os
def f():
    flags = os.O_WRONLY
    flags |= os.O_CREAT | os.O_EXCL
    os.open("a.txt", flags)
)py",
     R"(5 create_exclusively os.open nothing a.txt in f writes_nothing
)"},
    {"os_open_flags_that_are_not_known", R"py(import os
def f(flags):
    os.open("a.txt", os.O_WRONLY | flags)
)py",
     R"()"},
    {"os_open_and_write", R"py(import os
fd = os.open("a.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
os.write(fd, b"x")
os.fsync(fd)
os.close(fd)
)py",
     R"(2 create os.open bytes a.txt synced
)"},
    {"fdopen_of_an_opened_descriptor_is_one_operation", R"py(import os, json
fd = os.open("a.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
with os.fdopen(fd, "w") as f:
    json.dump({}, f)
)py",
     R"(2 create os.open json a.json
)"},
    {"fdopen_of_an_unknown_descriptor", R"py(import os
def f(fd):
    os.fdopen(fd, "w").write("x")
)py",
     R"(3 create os.fdopen text fd in f descriptor
)"},
    {"open_of_a_descriptor_is_no_file", R"py(import os
def f(sock, stream):
    open(sock.detach(), "wb").write(b"x")
    open(stream.fileno(), "w").write("x")
    open(os.dup(1), "w").write("x")
    r, w = os.pipe()
    open(w, "wb").write(b"x")
    open(stream, "wb", closefd=False).write(b"x")
)py",
     R"()"},
    {"the_folder_is_synced", R"py(import os
fd = os.open("state", os.O_RDONLY | os.O_DIRECTORY)
os.fsync(fd)
os.close(fd)
)py",
     R"(3 sync_directory os.fsync unknown state
)"},
    {"the_folder_is_synced_without_a_flag", R"py(import os
def sync_folder(folder):
    fd = os.open(folder, os.O_RDONLY)
    os.fsync(fd)
)py",
     R"(4 sync_directory os.fsync unknown folder in sync_folder
)"},
    {"a_file_is_opened_again_to_be_synced", R"py(import os
def f(path):
    with open(path, "w") as f:
        f.write("x")
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
)py",
     R"(3 create open text path in f synced
5 read os.open unknown path in f synced
)"},
    {"an_update_of_a_new_file_creates_it", R"py(import os
def f(path):
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR))
    return open(path, "rb+")
)py",
     R"(3 create_exclusively os.open nothing path in f writes_nothing
4 create_exclusively open nothing path in f writes_nothing escapes
)"},
    {"a_private_opener", R"py(import os
def f(path):
    def opener(*args):
        return os.open(path, os.O_CREAT | os.O_EXCL)
    open(path, "w", opener=opener).write("x")
)py",
     R"(4 create_exclusively os.open unknown path in f.opener escapes
)"},
    {"a_number_is_a_descriptor", R"py(import io
def f(fd):
    if fd != -1:
        io.open(fd, "wb").write(b"x")
)py",
     R"()"},
    {"the_folder_of_a_path_is_synced", R"py(import os
def f(path, target):
    a = os.open(path.parent, os.O_RDONLY)
    os.fsync(a)
    os.close(a)
    b = os.open(os.path.dirname(target), os.O_RDONLY)
    os.fsync(b)
)py",
     R"(4 sync_directory os.fsync unknown path.parent in f
7 sync_directory os.fsync unknown os.path.dirname(target) in f
)"},
};

INSTANTIATE_TEST_SUITE_P(python, ReadsOpenedFiles, ::testing::ValuesIn(snippets),
                         testing::name_of_snippet);

}  // namespace
}  // namespace untorn::languages
