// SPDX-License-Identifier: Apache-2.0
#include "convert.h"

#include <cstddef>

namespace untorn::python {

bool to_path(PyObject* argument, PathArgument& path) {
  path.name.reset(PyOS_FSPath(argument));
  if (path.name == nullptr) return false;
  PyObject* encoded = nullptr;
  if (PyUnicode_FSConverter(path.name.get(), &encoded) == 0) return false;
  const Owned bytes(encoded);
  path.bytes = view_of(bytes.get());
  return true;
}

namespace {

bool to_durability(const char* word, Durability& durability) {
  for (const Durability level : {Durability::process, Durability::ordered, Durability::durable}) {
    if (to_string(level) != word) continue;
    durability = level;
    return true;
  }
  PyErr_Format(PyExc_ValueError, "durability is process, ordered or durable, not '%s'", word);
  return false;
}

bool add_more(PyObject* more, ReplaceOptions& options) {
  const char* if_match = nullptr;
  int detects = 0;
  unsigned backups = 0;
  int create_parents = 0;
  int classic = 0;
  PyObject* sidecar = nullptr;
  if (PyArg_ParseTuple(more, "zpIppO:options", &if_match, &detects, &backups, &create_parents,
                       &classic, &sidecar) == 0) {
    return false;
  }
  if (if_match != nullptr) options.if_match = if_match;
  options.match = detects != 0 ? Match::detect : Match::cooperative;
  options.backups = backups;
  options.create_parents = create_parents != 0;
  options.protocol = classic != 0 ? ProtocolChoice::classic : ProtocolChoice::automatic;
  if (sidecar == Py_None) return true;
  PathArgument path;
  if (!to_path(sidecar, path)) return false;
  options.sidecar = path.bytes;
  return true;
}

}  // namespace

bool to_options(const char* durability, bool exclusive, PyObject* more, ReplaceOptions& options) {
  if (!to_durability(durability, options.durability)) return false;
  if (exclusive) {
    // As O_EXCL: any name that is there is in the way, a symbolic link too.
    options.existence = Existence::must_not_exist;
    options.symlink = SymlinkPolicy::refuse;
  }
  return more == Py_None || add_more(more, options);
}

Owned to_bytes(PyObject* data) {
  if (PyBytes_Check(data)) {
    Py_INCREF(data);
    return Owned(data);
  }
  const Owned view(PyMemoryView_FromObject(data));
  if (view == nullptr) return nullptr;
  const Owned contiguous(PyObject_GetAttrString(view.get(), "c_contiguous"));
  if (contiguous == nullptr) return nullptr;
  if (contiguous.get() != Py_True) {
    PyErr_SetString(PyExc_BufferError, "the buffer is not C-contiguous");
    return nullptr;
  }
  return Owned(PyBytes_FromObject(view.get()));
}

std::string_view view_of(PyObject* bytes) {
  return {PyBytes_AsString(bytes), static_cast<std::size_t>(PyBytes_Size(bytes))};
}

Owned to_text(std::string_view text) {
  return Owned(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogateescape"));
}

namespace {

Owned to_names(const std::vector<std::string>& names) {
  Owned tuple(PyTuple_New(static_cast<Py_ssize_t>(names.size())));
  if (tuple == nullptr) return nullptr;
  Py_ssize_t index = 0;
  for (const std::string& name : names) {
    Owned text = to_text(name);
    if (text == nullptr || PyTuple_SetItem(tuple.get(), index++, text.release()) != 0) {
      return nullptr;
    }
  }
  return tuple;
}

bool set(PyObject* fields, const char* name, const Owned& value) {
  return value != nullptr && PyDict_SetItemString(fields, name, value.get()) == 0;
}

}  // namespace

PyObject* to_fields(const Receipt& receipt) {
  Owned fields(PyDict_New());
  if (fields == nullptr) return nullptr;
  PyObject* const into = fields.get();
  const bool complete =
      set(into, "outcome", to_text(to_string(receipt.outcome))) &&
      set(into, "unchanged", Owned(PyBool_FromLong(receipt.unchanged ? 1 : 0))) &&
      set(into, "requested", to_text(to_string(receipt.requested))) &&
      set(into, "achieved", to_text(to_string(receipt.achieved))) &&
      set(into, "protocol", to_text(to_string(receipt.protocol))) &&
      set(into, "syncs", Owned(PyLong_FromUnsignedLong(receipt.syncs))) &&
      set(into, "commits", Owned(PyLong_FromUnsignedLong(receipt.commits))) &&
      set(into, "retries", Owned(PyLong_FromUnsignedLong(receipt.retries))) &&
      set(into, "bytes", Owned(PyLong_FromUnsignedLongLong(receipt.bytes))) &&
      set(into, "existed", Owned(PyBool_FromLong(receipt.existed ? 1 : 0))) &&
      set(into, "hard_links_split", Owned(PyBool_FromLong(receipt.hard_links_split ? 1 : 0))) &&
      set(into, "metadata_lost", to_names(receipt.metadata_lost)) &&
      set(into, "why_lower", to_text(receipt.why_lower)) &&
      set(into, "etag", to_text(receipt.etag));
  return complete ? fields.release() : nullptr;
}

PyObject* raise(const Error& error, PyObject* name) {
  const Owned module(PyImport_ImportModule("untorn.errors"));
  if (module == nullptr) return nullptr;
  const Owned code = to_text(to_string(error.code()));
  const Owned step = to_text(to_string(error.step()));
  const Owned outcome = to_text(to_string(error.outcome()));
  const Owned advice = to_text(to_string(error.advice()));
  const Owned message = to_text(error.message());
  if (!code || !step || !outcome || !advice || !message) return nullptr;
  const Owned made(PyObject_CallMethod(module.get(), "make_error", "iOOOOOO", error.os_errno(),
                                       name, code.get(), step.get(), outcome.get(), advice.get(),
                                       message.get()));
  if (made == nullptr) return nullptr;
  PyErr_SetObject(PyExceptionInstance_Class(made.get()), made.get());
  return nullptr;
}

}  // namespace untorn::python
