// SPDX-License-Identifier: Apache-2.0
#include "scan/languages.h"

#include <gtest/gtest.h>

namespace untorn::scan {
namespace {

TEST(languages, an_extension_tells_whatever_its_case) {
  for (const char* path : {"a.py", "b/c.PY", "d.pyi", ".e.py", "f.g.py"}) {
    EXPECT_EQ(language_by_name(path), &languages::python()) << path;
  }
  for (const char* path : {"a.pyc", "py", "a.py/b", "a.", ""}) {
    EXPECT_EQ(language_by_name(path), nullptr) << path;
  }
}

TEST(languages, a_first_line_tells_by_its_interpreter) {
  for (const char* line : {"#!/usr/bin/python", "#!/usr/bin/env python3\n", "#! /opt/python3.12 -u",
                           "#!/usr/bin/env -S A=b python2.7 -E\r\n", "#!python3"}) {
    EXPECT_EQ(language_by_first_line(line), &languages::python()) << line;
  }
  for (const char* line : {"#!/bin/sh", "#!/usr/bin/env", "#!", "", "python3", "#!/bin/pythonic",
                           "#!/bin/sh\npython3", "#!/usr/bin/env perl python3"}) {
    EXPECT_EQ(language_by_first_line(line), nullptr) << line;
  }
}

TEST(languages, only_a_name_without_dots_may_be_a_script) {
  EXPECT_TRUE(may_be_script("bin/tool"));
  EXPECT_FALSE(may_be_script("bin/tool.sh"));
  EXPECT_FALSE(may_be_script("bin/.profile"));
}

}  // namespace
}  // namespace untorn::scan
