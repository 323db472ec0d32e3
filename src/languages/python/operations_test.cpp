// SPDX-License-Identifier: Apache-2.0
//
// What each call does to files.
#include <gtest/gtest.h>

#include <string>

#include "languages/python/rendering_test.h"

namespace untorn::languages {
namespace {

struct Snippet {
  const char* name;
  const char* source;
  const char* expected;
};

class ReadsOperations : public ::testing::TestWithParam<Snippet> {};

TEST_P(ReadsOperations, as_written) {
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
    {"open_of_another_module", R"py(import io, codecs, gzip, bz2, lzma
io.open("a.txt", "w").write("x")
codecs.open("b.txt", "w", "utf-8").write("x")
gzip.open("c.gz", "wt").write("x")
bz2.open("d.bz2", "w").write(b"x")
lzma.open("e.xz", "w").write(b"x")
)py",
     R"(2 create io.open text a.txt
3 create codecs.open text b.txt
4 create gzip.open text c.gz
5 create bz2.open bytes d.bz2
6 create lzma.open bytes e.xz
)"},
    {"an_alias_of_open", R"py(w = open
w("a.txt", "w").write("x")
)py",
     R"(2 create open text a.txt
)"},
    {"an_import_under_another_name", R"py(import shutil as sh
from os import replace as swap
sh.copyfile("a", "b.txt")
swap("a", "b.txt")
)py",
     R"(3 copy shutil.copyfile unknown "a" -> b.txt
4 rename os.replace unknown "a" -> b.txt
)"},
    {"an_import_in_a_function", R"py(def f():
    import os
    os.rename("a", "b.txt")
)py",
     R"(3 rename os.rename unknown "a" -> b.txt in f
)"},
    {"an_import_that_may_fail", R"py(try:
    from os import replace
except ImportError:
    replace = None
replace("a", "b.txt")
)py",
     R"(5 rename os.replace unknown "a" -> b.txt
)"},
    {"a_function_of_that_name_is_not_the_builtin", R"py(def open(path, mode):
    return path
open("a.txt", "w")
)py",
     R"()"},
    {"a_parameter_of_that_name_is_not_the_builtin", R"py(def f(open):
    open("a.txt", "w")
)py",
     R"()"},
    {"a_star_import_changes_nothing", R"py(from everything import *
open("a.txt", "w").write("x")
)py",
     R"(2 create open text a.txt
)"},
    {"a_method_named_open_of_an_own_class", R"py(class Store:
    def open(self, mode): pass
    def save(self):
        self.open("w").write("x")
)py",
     R"()"},
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
    {"a_path_object", R"py(from pathlib import Path
Path("a.txt").write_text("x")
Path("a.bin").write_bytes(b"x")
Path("a.txt").read_text()
Path("a.txt").open("w").write("x")
Path("a.txt").touch()
Path("a.txt").unlink()
Path("a.txt").rename("b.txt")
Path("a.txt").replace("b.txt")
)py",
     R"(2 create pathlib.Path.write_text text a.txt removed_later
3 create pathlib.Path.write_bytes bytes a.bin
4 read pathlib.Path.read_text text a.txt
5 create pathlib.Path.open text a.txt removed_later
6 touch pathlib.Path.touch nothing a.txt writes_nothing
7 unlink pathlib.Path.unlink unknown a.txt
8 rename pathlib.Path.rename unknown Path("a.txt") -> b.txt
9 rename pathlib.Path.replace unknown Path("a.txt") -> b.txt
)"},
    {"a_path_class_under_another_name", R"py(from pathlib import Path as P
import pathlib as pl
P("a.txt").write_text("x")
pl.Path("b.txt").write_text("x")
)py",
     R"(3 create pathlib.Path.write_text text a.txt
