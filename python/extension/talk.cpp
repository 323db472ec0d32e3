// SPDX-License-Identifier: Apache-2.0
#include "talk.h"

#include "convert.h"

namespace untorn::python {

bool PythonTalk::call_function(const std::optional<std::string>& text,
                               std::optional<std::string>& answer) {
  Owned argument;
  if (text) {
    argument.reset(PyBytes_FromStringAndSize(text->data(), static_cast<Py_ssize_t>(text->size())));
    if (argument == nullptr) return false;
  }
  PyObject* const given = argument == nullptr ? Py_None : argument.get();
  const Owned result(PyObject_CallFunctionObjArgs(function_, given, nullptr));
  if (result == nullptr) return false;
  if (result.get() == Py_None) return true;
  if (PyBytes_Check(result.get()) == 0) {
    PyErr_SetString(PyExc_TypeError, "the function must answer bytes or None");
    return false;
  }
  answer.emplace(view_of(result.get()));
  return true;
}

Result<std::optional<std::string>> PythonTalk::ask(const std::optional<std::string>& text) {
  tell();
  std::optional<std::string> answer;
  raised_ = raised_ || !interpreter_.with([&] { return call_function(text, answer); });
  if (!raised_) return answer;
  return std::unexpected(Error(Code::internal, Step::inspect, Outcome::not_applied, 0, {},
                               "the function raised an exception"));
}

bool PythonTalk::keep_going() {
  constexpr std::chrono::milliseconds between{20};  // the lock costs more than most of our steps
  if (raised_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_ < between) return true;
  looked_ = now;
  raised_ = interpreter_.with([] { return PyErr_CheckSignals() != 0; });
  return !raised_;
}

void PythonTalk::log(pipeline::LogLevel level, const std::string& line) {
  if (logger_ != Py_None) lines_.emplace_back(level, line);
}

void PythonTalk::tell() {
  if (lines_.empty()) return;
  interpreter_.with([&] {
    PyObject* kind = nullptr;
    PyObject* value = nullptr;
    PyObject* trace = nullptr;
    PyErr_Fetch(&kind, &value, &trace);  // the logger must not see what a callback raised
    for (const auto& [level, line] : lines_) tell_line(level, line);
    PyErr_Restore(kind, value, trace);
  });
  lines_.clear();
}

void PythonTalk::tell_line(pipeline::LogLevel level, const std::string& line) {
  const Owned name = to_text(pipeline::to_string(level));
  const Owned text = to_text(line);
  if (name == nullptr || text == nullptr ||
      Owned(PyObject_CallFunctionObjArgs(logger_, name.get(), text.get(), nullptr)) == nullptr) {
    PyErr_WriteUnraisable(logger_);
  }
}

}  // namespace untorn::python
