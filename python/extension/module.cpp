// SPDX-License-Identifier: Apache-2.0
//
// The module `_untorn`, for CPython 3.8 and newer through the stable ABI: the library's replacement
// of one file here, its classes in object.h. What users call is written in Python.
//
//   P1  File work is done without the interpreter's lock, on bytes that nobody can change.
//   P2  A signal that Python handles (Ctrl-C) ends a long write, and then nothing is committed.
//   P3  No C++ exception leaves the extension; running out of memory becomes a MemoryError.
#include <Python.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "convert.h"
#include "interpreter.h"
#include "object.h"
#include "stream.h"

namespace untorn::python {
namespace {

// How much is written between two looks at the signals.
constexpr std::size_t piece_bytes_max = std::size_t{4} << 20U;

bool write_all(Stream& stream, PyObject* name, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, std::min(bytes.size(), piece_bytes_max));
    auto written = without_interpreter([&] { return stream.write(piece); });
    if (!written) {
      raise(written.error(), name);
      return false;
    }
    bytes.remove_prefix(piece.size());
    if (PyErr_CheckSignals() == 0) continue;  // P2
    without_interpreter([&] { stream.break_off(); });
    return false;
  }
  return true;
}

PyObject* commit(Stream& stream, PyObject* name) {
  auto receipt = without_interpreter([&] { return stream.commit(); });
  return receipt ? to_fields(*receipt) : raise(receipt.error(), name);
}

constexpr const char* replace_text =
    "replace(path, data, durability, exclusive, more) -> fields of a Receipt\n\n"
    "Replaces the file by the bytes of data.";

PyObject* replace(PyObject* /*module*/, PyObject* arguments) noexcept {
  return guarded([&]() -> PyObject* {
    PyObject* target = nullptr;
    PyObject* data = nullptr;
    const char* word = nullptr;
    int exclusive = 0;
    PyObject* more = nullptr;
    if (PyArg_ParseTuple(arguments, "OOspO:replace", &target, &data, &word, &exclusive, &more) ==
        0) {
      return nullptr;
    }
    PathArgument path;
    ReplaceOptions options;
    if (!to_path(target, path) || !to_options(word, exclusive != 0, more, options)) return nullptr;
    const Owned bytes = to_bytes(data);
    if (bytes == nullptr) return nullptr;
    Stream stream(path.bytes, options);
    auto opened = without_interpreter([&] { return stream.open(); });
    if (!opened) return raise(opened.error(), path.name.get());
    if (!write_all(stream, path.name.get(), view_of(bytes.get()))) return nullptr;
    return commit(stream, path.name.get());
  });
}

constexpr const char* fail_text =
    "fail(path, errno, step)\n\n"
    "Raises the untorn.Error of a system call of Python's own: step 'inspect' while reading,\n"
    "'create_temporary' before anything was written, 'write' while writing in place.";

PyObject* fail(PyObject* /*module*/, PyObject* arguments) noexcept {
  return guarded([&]() -> PyObject* {
    PyObject* target = nullptr;
    int os_errno = 0;
    const char* word = nullptr;
    if (PyArg_ParseTuple(arguments, "Ois:fail", &target, &os_errno, &word) == 0) return nullptr;
    PathArgument path;
    if (!to_path(target, path)) return nullptr;
    Step step = Step::inspect;
    for (const Step known : {Step::create_temporary, Step::write}) {
      if (to_string(known) == word) step = known;
    }
    const Outcome outcome = step == Step::write ? Outcome::unknown : Outcome::not_applied;
    return raise(Error::from_errno(os_errno, step, outcome, path.bytes), path.name.get());
  });
}

// The type `Replacer`: one Stream, and the path as the caller gave it.
struct ReplacerObject {
  PyObject_HEAD Stream* stream;
  PyObject* name;
};

ReplacerObject& object_of(PyObject* self) {
  return *reinterpret_cast<ReplacerObject*>(self);
}

char replacer_text[] =
    "Replacer(path, durability, exclusive, more)\n\n"
    "A replacement in pieces; the file stays as it is until commit().";

PyObject* replacer_new(PyTypeObject* type, PyObject* arguments, PyObject* /*keywords*/) noexcept {
  return guarded([&]() -> PyObject* {
    PyObject* target = nullptr;
    const char* word = nullptr;
    int exclusive = 0;
    PyObject* more = nullptr;
    if (PyArg_ParseTuple(arguments, "OspO:Replacer", &target, &word, &exclusive, &more) == 0) {
      return nullptr;
    }
    PathArgument path;
    ReplaceOptions options;
    if (!to_path(target, path) || !to_options(word, exclusive != 0, more, options)) return nullptr;
    auto stream = std::make_unique<Stream>(path.bytes, options);
    auto opened = without_interpreter([&] { return stream->open(); });
    if (!opened) return raise(opened.error(), path.name.get());
    PyObject* self = PyType_GenericAlloc(type, 0);
    if (self == nullptr) return nullptr;
    object_of(self).stream = stream.release();
    object_of(self).name = path.name.release();
    return self;
  });
}

