// SPDX-License-Identifier: Apache-2.0
//
// What happens to an open file.
#include <gtest/gtest.h>

#include <string>

#include "languages/python/rendering_test.h"

namespace untorn::languages {
namespace {

using testing::Snippet;

class FollowsHandles : public ::testing::TestWithParam<Snippet> {};

TEST_P(FollowsHandles, as_written) {
  const auto facts = python().read("app.py", GetParam().source);
  ASSERT_TRUE(facts) << facts.error().reason;
  EXPECT_EQ(testing::render_operations(*facts), GetParam().expected) << GetParam().source;
}

constexpr Snippet snippets[] = {
    {"a_with_block", R"py(with open("a.txt", "w") as f:
    f.write("x")
)py",
     R"(1 create open text a.txt
)"},
    {"json_into_a_handle", R"py(import json
with open("a.json", "w") as f:
    json.dump({}, f)
)py",
     R"(2 create open json a.json
)"},
    {"json_as_text", R"py(import json
with open("a.json", "w") as f:
    f.write(json.dumps({}) + "\n")
)py",
     R"(2 create open json a.json
)"},
    {"json_as_bytes", R"py(import json
from pathlib import Path
Path("a.json").write_bytes(json.dumps({}).encode())
)py",
     R"(3 create pathlib.Path.write_bytes json a.json
)"},
    {"json_text_in_a_name", R"py(import json
from pathlib import Path
def f(x):
    text = json.dumps(x)
    Path("a.json").write_text(text)
)py",
     R"(5 create pathlib.Path.write_text json a.json in f
)"},
    {"yaml_toml_pickle", R"py(import yaml, toml, pickle
with open("a.yaml", "w") as f: yaml.safe_dump({}, f)
with open("a.toml", "w") as f: toml.dump({}, f)
with open("a.pkl", "wb") as f: pickle.dump({}, f)
)py",
     R"(2 create open yaml a.yaml
3 create open toml a.toml
4 create open pickle a.pkl
)"},
    {"a_pickler", R"py(import pickle
with open("a.pkl", "wb") as f:
    p = pickle.Pickler(f)
    p.dump({})
)py",
     R"(2 create open pickle a.pkl
)"},
    {"csv_rows", R"py(import csv
with open("a.csv", "w") as f:
    w = csv.writer(f)
    w.writerow([1])
    w.writerows(rows)
)py",
     R"(2 create open csv a.csv in_pieces
)"},
    {"a_config_parser", R"py(import configparser
c = configparser.ConfigParser()
with open("a.ini", "w") as f:
    c.write(f)
)py",
     R"(3 create open ini a.ini
)"},
    {"print_into_a_file", R"py(with open("a.txt", "w") as f:
    print("x", file=f)
    print("y", file=f)
)py",
     R"(1 create open text a.txt in_pieces
)"},
    {"print_of_python_2", R"py(f = open("a.txt", "w")
print >>f, "x"
)py",
     R"(1 create open text a.txt
)"},
    {"several_writes", R"py(with open("a.txt", "w") as f:
    f.write("x")
    f.write("y")
)py",
     R"(1 create open text a.txt in_pieces
)"},
    {"writes_in_a_loop", R"py(with open("a.txt", "w") as f:
    for x in y:
        f.write(x)
)py",
     R"(1 create open text a.txt in_pieces
)"},
    {"a_loop_around_the_whole_is_no_piece", R"py(for x in y:
    with open(x + ".txt", "w") as f:
        f.write(x)
)py",
     R"(2 create open text x + ".txt" in_loop
)"},
    {"writes_in_a_comprehension", R"py(with open("a.txt", "w") as f:
    [f.write(x) for x in y]
)py",
     R"(1 create open text a.txt in_pieces
)"},
    {"opened_and_closed", R"py(def f():
    g = open("a.txt", "w")
    try:
        g.write("x")
    finally:
        g.close()
)py",
     R"(2 create open text a.txt in f
)"},
    {"synced_after_the_write", R"py(import os
with open("a.txt", "w") as f:
    f.write("x")
    f.flush()
    os.fsync(f.fileno())
)py",
     R"(2 create open text a.txt synced
)"},
    {"synced_before_the_write", R"py(import os
with open("a.txt", "w") as f:
    os.fsync(f)
    f.write("x")
)py",
     R"(2 create open text a.txt
)"},
    {"synced_by_fdatasync", R"py(import os
f = open("a.txt", "w")
f.write("x")
os.fdatasync(f.fileno())
f.close()
)py",
     R"(2 create open text a.txt synced
)"},
    {"nothing_is_written", R"py(open("a.lock", "w").close()
with open(".gitkeep", "w"): pass
open("b", "a")
)py",
     R"(1 create open nothing a.lock writes_nothing
