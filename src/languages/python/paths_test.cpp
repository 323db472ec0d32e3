// SPDX-License-Identifier: Apache-2.0
//
// What is known of the paths.
#include <gtest/gtest.h>

#include <string>

#include "languages/python/rendering_test.h"

namespace untorn::languages {
namespace {

using testing::Snippet;

class DescribesPaths : public ::testing::TestWithParam<Snippet> {};

TEST_P(DescribesPaths, as_written) {
  const auto facts = python().read("app.py", GetParam().source);
  ASSERT_TRUE(facts) << facts.error().reason;
  EXPECT_EQ(testing::render_paths(*facts), GetParam().expected) << GetParam().source;
}

constexpr Snippet snippets[] = {
    {"a_literal", R"py(open("data/state.json", "w").write("x")
)py",
     R"(1 key=data/state.json words=data,state,json file=state.json ext=.json regular
)"},
    {"a_module_constant", R"py(from pathlib import Path
DIR = Path("data")
FILE = DIR / "state.json"
def f():
    FILE.write_text("x")
)py",
     R"(5 key=data/state.json words=file,dir,data,state,json file=state.json ext=.json path regular
)"},
    {"a_constant_of_another_module", R"py(from .config import STATE_FILE
import settings
def f():
    open(STATE_FILE, "w").write("x")
    open(settings.STATE_FILE, "w").write("x")
)py",
     R"(4 key=config.STATE_FILE words=state,file
5 key=settings.STATE_FILE words=state,file
)"},
    {"an_attribute_of_the_instance", R"py(from pathlib import Path
class Store:
    def __init__(self, root: Path):
        self.root = Path(root)
        self.file = self.root / "state.json"
    def save(self):
        self.file.write_text("x")
        (self.root / "state.json").write_text("x")
)py",
     R"(7 key=app.Store.root/state.json words=file,root,state,json file=state.json ext=.json)"
     R"( path regular
8 key=app.Store.root/state.json words=root,state,json file=state.json ext=.json path regular
)"},
    {"an_attribute_that_a_parameter_sets", R"py(class Store:
    def __init__(self, registry_path):
        self.path = registry_path
    def save(self):
        open(self.path, "w").write("x")
)py",
     R"(5 key=app.Store.path words=path,registry
)"},
    {"an_attribute_that_a_parameter_sets_just_before", R"py(class Store:
    def __init__(self, folder=None, name=None):
        self.folder = folder
        self.name = name or None
        open(self.folder + "/a.txt", "w").write("x")
        open(self.name, "w").write("x")
)py",
     R"(5 key=app.Store.folder/a.txt words=folder,a,txt file=a.txt ext=.txt parameter=0 regular
6 key=app.Store.name words=name parameter=1!
)"},
    {"an_attribute_that_may_be_something_else_than_the_parameter", R"py(class Store:
    def __init__(self, folder=None, name=None):
        self.folder = folder or default_folder()
        self.file = self.folder + "/a.txt"
        open(self.file, "w").write("x")
        if name is None:
            name = find_name()
        self.name = name
        open(self.name, "w").write("x")
)py",
     R"(5 key=app.Store.folder/a.txt words=file,folder,default,a,txt file=a.txt ext=.txt regular
9 key=app.Store.name words=name,find
)"},
    {"an_attribute_that_starts_as_none", R"py(from pathlib import Path
class Store:
    def __init__(self):
        self.path = None
    def use(self, folder):
        self.path = Path(folder) / "a.json"
    def save(self):
        self.path.write_text("x")
)py",
     R"(8 key=app.Store.path words=path,folder,a,json file=a.json ext=.json path regular
)"},
    {"an_attribute_of_the_class", R"py(class Store:
    NAME = "a.json"
    def save(self):
        open(self.NAME, "w").write("x")
        open(Store.NAME, "w").write("x")
)py",
     R"(4 key=a.json words=name,a,json file=a.json ext=.json regular
