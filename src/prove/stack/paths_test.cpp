// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/paths.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "prove/stack/stack_test_support.h"

namespace untorn::prove {
namespace {

TEST(CleanPath, takes_out_dots_and_double_slashes) {
  EXPECT_EQ(clean_path("/a//b/./c/../d"), "/a/b/d");
  EXPECT_EQ(clean_path("/../.."), "/");
  EXPECT_EQ(clean_path("/a/b/"), "/a/b");
}

TEST(SystemLibrary, is_told_by_folder_or_name) {
  EXPECT_TRUE(is_system_library("/usr/lib/x86_64-linux-gnu/libsqlite3.so.0"));
  EXPECT_TRUE(is_system_library("/opt/toolchain/libstdc++.so.6"));
  EXPECT_FALSE(is_system_library("/home/user/project/build/libstore.so"));
  EXPECT_FALSE(is_system_library("/srv/lib/libstore.so"));
}

TEST(Interpreter, is_told_by_its_whole_name) {
  EXPECT_TRUE(is_interpreter("/usr/bin/python3.11"));
  EXPECT_TRUE(is_interpreter("/usr/bin/perl5.36.0"));
  EXPECT_TRUE(is_interpreter("/usr/bin/dash"));
  EXPECT_FALSE(is_interpreter("/usr/bin/shred"));
  EXPECT_FALSE(is_interpreter("/home/user/node_store"));
  EXPECT_FALSE(is_interpreter("/home/user/python_backup"));
}

TEST(SystemSource, is_what_came_with_a_compiler) {
  EXPECT_TRUE(is_system_source("/usr/include/c++/12/bits/invoke.h"));
  EXPECT_TRUE(is_system_source("/rustc/0123/library/std/src/fs.rs"));
  EXPECT_FALSE(is_system_source("/home/user/include/store.h"));
  EXPECT_FALSE(is_system_source(""));
}

TEST(PythonLibrary, is_a_real_one_and_not_its_site_packages) {
  const test::TemporaryDirectory directory;
  const std::string library = directory.path() + "/lib/python3.11";
  std::filesystem::create_directories(library);
  EXPECT_FALSE(is_python_library(library + "/json/encoder.py", 11)) << "there is no os.py";
  (void)directory.write("lib/python3.11/os.py", "");
  EXPECT_TRUE(is_python_library(library + "/json/encoder.py", 11));
  EXPECT_FALSE(is_python_library(library + "/json/encoder.py", 12));
  EXPECT_FALSE(is_python_library(library + "/site-packages/store/save.py", 11));
  EXPECT_FALSE(is_python_library(library + "/dist-packages/store/save.py", 11));
  EXPECT_FALSE(is_python_library(directory.path() + "/app.py", 11));
  EXPECT_TRUE(is_python_library("<frozen importlib._bootstrap>", 11));
  EXPECT_FALSE(is_python_library("<string>", 11));
}

}  // namespace
}  // namespace untorn::prove
