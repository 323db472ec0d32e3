// SPDX-License-Identifier: Apache-2.0
//
// Giving the interpreter's lock away for file work, and taking it back within.
//
//   const Interpreter interpreter;                 // from here on other threads of Python run
//   const auto result = work([&] {
//     return interpreter.with([&] { return call_python(); });   // … and not in here
//   });
//
// Threads: an Interpreter belongs to the thread that made it.
#pragma once
#include <Python.h>

#include <exception>
#include <new>
#include <stdexcept>

namespace untorn::python {

class Interpreter {
 public:
  Interpreter() : thread_(PyEval_SaveThread()) {}
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  ~Interpreter() { PyEval_RestoreThread(thread_); }

  // With the interpreter's lock. Not within itself.
  template <class Work>
  auto with(const Work& work) const {
    const Taken taken(thread_);
    return work();
  }

 private:
  class Taken {
   public:
    explicit Taken(PyThreadState* thread) { PyEval_RestoreThread(thread); }
    Taken(const Taken&) = delete;
    Taken& operator=(const Taken&) = delete;
    ~Taken() { (void)PyEval_SaveThread(); }
  };

  PyThreadState* thread_;
};

// P1.
template <class Work>
auto without_interpreter(const Work& work) {
  const Interpreter interpreter;
  return work();
}

// P3: a wrong argument becomes a TypeError; anything else would be a fault of ours.
template <class Work>
PyObject* guarded(const Work& work) noexcept {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  } catch (const std::invalid_argument& wrong) {
    PyErr_SetString(PyExc_TypeError, wrong.what());
  } catch (const std::exception& fault) {
    PyErr_SetString(PyExc_SystemError, fault.what());
  }
  return nullptr;
}

}  // namespace untorn::python