4 create pathlib.Path.write_text text b.txt
)"},
    {"write_text_of_an_unknown_object", R"py(def f(target):
    target.write_text("x")
)py",
     R"(2 create pathlib.Path.write_text text target in f
)"},
    {"write_text_of_self_is_an_own_method", R"py(class Page:
    def show(self):
        self.write_text("x")
)py",
     R"()"},
    {"write_text_of_super_is_not_a_path", R"py(class Page(Base):
    def show(self):
        super().write_text("x")
)py",
     R"()"},
    {"an_archive_member_is_no_file", R"py(import zipfile
def f(name):
    with zipfile.ZipFile("a.zip", "w") as z:
        with z.open(name, "w") as f:
            f.write(b"x")
)py",
     R"(3 create zipfile.ZipFile archive a.zip in f escapes
)"},
    {"replace_of_a_text_is_not_a_rename", R"py(def f(text, name):
    text.replace("a", "b")
    name.replace("a")
    "abc".replace("b", "c")
)py",
     R"()"},
    {"rename_of_a_table_is_not_a_rename", R"py(def f(df):
    df.rename(columns={"a": "b"})
    df.rename("x")
)py",
     R"()"},
    {"rename_of_a_parameter_that_is_used_as_a_path", R"py(def f(path):
    if path.is_file():
        path.rename(path.with_suffix(".bak"))
)py",
     R"(3 rename pathlib.Path.rename unknown path -> path.with_suffix(".bak") in f
)"},
    {"rename_of_an_annotated_parameter", R"py(from pathlib import Path
def f(path: Path, other: "Path"):
    path.rename("a.txt")
    other.replace("b.txt")
)py",
     R"(3 rename pathlib.Path.rename unknown path -> a.txt in f
4 rename pathlib.Path.replace unknown other -> b.txt in f
)"},
    {"rename_of_an_optional_path", R"py(from typing import Optional
from pathlib import Path
def f(path: Optional[Path], other: Path | None):
    path.rename("a.txt")
    other.rename("b.txt")
)py",
     R"(4 rename pathlib.Path.rename unknown path -> a.txt in f
5 rename pathlib.Path.rename unknown other -> b.txt in f
)"},
    {"functions_of_os", R"py(import os
os.rename("a", "b.txt")
os.replace("a", "b.txt")
os.remove("a.txt")
os.unlink("a.txt")
os.truncate("a.txt", 0)
)py",
     R"(2 rename os.rename unknown "a" -> b.txt
3 rename os.replace unknown "a" -> b.txt
4 unlink os.remove unknown a.txt
5 unlink os.unlink unknown a.txt
6 update os.truncate unknown a.txt
)"},
    {"functions_of_shutil", R"py(import shutil
shutil.copy("a", "b.txt")
shutil.copy2("a", "b.txt")
shutil.copyfile("a", "b.txt")
shutil.move("a", dst="b.txt")
)py",
     R"(2 copy shutil.copy unknown "a" -> b.txt
3 copy shutil.copy2 unknown "a" -> b.txt
4 copy shutil.copyfile unknown "a" -> b.txt
5 move shutil.move unknown "a" -> b.txt
)"},
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
    {"a_text_in_memory_is_no_file", R"py(import io
def f():
    buffer = io.StringIO()
    buffer.write("x")
    io.BytesIO().write(b"x")
)py",
     R"()"},
    {"mkstemp_and_its_descriptor", R"py(import os, tempfile
fd, name = tempfile.mkstemp(dir=".")
with os.fdopen(fd, "w") as f:
    f.write("x")
    f.flush()
    os.fsync(f.fileno())
os.replace(name, "a.txt")
)py",
     R"(2 create_exclusively tempfile.mkstemp text tempfile.mkstemp(dir=".") synced
7 rename os.replace unknown name -> a.txt
)"},
    {"a_named_temporary_file", R"py(import os, tempfile
with tempfile.NamedTemporaryFile("w", dir=".", delete=False) as f:
    f.write("x")
os.replace(f.name, "a.txt")
)py",
     R"(2 create_exclusively tempfile.NamedTemporaryFile text tempfile.NamedTemporaryFile("w", dir=".", delete=False)
4 rename os.replace unknown f.name -> a.txt
)"},
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
    {"fileinput_in_place", R"py(import fileinput
for line in fileinput.input("a.txt", inplace=True):
    print(line)
for line in fileinput.input("b.txt"):
    print(line)
)py",
     R"(2 update fileinput.input text a.txt in_pieces
)"},
    {"tables_and_arrays", R"py(import numpy as np, torch, joblib
def f(df, model, data):
    df.to_csv("a.csv")
    df.to_json(path_or_buf="b.json")
    df.to_csv()
    df.to_csv(None)
    np.save("c.npy", data)
    torch.save(model, "d.pt")
    joblib.dump(model, "e.pkl")
)py",
     R"(3 create to_csv csv a.csv in f