5 key=a.json words=name,a,json file=a.json ext=.json regular
)"},
    {"an_annotated_field", R"py(from dataclasses import dataclass
from pathlib import Path
@dataclass
class Store:
    path: Path
    def save(self):
        self.path.write_text("x")
)py",
     R"(7 key=app.Store.path words=path path
)"},
    {"an_attribute_of_a_base", R"py(from pathlib import Path
class Base:
    def __init__(self):
        self.path = Path("a.json")
class Store(Base):
    def save(self):
        self.path.write_text("x")
)py",
     R"(7 key=a.json words=path,a,json file=a.json ext=.json path regular
)"},
    {"a_property", R"py(from pathlib import Path
class Store:
    @property
    def path(self):
        return Path("data") / "a.json"
    def save(self):
        self.path.write_text("x")
)py",
     R"(7 key=data/a.json words=path,data,a,json file=a.json ext=.json path regular
)"},
    {"a_method_that_gives_a_path", R"py(from pathlib import Path
class Store:
    def path_of(self, name):
        return Path("data") / f"{name}.json"
    def save(self, name):
        self.path_of(name).write_text("x")
)py",
     R"(6 key=data/*.json words=path,of,data,name,json ext=.json parameter=0 path regular
)"},
    {"a_function_annotated_to_give_a_path", R"py(from pathlib import Path
def path_of(name) -> Path:
    return make(name)
def save(name):
    path_of(name).write_text("x")
)py",
     R"(5 key=app.path_of(app.save.name,) words=path,of,make parameter=0 path
)"},
    {"an_attribute_of_an_object_of_this_file", R"py(from pathlib import Path
class Places:
    def __init__(self):
        self.state = Path("state.json")
def save():
    places = Places()
    places.state.write_text("x")
)py",
     R"(7 key=state.json words=state,json file=state.json ext=.json path regular
)"},
    {"an_attribute_of_an_object_of_another_file", R"py(from .places import Places
def save(places: Places):
    (places.folder / "state.json").write_text("x")
)py",
     R"(3 key=app.save.places.folder/state.json words=folder,state,json file=state.json)"
     R"( ext=.json parameter=0 path regular
)"},
    {"such_an_object_where_other_paths_are_known", R"py(from upath import UPath
from .places import Places
def save(places: Places):
    (places.folder / "state.json").write_text("x")
)py",
     R"(4 key=app.save.places.folder/state.json words=folder,state,json file=state.json)"
     R"( ext=.json parameter=0 regular
)"},
    {"the_words_of_an_attribute_are_its_own", R"py(def save(self, session, config):
    open(session.store.cache_file, "w").write("x")
    open(config["output_path"], "w").write("x")
    open(config.get("report_name"), "w").write("x")
    open(find_name(session, "token"), "w").write("x")
)py",
     R"(2 key=app.save.session.store.cache_file words=cache,file parameter=1
3 key=app.save.config[output_path] words=output,path parameter=2
4 key=app.save.config.get(report_name,) words=report,name parameter=2
5 key=find_name(app.save.session,token,) words=find,name parameter=1
)"},
    {"joined_paths", R"py(import os
def f(folder, name):
    open(os.path.join(folder, "sub", name + ".json"), "w").write("x")
)py",
     R"(3 key=app.f.folder/sub/*.json words=folder,sub,name,json ext=.json parameter=1 regular
)"},
    {"joined_by_a_slash_in_an_f_string", R"py(def f(folder, name):
    open(f"{folder}/{name}.json", "w").write("x")
)py",
     R"(2 key=app.f.folder/*.json words=folder,name,json ext=.json parameter=0 regular
)"},
    {"old_formats", R"py(def f(folder, name):
    open("%s/%s.json" % (folder, name), "w").write("x")
    open("{}/{}.json".format(folder, name), "w").write("x")
    open("%(folder)s/a.json" % values, "w").write("x")
)py",
     R"(2 key=app.f.folder/*.json words=json,folder,name ext=.json parameter=0 regular