2 create open nothing .gitkeep writes_nothing
3 append open nothing b writes_nothing
)"},
    {"empty_content", R"py(from pathlib import Path
Path("a.txt").write_text("")
Path("a.txt").write_text("x")
)py",
     R"(2 create pathlib.Path.write_text nothing a.txt writes_nothing
3 create pathlib.Path.write_text text a.txt
)"},
    {"only_a_lock", R"py(import fcntl
with open("a.lock", "w") as f:
    fcntl.flock(f, fcntl.LOCK_EX)
    work()
)py",
     R"(2 create open nothing a.lock writes_nothing only_locks
)"},
    {"a_lock_that_an_object_keeps", R"py(import fcntl
class Lock:
    def take(self):
        self.file = open("a.lock", "w")
        fcntl.lockf(self.file, fcntl.LOCK_EX)
    def drop(self):
        self.file.close()
)py",
     R"(4 create open nothing a.lock in Lock.take writes_nothing only_locks
)"},
    {"a_pid_in_a_lock", R"py(import fcntl, os
f = open("a.pid", "w")
fcntl.flock(f.fileno(), fcntl.LOCK_EX)
f.write(str(os.getpid()))
)py",
     R"(2 create open text a.pid
)"},
    {"a_lock_by_an_own_function", R"py(with open("a.lock", "a+") as f:
    with lock_file(f.fileno()):
        work()
)py",
     R"(1 append open nothing a.lock writes_nothing only_locks
)"},
    {"a_handle_that_an_object_keeps", R"py(class Log:
    def __init__(self):
        self.file = open("a.log", "w")
)py",
     R"(3 create open unknown a.log in Log.__init__ escapes
)"},
    {"a_handle_that_is_returned", R"py(def f():
    return open("a.txt", "w")
)py",
     R"(2 create open unknown a.txt in f escapes
)"},
    {"a_handle_that_is_yielded", R"py(def f():
    with open("a.txt", "w") as g:
        yield g
)py",
     R"(2 create open unknown a.txt in f escapes
)"},
    {"a_handle_that_is_passed_on", R"py(with open("a.txt", "w") as f:
    render(f)
)py",
     R"(1 create open unknown a.txt escapes
)"},
    {"a_handle_in_a_list", R"py(files = [open("a.txt", "w")]
)py",
     R"(1 create open unknown a.txt escapes
)"},
    {"a_handle_in_a_global", R"py(def f():
    global LOG
    LOG = open("a.log", "w")
)py",
     R"(3 create open unknown a.log in f escapes
)"},
    {"a_handle_of_a_process", R"py(import subprocess
with open("a.txt", "w") as f:
    subprocess.run(["ls"], stdout=f)
    p = subprocess.Popen(["ls"], stdout=f)
)py",
     R"(2 create open unknown a.txt escapes in_pieces
)"},
    {"a_handle_under_another_name", R"py(with open("a.txt", "w") as f:
    g = f
    g.write("x")
)py",
     R"(1 create open text a.txt
)"},
    {"a_handle_through_an_exit_stack", R"py(import contextlib
with contextlib.ExitStack() as stack:
    f = stack.enter_context(open("a.txt", "w"))
    f.write("x")
)py",
     R"(3 create open text a.txt
)"},
    {"a_closing_handle", R"py(from contextlib import closing
with closing(open("a.txt", "w")) as f:
    f.write("x")
)py",
     R"(2 create open text a.txt
)"},
    {"a_wrapped_handle", R"py(import io
with open("a.txt", "wb") as raw:
    text = io.TextIOWrapper(raw, "utf-8")
    text.write("x")
)py",
     R"(2 create open text a.txt
)"},
    {"a_walrus", R"py(if (f := open("a.txt", "w")):
    f.write("x")
)py",
     R"(1 create open text a.txt
)"},
    {"a_handle_of_either_branch", R"py(def g(a):
    if a:
        f = open("a.txt", "w")
    else:
        f = open("b.txt", "w")
    f.write("x")
)py",
     R"(3 create open text a.txt in g
