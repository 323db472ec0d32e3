// SPDX-License-Identifier: Apache-2.0
//
// Classes of the library as Python calls them: by the name of a class and of a method, with one
// JSON object of arguments, and with content as bytes beside it. A class is one file, bind_*.cpp,
// that ends in a table:
//
//   constexpr std::array<Method<Document>, 2> methods = {{{"load", load}, {"history", history}}};
//   Result<std::unique_ptr<Bound>> make_document(Call& call) { …; return make_bound(…, methods); }
//
// What users see, with its names, types and documentation, is written in Python, which also checks
// what it passes on. An argument that is wrong all the same throws WrongArgument, which becomes a
// TypeError: a method reads its arguments before it does anything, and never inside of a callback
// of the library.
//
// Everything here runs without the interpreter's lock, except what Talk takes it back for.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "untorn/durability.h"
#include "untorn/error.h"
#include "untorn/json.h"
#include "untorn/pipeline/project.h"

namespace untorn::python {

// The way back into Python while a method runs.
class Talk {
 public:
  Talk() = default;
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;
  virtual ~Talk() = default;

  // What the function that came with the call makes of that text: nothing if it returned None. An
  // exception ends the method with an error that nobody sees, and goes on in Python.
  [[nodiscard]] virtual Result<std::optional<std::string>> ask(
      const std::optional<std::string>& text) = 0;
  // False if a signal's handler raised (Ctrl-C): the method then ends early with whatever it has.
  [[nodiscard]] virtual bool keep_going() = 0;
  // One line for the logger, in this thread.
  virtual void log(pipeline::LogLevel level, const std::string& line) = 0;
};

struct Reply {
  JsonValue value;
  std::vector<std::string> contents = {};  // as bytes
};

class WrongArgument : public std::invalid_argument {
 public:
  explicit WrongArgument(std::string_view name)
      : std::invalid_argument("argument '" + std::string(name) +
                              "' is missing, of the wrong type, or too large") {}
};

class Call {
 public:
  Call(Talk& talk, const JsonValue& arguments, std::span<const std::string_view> contents)
      : talk_(talk), arguments_(arguments), contents_(contents) {}

  [[nodiscard]] Talk& talk() const noexcept { return talk_; }

  // Nothing for None and for an argument that is not there.
  [[nodiscard]] const JsonValue* find(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> optional_text(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> optional_integer(std::string_view name) const;
  [[nodiscard]] std::optional<double> optional_real(std::string_view name) const;
  // Those that must be there.
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] std::int64_t integer(std::string_view name) const;
  // Of what Python checked to be at least 0.
  [[nodiscard]] std::uint64_t count(std::string_view name) const;
  // At most 32 bits.
  [[nodiscard]] std::uint32_t small_count(std::string_view name) const;
  [[nodiscard]] double real(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
  // A path or other text whose bytes need not be UTF-8 (Python's surrogates become bytes).
  [[nodiscard]] std::string path(std::string_view name = "path") const;
  [[nodiscard]] Durability durability(std::string_view name = "durability") const;
  [[nodiscard]] std::string_view content(std::size_t index = 0) const;
  [[nodiscard]] std::size_t contents() const noexcept { return contents_.size(); }

 private:
  Talk& talk_;
  const JsonValue& arguments_;
  std::span<const std::string_view> contents_;
};

// UTF-8 of which lone surrogates U+DC80 to U+DCFF are bytes, as os.fsencode() has it.
[[nodiscard]] std::string bytes_of(std::string_view text);

// One object of a class of the library.
class Bound {
 public:
  Bound() = default;
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;
  virtual ~Bound() = default;
  [[nodiscard]] virtual Result<Reply> run(std::string_view method, Call& call) = 0;
};

template <class T>
struct Method {
  std::string_view name;
  Result<Reply> (*run)(T& object, Call& call);
};

[[nodiscard]] Error unknown_name(std::string_view name);

template <class T>
class BoundObject final : public Bound {
 public:
  BoundObject(T object, std::span<const Method<T>> methods)
      : object_(std::move(object)), methods_(methods) {}

  [[nodiscard]] Result<Reply> run(std::string_view method, Call& call) override {
    for (const Method<T>& known : methods_) {
      if (known.name == method) return known.run(object_, call);
    }
    return std::unexpected(unknown_name(method));
  }

 private:
  T object_;
  std::span<const Method<T>> methods_;
};

// The methods live as long as the program: a constant of the file.
template <class T>
[[nodiscard]] std::unique_ptr<Bound> make_bound(std::type_identity_t<T> object,
                                                std::span<const Method<T>> methods) {
  return std::make_unique<BoundObject<T>>(std::move(object), methods);
}

// How lines reach Python's logger while one of an object's methods runs: between two of them there
// is nobody to tell.
struct LogLine {
  Talk* talk = nullptr;
};

// Where an object that logs finds the Talk of the call that runs.
using Logger = std::shared_ptr<LogLine>;

using Maker = Result<std::unique_ptr<Bound>> (*)(Call& call, const Logger& logger);
using Function = Result<Reply> (*)(Call& call);

// Null if there is none of that name.
[[nodiscard]] Maker find_maker(std::string_view name);
[[nodiscard]] Function find_function(std::string_view name);

// What untorn/pipeline/_project.py passes on; the log goes to the logger.
[[nodiscard]] pipeline::ProjectOptions project_options(const Call& call, const Logger& logger);

}  // namespace untorn::python
