// SPDX-License-Identifier: Apache-2.0
//
// Which calls carry paths to other functions.
#include <gtest/gtest.h>

#include <string>

#include "languages/python/rendering_test.h"

namespace untorn::languages {
namespace {

using testing::Snippet;

class RecordsCalls : public ::testing::TestWithParam<Snippet> {};

TEST_P(RecordsCalls, as_written) {
  const auto facts = python().read("app.py", GetParam().source);
  ASSERT_TRUE(facts) << facts.error().reason;
  EXPECT_EQ(testing::render_calls(*facts), GetParam().expected) << GetParam().source;
}

constexpr Snippet snippets[] = {
    {"a_function_of_this_file", R"py(def save(path): pass
save("a.json")
)py",
     R"(2 save(a.json 'a.json')
)"},
    {"a_function_that_is_imported", R"py(from store.files import save
import store.files
save("a.json")
store.files.save("b.json")
)py",
     R"(3 store.files.save(a.json 'a.json')
4 store.files.save(b.json 'b.json')
)"},
    {"a_relative_import", R"py(from .files import save
from . import files
from .. import other as o
save("a.json")
files.save("a.json")
o.save("a.json")
)py",
     R"(4 .files:save(a.json 'a.json')
5 .files:save(a.json 'a.json')
6 ..other:save(a.json 'a.json')
)"},
    {"a_method_of_self", R"py(class Store:
    def save(self, path):
        self._write(path, "w")
    def _write(self, path, mode): pass
)py",
     R"(3 Store._write(app.Store.save.path, _ 'w') in Store.save
)"},
    {"a_method_of_a_base", R"py(class Base:
    def _write(self, path): pass
class Store(Base):
    def save(self, path):
        self._write(path)
        super()._write(path)
)py",
     R"(5 Base._write(app.Store.save.path) in Store.save
6 Base._write(app.Store.save.path) in Store.save
)"},
    {"a_method_of_an_object", R"py(class Store:
    def save(self, path): pass
def f(path):
    s = Store()
    s.save(path)
    Store().save(path)
)py",
     R"(5 Store.save(app.f.path) in f
6 Store.save(app.f.path) in f
)"},
    {"a_method_of_an_annotated_object", R"py(from .store import Store
def f(store: Store, path):
    store.save(path)
)py",
     R"(3 .store:Store.save(app.f.path) in f
)"},
    {"a_method_of_an_attribute", R"py(from .store import Store
class App:
    def __init__(self):
        self.store = Store()
    def f(self, path):
        self.store.save(path)
)py",
     R"(6 .store:Store.save(app.App.f.path) in App.f
)"},
    {"places_stay", R"py(def save(data, name, path, mode="w"): pass
def f(data):
    save(1, "x y", "a.json")
    save(data=2, path="b.json", mode="a")
)py",
     R"(3 save(_, _, a.json 'a.json') in f
4 save(data=_, path=b.json 'b.json', mode=_ 'a') in f
)"},
    {"star_arguments_end_the_list", R"py(def save(a, b, c): pass
save("a.json", *rest, "b.json")
)py",
     R"(2 save(a.json 'a.json')
)"},
    {"what_names_no_file_is_left_out", R"py(def log(message): pass
log(3)
log("a message")
log(lambda: 0)
)py",
     R"()"},
    {"the_standard_library_is_not_the_project", R"py(import json, os, argparse
json.loads("a.json")
os.path.exists("a.json")
argparse.ArgumentParser().add_argument("path", type=str)
)py",
     R"()"},
    {"a_decorated_or_unknown_function", R"py(import mystery
mystery.run("a.json")
)py",
     R"(2 mystery.run(a.json 'a.json')
)"},
    {"an_alias_of_a_function", R"py(def save(path): pass
store = save
store("a.json")
)py",
     R"(3 save(a.json 'a.json')
)"},
    {"an_own_class", R"py(class Store:
    def __init__(self, path): pass
Store("a.json")
)py",
     R"(3 Store(a.json 'a.json')
)"},
    {"the_only_method_of_that_name", R"py(class Task:
    def dump(self, folder): pass
def f(job, folder):
    job.dump(folder)
)py",
     R"(4 Task.dump(app.f.folder) in f
)"},
    {"one_of_two_methods_of_that_name", R"py(class Task:
    def dump(self, folder): pass
class Other:
    def dump(self, folder): pass
def f(job, folder):
    job.dump(folder)
)py",
     R"()"},
    {"a_name_that_many_methods_have", R"py(class Task:
    def write(self, folder): pass
def f(job, folder):
    job.write(folder)
)py",
     R"()"},
};

INSTANTIATE_TEST_SUITE_P(python, RecordsCalls, ::testing::ValuesIn(snippets),
                         testing::name_of_snippet);

}  // namespace
}  // namespace untorn::languages