5 create open text b.txt in g
)"},
    {"a_name_that_is_bound_anew", R"py(f = open("a.txt", "w")
f.close()
f = open("b.txt", "w")
f.write("x")
)py",
     R"(1 create open nothing a.txt writes_nothing
3 create open text b.txt
)"},
    {"a_nested_function_writes", R"py(def g():
    f = open("a.txt", "w")
    def put(x):
        f.write(x)
    put("a")
)py",
     R"(2 create open text a.txt in g
)"},
    {"a_write_function_in_a_name", R"py(f = open("a.txt", "w")
put = f.write
put("x")
)py",
     R"(1 create open text a.txt in_pieces
)"},
    {"a_truncated_update", R"py(with open("a.txt", "r+") as f:
    f.seek(0)
    f.write("x")
    f.truncate()
)py",
     R"(1 update open text a.txt in_pieces
)"},
    {"an_update_that_only_reads", R"py(import json
with open("a.json", "r+") as f:
    json.load(f)
)py",
     R"(2 update open nothing a.json writes_nothing
)"},
    {"content_copied_into_a_handle", R"py(import shutil
with open("a", "rb") as source, open("b.bin", "wb") as target:
    shutil.copyfileobj(source, target)
)py",
     R"(2 read open unknown a
2 create open bytes b.bin
)"},
    {"bytes_by_the_mode", R"py(def f(data):
    with open("a.bin", "wb") as g:
        g.write(data)
)py",
     R"(2 create open bytes a.bin in f
)"},
    {"writelines", R"py(with open("a.txt", "w") as f:
    f.writelines(lines)
)py",
     R"(1 create open text a.txt
)"},
    {"asynchronous_files", R"py(import aiofiles
async def f():
    async with aiofiles.open("a.txt", "w") as g:
        await g.write("x")
)py",
     R"(3 create aiofiles.open text a.txt in f
)"},
    {"the_output_of_redirect", R"py(import contextlib
with open("a.txt", "w") as f, contextlib.redirect_stdout(f):
    print("x")
)py",
     R"(2 create open text a.txt in_pieces
)"},
    {"the_same_name_for_other_files", R"py(import json
for a in b:
    with open(a, "r+") as f:
        json.load(f)
for a in b:
    with open(a + ".txt", "w") as f:
        f.write("x")
)py",
     R"(3 update open nothing a writes_nothing in_loop
6 create open text a + ".txt" in_loop
)"},
    {"a_handle_that_an_own_function_writes", R"py(def g(message):
    f = open("a.txt", "r+")
    dump_message(message, f)
)py",
     R"(2 update open unknown a.txt in g escapes
)"},
};

INSTANTIATE_TEST_SUITE_P(python, FollowsHandles, ::testing::ValuesIn(snippets),
                         testing::name_of_snippet);

}  // namespace
}  // namespace untorn::languages
