// SPDX-License-Identifier: Apache-2.0
//
// One command of the tool, described once: the same table feeds parsing, help and suggestions.
//
// A command lives in its own file command_<name>.cpp, which offers a `Command
// make_<name>_command()` (listed in commands.h). The options of a command are a struct of its own,
// to whose members the flags point; the command's `run` keeps that struct alive.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace untorn::cli {

class Output;

// What the tool tells the shell.
enum class ExitCode : int {
  done = 0,
  condition = 1,      // a stated condition does not hold, or something was found
  failure = 2,        // the tool could not do its work; nothing was changed
  unsure = 3,         // visible but not known durable, or unknown
  interrupted = 130,  // Ctrl-C, after cleaning up
};

// Where the value of a flag goes. A switch is a bool; a list may be given more than once.
using FlagTarget =
    std::variant<bool*, std::string*, std::optional<std::string>*, std::vector<std::string>*>;

struct Flag {
  std::string name;         // "--durability"; with a short form "-o,--output"
  std::string value;        // "LEVEL"; empty for a switch
  std::string description;  // one sentence or two
  FlagTarget target;
  std::vector<std::string> choices = {};  // the values allowed; empty: any
  bool comma_list = false;                // a list whose items may also be joined by commas
};

struct Argument {
  std::string name;  // "PATH"
  std::string description;
  std::string* target = nullptr;
  bool required = true;
  std::vector<std::string>* targets = nullptr;  // instead of `target`: takes all that are given
};

// The flags that every command has.
struct CommonFlags {
  std::string format = "text";
  std::optional<std::string> output;
  bool quiet = false;
  std::string color = "auto";
};

// One call of a command, parsed.
struct Invocation {
  const CommonFlags& common;
  const std::vector<std::string>& rest;  // what followed "--", for commands that take a command
  Output& output;
};

struct Command {
  std::string name;
  std::string summary;      // one line, for the list of commands
  std::string usage;        // "PATH", "-- COMMAND [ARG…]"
  std::string description;  // paragraphs for --help
  std::string example;      // one or more lines for --help
  std::vector<Flag> flags;
  std::vector<Argument> arguments;
  bool takes_command = false;     // everything after "--" is kept as it is, in Invocation::rest
  bool command_optional = false;  // then `run` says whether nothing after "--" makes sense
  std::vector<std::string> formats = {"text", "json"};
  bool plumbing = false;  // listed under a heading of its own
  std::function<ExitCode(const Invocation&)> run;
};

}  // namespace untorn::cli
