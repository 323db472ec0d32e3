// SPDX-License-Identifier: Apache-2.0
//
// Early return of an error, for code inside the library.
//
//   UNTORN_TRY(Handle directory, open_directory(fs, path));  // declares `directory`
//   UNTORN_CHECK(fs.sync(directory));                        // only the error matters
//
// libstdc++ 12 has std::expected without its monadic members; a macro is the only short form that
// still returns from the caller.
#pragma once
#include <expected>
#include <utility>

#define UNTORN_TRY_JOIN2(a, b) a##b
#define UNTORN_TRY_JOIN(a, b) UNTORN_TRY_JOIN2(a, b)

// The result is moved into `declaration`, or its error is returned as std::unexpected.
#define UNTORN_TRY(declaration, ...) \
  UNTORN_TRY_WITH(UNTORN_TRY_JOIN(untorn_try_, __LINE__), declaration, __VA_ARGS__)
#define UNTORN_TRY_WITH(name, declaration, ...)               \
  auto name = (__VA_ARGS__);                                  \
  if (!name) return std::unexpected(std::move(name).error()); \
  declaration = *std::move(name)

#define UNTORN_CHECK(...)                                        \
  do {                                                           \
    if (auto untorn_checked = (__VA_ARGS__); !untorn_checked)    \
      return std::unexpected(std::move(untorn_checked).error()); \
  } while (false)
