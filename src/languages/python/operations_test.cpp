// SPDX-License-Identifier: Apache-2.0
//
// What each call does to files.
#include <gtest/gtest.h>

#include <string>

#include "languages/python/rendering_test.h"

namespace untorn::languages {
namespace {

using testing::Snippet;

class ReadsOperations : public ::testing::TestWithParam<Snippet> {};

TEST_P(ReadsOperations, as_written) {
  const auto facts = python().read("app.py", GetParam().source);
  ASSERT_TRUE(facts) << facts.error().reason;
  EXPECT_EQ(testing::render_operations(*facts), GetParam().expected) << GetParam().source;
}

constexpr Snippet snippets[] = {
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
     R"(2 create_exclusively tempfile.NamedTemporaryFile text tempfile.NamedTemporaryFile("w",)"
     R"( dir=".", delete=False)
4 rename os.replace unknown f.name -> a.txt
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
    {"calls_without_arguments", R"py(import os, shutil, tempfile
from pathlib import Path
def f(p=Path()):
    save("{}.json".format(), "".join(), p.with_suffix(), p.with_name(), p.joinpath())
    os.path.join(); os.path.dirname(); os.walk(); os.fsync()
    open(); os.open(); os.replace(); shutil.copy(); p.open(); p.rename(); p.write_text(); str()
    tempfile.NamedTemporaryFile(); Path.home().glob()
)py",
     R"(6 read pathlib.Path.open unknown p in f
)"
     R"(7 create_exclusively tempfile.NamedTemporaryFile nothing tempfile.NamedTemporaryFile())"
     R"( in f writes_nothing
)"},
};

INSTANTIATE_TEST_SUITE_P(python, ReadsOperations, ::testing::ValuesIn(snippets),
                         testing::name_of_snippet);

}  // namespace
}  // namespace untorn::languages
