// SPDX-License-Identifier: Apache-2.0
#include "languages/python/import_place.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

extern "C" const TSLanguage* tree_sitter_python(void);

namespace untorn::languages {
namespace {

// The text with a line `*` put where an import would go.
std::string with_import(std::string_view source) {
  const SyntaxTree tree = SyntaxTree::parse(tree_sitter_python(), source);
  const ImportPlace place = find_import_place(tree);
  EXPECT_LE(place.offset, source.size());
  std::string line;
  if (place.offset == source.size() && !source.empty() && source.back() != '\n' &&
      source.back() != '\xBF') {
    line += place.line_end;
  }
  if (place.needs_blank_before) line += place.line_end;
  line += "*" + place.line_end;
  if (place.needs_blank_after) line += place.line_end;
  return std::string(source.substr(0, place.offset)) + line +
         std::string(source.substr(place.offset));
}

struct PlaceCase {
  std::string_view before;
  std::string_view after;
};

class Places : public testing::TestWithParam<PlaceCase> {};

TEST_P(Places, are_where_python_and_people_expect_them) {
  EXPECT_EQ(with_import(GetParam().before), GetParam().after);
}

INSTANTIATE_TEST_SUITE_P(
    imports, Places,
    testing::Values(
        PlaceCase{"", "*\n"}, PlaceCase{"x = 1\n", "*\n\nx = 1\n"},
        PlaceCase{"import os\n", "import os\n*\n"}, PlaceCase{"import os", "import os\n*\n"},
        PlaceCase{"import os\nx = 1\n", "import os\n*\nx = 1\n"},
        PlaceCase{"import os\n\nx = 1\n", "import os\n*\n\nx = 1\n"},
        PlaceCase{"import os\ndef f(): pass\n", "import os\n*\n\ndef f(): pass\n"},
        PlaceCase{"import os\nfrom a import (\n  b,\n  c,\n)\nx = 1\n",
                  "import os\nfrom a import (\n  b,\n  c,\n)\n*\nx = 1\n"},
        PlaceCase{"import os; x = '''\nimport no\n'''\n",
                  "import os; x = '''\nimport no\n'''\n*\n"},
        PlaceCase{"import os  # why\n# next\nx = 1\n", "import os  # why\n*\n# next\nx = 1\n"},
        PlaceCase{"import os\nif TYPE_CHECKING:\n  import a\nx = 1\n",
                  "import os\n*\nif TYPE_CHECKING:\n  import a\nx = 1\n"},
        PlaceCase{"import os\ntry:\n  import a\nexcept ImportError:\n  a = None\nimport b\nx = 1\n",
                  "import os\ntry:\n  import a\nexcept ImportError:\n  a = None\nimport b\n*\n"
                  "x = 1\n"},
        PlaceCase{"import sys\nsys.path.insert(0, 'x')\nimport b\n\nx = 1\n",
                  "import sys\nsys.path.insert(0, 'x')\nimport b\n*\n\nx = 1\n"},
        PlaceCase{"import os\ndef f(): pass\nimport late\n",
                  "import os\n*\n\ndef f(): pass\nimport late\n"},
        PlaceCase{"import os\nclass A: pass\nimport late\n",
                  "import os\n*\n\nclass A: pass\nimport late\n"},
        PlaceCase{"import os\n@d\ndef f(): pass\n", "import os\n*\n\n@d\ndef f(): pass\n"},
        PlaceCase{"from . import a\nfrom .b import c\n", "from . import a\nfrom .b import c\n*\n"},
        PlaceCase{"import a\nimport b\nimport c\n", "import a\nimport b\nimport c\n*\n"}));

INSTANTIATE_TEST_SUITE_P(
    heads, Places,
    testing::Values(
        PlaceCase{"'''doc'''\n", "'''doc'''\n\n*\n"},
        PlaceCase{"'''doc'''\nx = 1\n", "'''doc'''\n\n*\n\nx = 1\n"},
        PlaceCase{"'''doc\nmore\n'''\n\nx = 1\n", "'''doc\nmore\n'''\n\n*\n\nx = 1\n"},
        PlaceCase{"\"doc\"; x = 1\ny = 2\n", "\"doc\"; x = 1\n\n*\n\ny = 2\n"},
        PlaceCase{"'''doc'''\nfrom __future__ import annotations\n\nx = 1\n",
                  "'''doc'''\nfrom __future__ import annotations\n*\n\nx = 1\n"},
        PlaceCase{"from __future__ import annotations\nimport os\n",
                  "from __future__ import annotations\nimport os\n*\n"},
        PlaceCase{"#!/usr/bin/env python3\nx = 1\n", "#!/usr/bin/env python3\n\n*\n\nx = 1\n"},
        PlaceCase{"#!/usr/bin/python\n# -*- coding: latin-1 -*-\nx = 1\n",
                  "#!/usr/bin/python\n# -*- coding: latin-1 -*-\n\n*\n\nx = 1\n"},
        PlaceCase{"#!/bin/sh\n# about x\nx = 1\n", "#!/bin/sh\n\n*\n\n# about x\nx = 1\n"},
        PlaceCase{"# Licence\n# of two lines\n\nx = 1\n",
                  "# Licence\n# of two lines\n\n*\n\nx = 1\n"},
        PlaceCase{"# about x\nx = 1\n", "*\n\n# about x\nx = 1\n"},
        PlaceCase{"\xEF\xBB\xBFimport os\r\nx = 1\r\n", "\xEF\xBB\xBFimport os\r\n*\r\nx = 1\r\n"},
        PlaceCase{"\xEF\xBB\xBFx = 1\n", "\xEF\xBB\xBF*\n\nx = 1\n"},
        PlaceCase{"x = 1\r\n", "*\r\n\r\nx = 1\r\n"},
        PlaceCase{"'''d'''\r\nx = 1\r\n", "'''d'''\r\n\r\n*\r\n\r\nx = 1\r\n"},
        PlaceCase{"# only\n", "# only\n\n*\n"}, PlaceCase{"# only", "# only\n\n*\n"}));

TEST(ImportPlaces, an_import_runs_before_the_statement_that_needs_it) {
  const std::string_view source = "import a\nopen('x', 'w')\nimport b\ny = 1\n";
  const SyntaxTree tree = SyntaxTree::parse(tree_sitter_python(), source);
  EXPECT_EQ(find_import_place(tree, static_cast<std::uint32_t>(source.find("open"))).offset,
            source.find("open"));
  EXPECT_EQ(find_import_place(tree).offset, source.find("y = 1"));
}

TEST(ImportPlaces, every_prefix_has_a_place_at_the_begin_of_a_line_or_at_the_end) {
  const std::string source =
      "#!x\n# coding: a\n\n'''d\n'''\nfrom __future__ import a\nimport b; c = '''\n'''\n"
      "try:\n  import d\nexcept E: pass\nfrom . import (e,\n f)\ndef g(): pass\n";
  for (std::size_t size = 0; size <= source.size(); ++size) {
    const std::string_view prefix = std::string_view(source).substr(0, size);
    const SyntaxTree tree = SyntaxTree::parse(tree_sitter_python(), prefix);
    const std::uint32_t offset = find_import_place(tree).offset;
    ASSERT_LE(offset, size);
    EXPECT_TRUE(offset == 0 || offset == size || prefix[offset - 1] == '\n') << prefix;
  }
}

}  // namespace
}  // namespace untorn::languages
