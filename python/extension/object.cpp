// SPDX-License-Identifier: Apache-2.0
#include "object.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bound.h"
#include "convert.h"
#include "interpreter.h"
#include "talk.h"

namespace untorn::python {

const char* const run_text =
    "run(name, arguments, contents, function, wait_ms) -> (reply, contents)\n\n"
    "A function of the library.";

namespace {

using std::chrono::steady_clock;

struct Body {
  std::unique_ptr<Bound> bound;
  Logger logger = std::make_shared<LogLine>();
  Owned log_function;
  std::chrono::milliseconds wait{0};
  std::mutex mutex;
  std::atomic<std::thread::id> user;  // the thread that is inside
  pid_t process = getpid();
};

// What a call got from Python, held as long as it runs.
struct Request {
  JsonDocument arguments;
  std::vector<std::string_view> contents;
};

bool to_request(PyObject* arguments, PyObject* contents, Request& request) {
  if (PyBytes_Check(arguments) == 0 || PyTuple_Check(contents) == 0) {
    PyErr_SetString(PyExc_TypeError, "arguments are bytes, contents a tuple");
    return false;
  }
  for (Py_ssize_t i = 0; i < PyTuple_Size(contents); ++i) {
    PyObject* const content = PyTuple_GetItem(contents, i);
    if (PyBytes_Check(content) == 0) {
      PyErr_SetString(PyExc_TypeError, "contents are bytes");
      return false;
    }
    request.contents.push_back(view_of(content));
  }
  auto parsed = JsonDocument::parse(std::string(view_of(arguments)));
  if (!parsed) {
    PyErr_SetString(PyExc_ValueError, parsed.error().message().c_str());
    return false;
  }
  request.arguments = std::move(*parsed);
  return true;
}

PyObject* to_reply(const Reply& reply) {
  const std::string text = JsonDocument(reply.value).text();
  const Owned bytes(PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size())));
  const Owned list(PyList_New(0));
  if (bytes == nullptr || list == nullptr) return nullptr;
  for (const std::string& content : reply.contents) {
    const Owned item(
        PyBytes_FromStringAndSize(content.data(), static_cast<Py_ssize_t>(content.size())));
    if (item == nullptr || PyList_Append(list.get(), item.get()) != 0) return nullptr;
  }
  return PyTuple_Pack(2, bytes.get(), list.get());
}

PyObject* raise_error(const Error& error) {
  if (error.path().empty()) return raise(error, Py_None);
  const Owned name(PyUnicode_DecodeFSDefaultAndSize(error.path().data(),
                                                    static_cast<Py_ssize_t>(error.path().size())));
  return name == nullptr ? nullptr : raise(error, name.get());
}

bool may_wait(const Error& error) {
  return error.code() == Code::busy && error.os_errno() == 0 &&
         error.outcome() == Outcome::not_applied;
}

// O2, O4. `work` is called again as long as it is busy. Null and a Python exception, or a value.
template <class Work>
auto run_until(std::chrono::milliseconds wait, PyObject* function, PyObject* log, const Work& work,
               bool& raised) {
  const Interpreter interpreter;
  PythonTalk talk(interpreter, function, log);
  const auto end = steady_clock::now() + wait;
  auto result = work(talk);
  while (!result && may_wait(result.error()) && !talk.raised() && steady_clock::now() < end) {
    if (!talk.keep_going()) break;
    talk.forget();
    result = work(talk);
  }
  talk.tell();
  raised = talk.raised();
  return result;
}

struct HeldObject {
  PyObject_HEAD Body* body;
};

HeldObject& held(PyObject* self) {
  return *reinterpret_cast<HeldObject*>(self);
}

char object_text[] =
    "Object(class, arguments, contents, log, wait_ms)\n\n"
    "An object of the library.";

PyObject* object_new(PyTypeObject* type, PyObject* given, PyObject* /*keywords*/) noexcept {
  return guarded([&]() -> PyObject* {
    const char* name = nullptr;
    PyObject* arguments = nullptr;
    PyObject* contents = nullptr;
    PyObject* log = nullptr;
    long wait_ms = 0;
    if (PyArg_ParseTuple(given, "sOOOl:Object", &name, &arguments, &contents, &log, &wait_ms) ==
        0) {
      return nullptr;
    }
    Request request;
    if (!to_request(arguments, contents, request)) return nullptr;
    const Maker make = find_maker(name);
    if (make == nullptr) return raise_error(unknown_name(name));
    auto body = std::make_unique<Body>();
    body->wait = std::chrono::milliseconds(wait_ms);
    Py_INCREF(log);
    body->log_function.reset(log);
    bool raised = false;
    auto made = run_until(
        body->wait, Py_None, log,
        [&](Talk& talk) {
          body->logger->talk = &talk;
          Call call(talk, request.arguments.root, request.contents);
          auto result = make(call, body->logger);
          body->logger->talk = nullptr;
          return result;
        },
        raised);
    if (raised) return nullptr;
    if (!made) return raise_error(made.error());
    body->bound = std::move(*made);
    PyObject* self = PyType_GenericAlloc(type, 0);
    if (self == nullptr) return nullptr;
    held(self).body = body.release();
    return self;
  });
}

