// SPDX-License-Identifier: Apache-2.0
//
// The way back into Python from a method that runs without the interpreter's lock.
#pragma once
#include <Python.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bound.h"
#include "interpreter.h"

namespace untorn::python {

class PythonTalk final : public Talk {
 public:
  // `function` and `logger` may be None. Both are borrowed.
  PythonTalk(const Interpreter& interpreter, PyObject* function, PyObject* logger)
      : interpreter_(interpreter), function_(function), logger_(logger) {}

  [[nodiscard]] Result<std::optional<std::string>> ask(
      const std::optional<std::string>& text) override;
  [[nodiscard]] bool keep_going() override;
  // Kept until the next ask() or tell(): an attempt that is tried again has nothing to tell.
  void log(pipeline::LogLevel level, const std::string& line) override;

  // The kept lines go to the logger.
  void tell();
  void forget() noexcept { lines_.clear(); }

  // A Python exception is set, and waits for the end of the call.
  [[nodiscard]] bool raised() const noexcept { return raised_; }

 private:
  // With the interpreter's lock; false and raised() if the answer is none.
  [[nodiscard]] bool call_function(const std::optional<std::string>& text,
                                   std::optional<std::string>& answer);
  // With the interpreter's lock.
  void tell_line(pipeline::LogLevel level, const std::string& line);

  const Interpreter& interpreter_;
  PyObject* function_;
  PyObject* logger_;
  std::chrono::steady_clock::time_point looked_ = std::chrono::steady_clock::now();
  std::vector<std::pair<pipeline::LogLevel, std::string>> lines_;
  bool raised_ = false;
};

}  // namespace untorn::python