3 key=app.f.folder/*.json words=json,folder,name ext=.json parameter=0 regular
4 key=app.values/a.json words=a,json,values file=a.json ext=.json regular
)"},
    {"an_absolute_name_stands_alone", R"py(import os
open(os.path.join("data", "/etc/app.conf"), "w").write("x")
)py",
     R"(2 key=/etc/app.conf words=etc,app,conf file=app.conf ext=.conf regular
)"},
    {"other_spellings_of_one_path", R"py(import os
from pathlib import Path
def f(p):
    open(str(Path(p).expanduser().resolve()), "w").write("x")
    open(os.path.abspath(os.fspath(p)), "w").write("x")
)py",
     R"(4 key=app.f.p words=p parameter=0!
5 key=app.f.p words=p parameter=0!
)"},
    {"a_parameter", R"py(def f(first, path):
    open(path, "w").write("x")
    open(path + ".json", "w").write("x")
)py",
     R"(2 key=app.f.path words=path parameter=1!
3 key=app.f.path.json words=path,json ext=.json parameter=1 regular
)"},
    {"a_parameter_bound_to_itself_as_a_path", R"py(from pathlib import Path
def f(path):
    path = Path(path)
    path.write_text("x")
)py",
     R"(4 key=app.f.path words=path parameter=0! path
)"},
    {"a_method_parameter_does_not_count_self", R"py(class A:
    def f(self, path):
        open(path, "w").write("x")
    @staticmethod
    def g(first, path):
        open(path, "w").write("x")
    @classmethod
    def h(cls, path):
        open(path, "w").write("x")
)py",
     R"(3 key=app.A.f.path words=path parameter=0!
6 key=app.A.g.path words=path parameter=1!
9 key=app.A.h.path words=path parameter=0!
)"},
    {"a_parameter_of_an_outer_function", R"py(def f(path):
    def g():
        open(path, "w").write("x")
)py",
     R"(3 key=app.f.path words=path
)"},
    {"keys_are_of_one_function", R"py(def f(path):
    open(path, "w").write("x")
def g(path):
    open(path, "w").write("x")
)py",
     R"(2 key=app.f.path words=path parameter=0!
4 key=app.g.path words=path parameter=0!
)"},
    {"a_name_bound_twice_has_two_keys", R"py(def f(a, b):
    p = make(a)
    open(p, "w").write("x")
    p = make(b)
    open(p, "w").write("x")
)py",
     R"(3 key=app.f.p words=p,make parameter=0
5 key=app.f.p#1 words=p,make parameter=1
)"},
    {"a_glob", R"py(from pathlib import Path
class Roles:
    def __init__(self, folder):
        self.folder = Path(folder)
    def f(self, name):
        for path in sorted(self.folder.glob("*.json")):
            path.write_text("x")
        (self.folder / f"{name}.json").write_text("x")
)py",
     R"(7 key=app.Roles.folder/*.json words=path,folder,json ext=.json path regular
8 key=app.Roles.folder/*.json words=folder,name,json ext=.json parameter=0 path regular
)"},
    {"a_comprehension_over_a_glob", R"py(from pathlib import Path
[p.write_text("x") for p in Path("d").rglob("*.md")]
)py",
     R"(2 key=d/*.md words=p,d,md ext=.md path regular
)"},
    {"enumerated_paths", R"py(from pathlib import Path
for i, p in enumerate(Path("d").iterdir()):
    p.write_text("x")
)py",
     R"(3 key=d/* words=p,d path
)"},
    {"walked_folders", R"py(import os
for root, dirs, files in os.walk("d"):
    for name in files:
        open(os.path.join(root, name), "w").write("x")
)py",
     R"(4 key=app.root/app.name words=root,d,name,files
)"},
    {"listed_names", R"py(import os
for name in os.listdir("d"):
    open(os.path.join("d", name), "w").write("x")
)py",
     R"(3 key=d/app.name words=d,name
)"},
    {"a_guarded_path", R"py(import os
def f(p, q):
    if p.is_file():
        p.write_text("x")
    if os.path.isfile(q):
        open(q, "w").write("x")
)py",
     R"(4 key=app.f.p words=p parameter=0! regular
6 key=app.f.q words=q parameter=1! regular
)"},
    {"a_conditional_path", R"py(def f(a):
    path = "a.json" if a else "b.json"
    open(path, "w").write("x")
)py",
     R"(3 key=app.f.path words=path,a,json,b ext=.json regular
)"},
    {"a_path_or_a_default", R"py(from pathlib import Path
def f(path=None):
    path = path or Path("state.json")
    path.write_text("x")
)py",
     R"(4 key=app.f.path#1 words=path,state,json parameter=0
)"},
    {"a_path_of_branches", R"py(from pathlib import Path
def f(a):
    if a:
        path = Path("a.json")
    else:
        path = Path("b.yaml")
    path.write_text("x")
)py",
     R"(7 key=app.f.path#1 words=path,b,yaml,a,json path
)"},
    {"added_to_in_place", R"py(def f(name):
    path = "data/"
    path += name
    path += ".json"
    open(path, "w").write("x")
)py",
     R"(5 key=data/app.f.name.json words=path,data,name,json ext=.json parameter=0 regular
)"},
    {"a_tuple_of_names", R"py(def f():
    a, b = "a.json", "b.json"
    open(b, "w").write("x")
)py",
     R"(3 key=b.json words=b,json file=b.json ext=.json regular
)"},
    {"home_and_environment", R"py(import os
from pathlib import Path
(Path.home() / ".app" / "token").write_text("x")
open(os.environ["APP_STATE"], "w").write("x")
open(os.path.expanduser("~/.apprc"), "w").write("x")
)py",
     R"(3 key=~/.app/token words=app,token file=token path
4 key=os.environ[APP_STATE] words=app,state
5 key=~/.apprc words=apprc file=.apprc
)"},
    {"beside_the_program", R"py(import os
from pathlib import Path
(Path(__file__).parent / "cache.json").write_text("x")
open(os.path.join(os.path.dirname(__file__), "b.json"), "w").write("x")
)py",
     R"(3 key=app.__file__/../cache.json words=parent,file,cache,json file=cache.json ext=.json)"
     R"( path regular
4 key=app.__file__/../b.json words=file,b,json file=b.json ext=.json regular
)"},
    {"unicode_and_spaces", R"py(open("my dätä/état.json", "w").write("x")
)py",
     R"(1 key=my dätä/état.json words=my,dätä,état,json file=état.json ext=.json regular
)"},
    {"escapes_in_a_literal", R"py(open("a\\tb\x41.txt", "w").write("x")
open(r"c:\data\a.txt", "w").write("x")
)py",
     R"(1 key=a\tb\x41.txt words=a,tb,x41,txt file=a\tb\x41.txt ext=.txt regular
2 key=c:\data\a.txt words=c,data,a,txt file=c:\data\a.txt ext=.txt regular
)"},
    {"concatenated_literals", R"py(open("data/" "state" ".json", "w").write("x")
)py",
     R"(1 key=data/state.json words=data,state,json file=state.json ext=.json regular
)"},
    {"a_terminal", R"py(def f(tty_name):
    open(tty_name, "w").write("x")
)py",
     R"(2 key=app.f.tty_name words=tty,name parameter=0! special
)"},
    {"split_words", R"py(open(userAccountsDB_v2, "w").write("x")
open(HTTPServerLOG, "w").write("x")
)py",
     R"(1 key=app.userAccountsDB_v2 words=user,accounts,db,v2
2 key=app.HTTPServerLOG words=http,server,log
)"},
    {"an_attribute_set_in_the_same_function", R"py(import os
class Job:
    def f(self, out_dir):
        self.job_file = os.path.join(out_dir, "job.txt")
        open(self.job_file, "w").write("x")
    def g(self, out_dir):
        open(self.job_file, "w").write("x")
)py",
     R"(5 key=app.Job.job_file words=job,file,out,dir,txt file=job.txt ext=.txt parameter=0 regular
7 key=app.Job.job_file words=job,file,out,dir,txt file=job.txt ext=.txt regular
)"},
};

INSTANTIATE_TEST_SUITE_P(python, DescribesPaths, ::testing::ValuesIn(snippets),
                         testing::name_of_snippet);

}  // namespace
}  // namespace untorn::languages
