// SPDX-License-Identifier: Apache-2.0
//
// Which paths are temporary, unique, or in the system's folder.
#include <gtest/gtest.h>

#include <string>

#include "languages/python/rendering_test.h"

namespace untorn::languages {
namespace {

using testing::Snippet;

class DescribesTemporaryPaths : public ::testing::TestWithParam<Snippet> {};

TEST_P(DescribesTemporaryPaths, as_written) {
  const auto facts = python().read("app.py", GetParam().source);
  ASSERT_TRUE(facts) << facts.error().reason;
  EXPECT_EQ(testing::render_paths(*facts), GetParam().expected) << GetParam().source;
}

constexpr Snippet snippets[] = {
    {"a_temporary_suffix", R"py(from pathlib import Path
def f(p: Path):
    p.with_suffix(".tmp").write_text("x")
    p.with_name(p.name + ".tmp").write_text("x")
    open(str(p) + ".tmp", "w").write("x")
    open(f"{p}.tmp", "w").write("x")
    open("%s.tmp" % p, "w").write("x")
)py",
     R"(3 key=app.f.p.with_suffix(.tmp) words=p,tmp ext=.tmp parameter=0 from=app.f.p temporary)"
     R"( path regular
)"
     R"(4 key=app.f.p/../name(app.f.p).tmp words=p,tmp ext=.tmp parameter=0 from=app.f.p)"
     R"( temporary path regular
5 key=app.f.p.tmp words=p,tmp ext=.tmp parameter=0 from=app.f.p temporary regular
6 key=app.f.p.tmp words=p,tmp ext=.tmp parameter=0 from=app.f.p temporary regular
7 key=app.f.p.tmp words=tmp,p ext=.tmp parameter=0 from=app.f.p temporary regular
)"},
    {"a_temporary_prefix", R"py(import os
def f(path):
    folder, name = os.path.split(path)
    open(os.path.join(os.path.dirname(path), ".tmp-" + os.path.basename(path)), "w").write("x")
    open(os.path.join(folder, "x"), "w").write("x")
)py",
     R"(4 key=app.f.path/../.tmp-name(app.f.path) words=path,tmp parameter=0 from=app.f.path)"
     R"( temporary
5 key=app.f.path/../x words=folder,path,x file=x parameter=0
)"},
    {"a_suffix_that_is_not_temporary", R"py(from pathlib import Path
def f(p: Path):
    p.with_suffix(".bak").write_text("x")
)py",
     R"(3 key=app.f.p.with_suffix(.bak) words=p,bak ext=.bak parameter=0 path regular
)"},
    {"a_unique_name", R"py(import os, uuid, secrets
def f(p):
    open(f"{p}.{uuid.uuid4().hex}.tmp", "w").write("x")
    open(p + secrets.token_hex(4), "w").write("x")
    open("%s.%d.tmp" % (p, os.getpid()), "w").write("x")
)py",
     R"(3 key=app.f.p.uuid.uuid4().hex.tmp words=p,hex,tmp ext=.tmp parameter=0)"
     R"( from=app.f.p.uuid.uuid4().hex temporary unique regular
4 key=app.f.psecrets.token_hex(,) words=p,token,hex parameter=0 unique
5 key=app.f.p.*.tmp words=tmp,p,getpid ext=.tmp parameter=0 from=app.f.p temporary unique regular
)"},
    {"mkstemp_beside_the_target", R"py(import os, tempfile
def f(path):
    fd, tmp = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".json")
    os.write(fd, b"x")
    os.replace(tmp, path)
)py",
     R"(3 key=mkstemp@47 of app words=temporary,path,json ext=.json parameter=0 temporary)"
     R"( unique regular
)"
     R"(5 source key=mkstemp@47 of app words=tmp,temporary,path,json ext=.json parameter=0)"
     R"( temporary unique regular
5 key=app.f.path words=path parameter=0!
)"},
    {"mkstemp_in_the_system_folder", R"py(import os, shutil, tempfile
def f(path):
    fd, tmp = tempfile.mkstemp()
    os.write(fd, b"x")
    shutil.move(tmp, path)
)py",
     R"(3 key=mkstemp@55 of app words=temporary temporary unique never_leaves system_temp
5 source key=mkstemp@55 of app words=tmp,temporary temporary unique never_leaves system_temp
5 key=app.f.path words=path parameter=0!
)"},
    {"below_a_temporary_folder", R"py(import os, tempfile
from pathlib import Path
def f():
    with tempfile.TemporaryDirectory() as d:
        Path(d, "a.txt").write_text("x")
    e = tempfile.mkdtemp()
    open(os.path.join(e, "a.txt"), "w").write("x")
    open(to_bytes(os.path.join(e, "b.txt"), errors="strict"), "w").write("x")
    open(os.path.join(tempfile.gettempdir(), "c.txt"), "w").write("x")
)py",
     R"(5 key=TemporaryDirectory@63 of app/a.txt words=d,temporary,a,txt file=a.txt ext=.txt)"
     R"( temporary unique never_leaves system_temp path regular
)"
     R"(7 key=mkdtemp@148 of app/a.txt words=e,temporary,a,txt file=a.txt ext=.txt temporary)"
     R"( unique never_leaves system_temp regular
)"
     R"(8 key=mkdtemp@148 of app/b.txt words=e,temporary,b,txt file=b.txt ext=.txt temporary)"
     R"( unique never_leaves system_temp regular
)"
     R"(9 key=/tmp/c.txt words=temporary,c,txt file=c.txt ext=.txt temporary never_leaves)"
     R"( system_temp regular
)"},
    {"a_temporary_folder_in_an_attribute", R"py(import os, tempfile
class A:
    def __init__(self):
        self.folder = tempfile.mkdtemp()
    def f(self):
        open(os.path.join(self.folder, "a.txt"), "w").write("x")
)py",
     R"(6 key=mkdtemp@75 of app/a.txt words=folder,temporary,a,txt file=a.txt ext=.txt)"
     R"( temporary unique never_leaves system_temp regular
)"},
    {"a_temporary_folder_of_an_own_context_manager", R"py(import contextlib, os, tempfile
@contextlib.contextmanager
def folder():
    yield tempfile.mkdtemp()
def f():
    with folder() as d:
        open(os.path.join(d, "a.txt"), "w").write("x")
)py",
     R"(7 key=mkdtemp@83 of app/a.txt words=d,temporary,a,txt file=a.txt ext=.txt temporary)"
     R"( unique never_leaves system_temp regular
)"},
    {"a_temporary_folder_of_a_foreign_class", R"py(from lib.files import TempDirectory
def f():
    with TempDirectory(kind="a") as d:
        open(d.path + "/a.txt", "w").write("x")
)py",
     R"(4 key=app.f.d/a.txt words=path,d,temp,directory,a,txt file=a.txt ext=.txt temporary)"
     R"( unique never_leaves regular
)"},
    {"a_fixture", R"py(def test_f(tmp_path):
    (tmp_path / "a.txt").write_text("x")
)py",
     R"(2 key=app.test_f.tmp_path/a.txt words=tmp,path,a,txt file=a.txt ext=.txt parameter=0)"
     R"( temporary never_leaves system_temp regular
)"},
    {"a_literal_in_the_system_folder", R"py(open("/tmp/a.txt", "w").write("x")
)py",
     R"(1 key=/tmp/a.txt words=tmp,a,txt file=a.txt ext=.txt temporary system_temp regular
)"},
};

INSTANTIATE_TEST_SUITE_P(python, DescribesTemporaryPaths, ::testing::ValuesIn(snippets),
                         testing::name_of_snippet);

}  // namespace
}  // namespace untorn::languages