void replacer_dealloc(PyObject* self) noexcept {
  PyTypeObject* const type = Py_TYPE(self);
  Stream* const stream = object_of(self).stream;
  without_interpreter([&] { delete stream; });  // removes the temporary of what was not committed
  Py_XDECREF(object_of(self).name);
  PyObject_Free(self);
  Py_DECREF(type);  // an object of a heap type owns a reference to it
}

PyObject* replacer_write(PyObject* self, PyObject* data) noexcept {
  return guarded([&]() -> PyObject* {
    Stream& stream = *object_of(self).stream;
    if (without_interpreter([&] { return stream.closed(); })) {
      PyErr_SetString(PyExc_ValueError, "write to closed file");
      return nullptr;
    }
    const Owned bytes = to_bytes(data);
    if (bytes == nullptr) return nullptr;
    if (!write_all(stream, object_of(self).name, view_of(bytes.get()))) return nullptr;
    return PyLong_FromSsize_t(PyBytes_Size(bytes.get()));
  });
}

PyObject* replacer_commit(PyObject* self, PyObject* /*none*/) noexcept {
  return guarded([&] { return commit(*object_of(self).stream, object_of(self).name); });
}

PyObject* replacer_discard(PyObject* self, PyObject* /*none*/) noexcept {
  without_interpreter([&] { object_of(self).stream->discard(); });
  Py_RETURN_NONE;
}

PyObject* replacer_tell(PyObject* self, PyObject* /*none*/) noexcept {
  return PyLong_FromUnsignedLongLong(
      without_interpreter([&] { return object_of(self).stream->bytes(); }));
}

PyMethodDef replacer_methods[] = {
    {"write", replacer_write, METH_O, "write(data) -> number of bytes, always all"},
    {"commit", replacer_commit, METH_NOARGS, "commit() -> fields of a Receipt"},
    {"discard", replacer_discard, METH_NOARGS, "discard(): the name keeps what it holds"},
    {"tell", replacer_tell, METH_NOARGS, "tell() -> number of bytes written"},
    {nullptr, nullptr, 0, nullptr},
};

template <class Function>
void* slot(Function* function) {
  return reinterpret_cast<void*>(function);
}

PyType_Slot replacer_slots[] = {
    {Py_tp_doc, replacer_text},
    {Py_tp_new, slot(replacer_new)},
    {Py_tp_dealloc, slot(replacer_dealloc)},
    {Py_tp_methods, replacer_methods},
    {0, nullptr},
};

PyType_Spec replacer_spec = {"untorn._untorn.Replacer", sizeof(ReplacerObject), 0,
                             Py_TPFLAGS_DEFAULT, replacer_slots};

PyMethodDef module_methods[] = {
    {"replace", replace, METH_VARARGS, replace_text},
    {"fail", fail, METH_VARARGS, fail_text},
    {"run", run_function, METH_VARARGS, run_text},
    {nullptr, nullptr, 0, nullptr},
};

bool add_type(PyObject* module, const char* name, Owned type) {
  if (type == nullptr || PyModule_AddObject(module, name, type.get()) != 0) return false;
  (void)type.release();  // it is the module's now
  return true;
}

int fill(PyObject* module) noexcept {
  if (PyModule_AddStringConstant(module, "version", UNTORN_VERSION) != 0) return -1;
  const bool added = add_type(module, "Replacer", Owned(PyType_FromSpec(&replacer_spec))) &&
                     add_type(module, "Object", Owned(make_object_type()));
  return added ? 0 : -1;
}

PyModuleDef_Slot module_slots[] = {{Py_mod_exec, slot(fill)}, {0, nullptr}};

PyModuleDef module_definition = {PyModuleDef_HEAD_INIT,
                                 "_untorn",
                                 "The native part of the package untorn.",
                                 0,
                                 module_methods,
                                 module_slots,
                                 nullptr,
                                 nullptr,
                                 nullptr};

}  // namespace
}  // namespace untorn::python

// The entry point says itself that it is visible: PyMODINIT_FUNC of CPython 3.8 does not.
extern "C" [[gnu::visibility("default")]] PyObject* PyInit__untorn();

PyObject* PyInit__untorn() {
  return PyModuleDef_Init(&untorn::python::module_definition);
}
