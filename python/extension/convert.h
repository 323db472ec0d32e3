// SPDX-License-Identifier: Apache-2.0
//
// Between Python's objects and the library's values. Every function here needs the interpreter's
// lock, and answers null or false with a Python exception set when it fails.
#pragma once
#include <Python.h>

#include <memory>
#include <string>
#include <string_view>

#include "untorn/replace.h"

namespace untorn::python {

struct Release {
  void operator()(PyObject* object) const { Py_XDECREF(object); }
};
// A reference that is ours.
using Owned = std::unique_ptr<PyObject, Release>;

// What os.fspath says of a path argument: the str or bytes that errors name, and its bytes.
struct PathArgument {
  Owned name;
  std::string bytes;
};
[[nodiscard]] bool to_path(PyObject* argument, PathArgument& path);

// From what untorn/_common.py checked: `exclusive` as of mode "x", `more` None or the tuple of
// options_of().
[[nodiscard]] bool to_options(const char* durability, bool exclusive, PyObject* more,
                              ReplaceOptions& options);

// The content of a bytes object itself, or a copy of any other object's C-contiguous buffer: what
// is written must not change while other threads of the interpreter run.
[[nodiscard]] Owned to_bytes(PyObject* data);
[[nodiscard]] std::string_view view_of(PyObject* bytes);

// Text of ours; bytes that are no UTF-8 become surrogates, as in Python's paths.
[[nodiscard]] Owned to_text(std::string_view text);

// The fields of a Receipt, by name.
[[nodiscard]] PyObject* to_fields(const Receipt& receipt);

// Raises what untorn.errors makes of it. Always null.
PyObject* raise(const Error& error, PyObject* name);

}  // namespace untorn::python
