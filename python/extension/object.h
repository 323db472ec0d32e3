// SPDX-License-Identifier: Apache-2.0
//
// What the module `_untorn` offers of the tables in bound.h:
//
//   Object(class, arguments, contents, log, wait_ms)
//   Object.call(method, arguments, contents, function) -> (reply, contents)
//   run(function, arguments, contents, function, wait_ms) -> (reply, contents)
//
// Arguments and reply are the bytes of one JSON value each, contents a tuple of bytes.
//
//   O1  File work is done without the interpreter's lock (P1); an object belongs to one thread at a
//       time, and another one waits for it. A call from within a callback of the same object is a
//       RuntimeError.
//   O2  Waiting for a lock of the library ends soon after Ctrl-C: the library waits for a slice of
//       the time, and signals are looked at between two slices.
//   O3  In a child of fork(2) an object of the parent is never used, nor taken down: its locks are
//       the parent's. Calls fail with a RuntimeError; untorn/_native.py makes a new object first.
//   O4  An exception of a callback goes through unchanged; the library has undone its work.
#pragma once
#include <Python.h>

namespace untorn::python {

[[nodiscard]] PyObject* make_object_type();

extern const char* const run_text;
PyObject* run_function(PyObject* module, PyObject* given) noexcept;

}  // namespace untorn::python
