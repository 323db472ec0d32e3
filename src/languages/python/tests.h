// SPDX-License-Identifier: Apache-2.0
//
// What belongs to tests, and which functions sync.
#pragma once
#include <string_view>
#include <vector>

#include "languages/facts.h"
#include "languages/python/evaluator.h"

namespace untorn::languages {

// A path of a test by its folders or its name: "pkg/tests/a.py", "a_test.py", "conftest.py".
[[nodiscard]] bool is_test_path(std::string_view path);

// Sets FileFacts::is_test by the path and the content, and Function::is_test of each function.
void mark_tests(Evaluator& evaluator, std::string_view path, FileFacts& facts);

// Sets Function::syncs if `call` syncs a file.
void mark_sync(Evaluator& evaluator, NodeId call, std::vector<Function>& functions);

}  // namespace untorn::languages