4 create to_json json b.json in f
7 create numpy.save bytes c.npy in f
8 create torch.save pickle d.pt in f
9 create joblib.dump pickle e.pkl in f
)"},
    {"figures_and_images", R"py(import matplotlib.pyplot as plt
def f(fig, img):
    plt.savefig("a.png")
    fig.savefig("b.png")
    img.save("c.png")
    form.save("x")
    model.save(commit=False)
)py",
     R"(3 create matplotlib.pyplot.savefig image a.png in f
4 create savefig image b.png in f
5 create save image c.png in f
)"},
    {"archives", R"py(import zipfile, tarfile
zipfile.ZipFile("a.zip", "w").writestr("x", "y")
tarfile.open("b.tgz", "w:gz").add("x")
zipfile.ZipFile("c.zip")
tarfile.open(fileobj=stream, mode="w")
)py",
     R"(2 create zipfile.ZipFile archive a.zip
3 create tarfile.open archive b.tgz
4 read zipfile.ZipFile archive c.zip
)"},
    {"an_element_tree", R"py(import xml.etree.ElementTree as ET
tree = ET.ElementTree(root)
tree.write("a.xml")
other.write("b.xml")
)py",
     R"(3 create xml.etree.ElementTree.ElementTree.write unknown a.xml
)"},
    {"the_target_is_removed_before_the_rename", R"py(import os
def f(tmp, path):
    if os.path.exists(path):
        os.remove(path)
    os.rename(tmp, path)
)py",
     R"(4 unlink os.remove unknown path in f
5 rename os.rename unknown tmp -> path in f unlinked_before
)"},
    {"a_loop", R"py(for name in names:
    open(name + ".txt", "w").write("x")
)py",
     R"(2 create open text name + ".txt" in_loop
)"},
    {"special_files", R"py(import os
open("/dev/null", "w").write("x")
open(os.devnull, "w").write("x")
open("/proc/self/oom_adj", "w").write("1")
open("-", "w").write("x")
)py",
     R"(2 create open text null special
3 create open text os.devnull special
4 create open text oom_adj special
5 create open text - special
)"},
    {"a_database_is_no_file_of_ours", R"py(import sqlite3
sqlite3.connect("a.db")
)py",
     R"()"},
    {"a_call_of_a_call", R"py(open("a.txt", "w").write(open("b.txt").read())
)py",
     R"(1 create open text a.txt
1 read open unknown b.txt
)"},
    {"methods_of_functions_in_functions", R"py(def outer():
    def inner(path):
        open(path, "w").write("x")
    return inner
)py",
     R"(3 create open text path in outer.inner
)"},
    {"star_arguments_are_not_followed", R"py(def f(args, kwargs):
    open(*args)
    open("a.txt", **kwargs)
)py",
     R"()"},
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
    {"a_wrapped_function", R"py(import os
replace = with_retries(os.replace)
replace("a", "b.txt")
)py",
     R"(3 rename os.replace unknown "a" -> b.txt
)"},
    {"a_wrapped_builtin_is_not_followed", R"py(put = partial(open)
put("a.txt", "w")
)py",
     R"()"},
    {"a_member_of_an_unknown_object", R"py(x.to_csv("a.csv")
y.write_text("x")
z.os.replace("a", "b")
)py",
     R"(1 create to_csv csv a.csv
2 create pathlib.Path.write_text text y
)"},
    {"the_result_of_an_unknown_call_is_no_path", R"py(def f(job):
    job.output().open("w").write("x")
    o = job.output()
    o.open("w").write("x")
    job.output_path().open("w").write("x")
)py",
     R"(5 create pathlib.Path.open text job.output_path() in f
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
    {"calls_without_arguments", R"py(import os, shutil, tempfile
from pathlib import Path
def f(p=Path()):
    save("{}.json".format(), "".join(), p.with_suffix(), p.with_name(), p.joinpath(), os.path.join())
    open(); os.open(); os.replace(); shutil.copy(); p.open(); p.rename(); p.write_text(); str()
    tempfile.NamedTemporaryFile(); os.fsync(); os.path.dirname(); Path.home().glob(); os.walk()
)py",
     R"(5 read pathlib.Path.open unknown p in f
6 create_exclusively tempfile.NamedTemporaryFile nothing tempfile.NamedTemporaryFile() in f writes_nothing
)"},
};

INSTANTIATE_TEST_SUITE_P(python, ReadsOperations, ::testing::ValuesIn(snippets),
                         [](const ::testing::TestParamInfo<Snippet>& each) {
                           return std::string(each.param.name);
                         });

}  // namespace
}  // namespace untorn::languages