void object_dealloc(PyObject* self) noexcept {
  PyTypeObject* const type = Py_TYPE(self);
  Body* const body = held(self).body;
  if (body->process == getpid()) {
    Owned log = std::move(body->log_function);
    without_interpreter([&] { delete body; });
  }  // O3: else it is the parent's
  PyObject_Free(self);
  Py_DECREF(type);  // an object of a heap type owns a reference to it
}

// O1.
class Turn {
 public:
  explicit Turn(Body& body) : body_(body), lock_(body.mutex) {
    body_.user = std::this_thread::get_id();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    body_.logger->talk = nullptr;
    body_.user = std::thread::id();
  }

 private:
  Body& body_;
  std::unique_lock<std::mutex> lock_;
};

PyObject* object_call(PyObject* self, PyObject* given) noexcept {
  return guarded([&]() -> PyObject* {
    const char* name = nullptr;
    PyObject* arguments = nullptr;
    PyObject* contents = nullptr;
    PyObject* function = nullptr;
    if (PyArg_ParseTuple(given, "sOOO:call", &name, &arguments, &contents, &function) == 0) {
      return nullptr;
    }
    Body& body = *held(self).body;
    Request request;
    if (!to_request(arguments, contents, request)) return nullptr;
    if (body.process != getpid()) {
      PyErr_SetString(PyExc_RuntimeError, "it belongs to the process that made it");
      return nullptr;
    }
    if (body.user.load() == std::this_thread::get_id()) {
      PyErr_SetString(PyExc_RuntimeError, "it is used from within one of its own calls");
      return nullptr;
    }
    bool raised = false;
    auto result = run_until(
        body.wait, function, body.log_function.get(),
        [&](Talk& talk) {
          const Turn turn(body);
          body.logger->talk = &talk;
          Call call(talk, request.arguments.root, request.contents);
          return body.bound->run(name, call);
        },
        raised);
    if (raised) return nullptr;
    return result ? to_reply(*result) : raise_error(result.error());
  });
}

PyMethodDef object_methods[] = {
    {"call", object_call, METH_VARARGS,
     "call(method, arguments, contents, function) -> (reply, contents)"},
    {nullptr, nullptr, 0, nullptr},
};

template <class Slot>
void* slot(Slot* function) {
  return reinterpret_cast<void*>(function);
}

PyType_Slot object_slots[] = {
    {Py_tp_doc, object_text},
    {Py_tp_new, slot(object_new)},
    {Py_tp_dealloc, slot(object_dealloc)},
    {Py_tp_methods, object_methods},
    {0, nullptr},
};

PyType_Spec object_spec = {"untorn._untorn.Object", sizeof(HeldObject), 0, Py_TPFLAGS_DEFAULT,
                           object_slots};

}  // namespace

PyObject* make_object_type() {
  return PyType_FromSpec(&object_spec);
}

PyObject* run_function(PyObject* /*module*/, PyObject* given) noexcept {
  return guarded([&]() -> PyObject* {
    const char* name = nullptr;
    PyObject* arguments = nullptr;
    PyObject* contents = nullptr;
    PyObject* function = nullptr;
    long wait_ms = 0;
    if (PyArg_ParseTuple(given, "sOOOl:run", &name, &arguments, &contents, &function, &wait_ms) ==
        0) {
      return nullptr;
    }
    Request request;
    if (!to_request(arguments, contents, request)) return nullptr;
    const Function known = find_function(name);
    if (known == nullptr) return raise_error(unknown_name(name));
    bool raised = false;
    auto result = run_until(
        std::chrono::milliseconds(wait_ms), function, Py_None,
        [&](Talk& talk) {
          Call call(talk, request.arguments.root, request.contents);
          return known(call);
        },
        raised);
    if (raised) return nullptr;
    return result ? to_reply(*result) : raise_error(result.error());
  });
}

}  // namespace untorn::python
