// SPDX-License-Identifier: Apache-2.0
#include "cli/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/escape.h"

namespace untorn::cli {
namespace {

// "-o,--output" → "--output".
std::string long_name(const Flag& flag) {
  const std::size_t comma = flag.name.find(',');
  return comma == std::string::npos ? flag.name : flag.name.substr(comma + 1);
}

void add_flag(CLI::App& app, const Flag& flag) {
  std::visit(
      [&](auto* target) {
        if constexpr (std::is_same_v<decltype(target), bool*>) {
          app.add_flag(flag.name, *target);
        } else {
          CLI::Option* option = app.add_option(flag.name, *target);
          if constexpr (std::is_same_v<decltype(target), std::vector<std::string>*>) {
            option->expected(1)->take_all()->allow_extra_args(false);
          }
        }
      },
      flag.target);
}

// Splits every item of a list flag at its commas; empty items vanish.
void split_commas(const Flag& flag) {
  auto* const* list = std::get_if<std::vector<std::string>*>(&flag.target);
  if (list == nullptr || !flag.comma_list) return;
  std::vector<std::string> items;
  for (const std::string& joined : **list) {
    std::size_t begin = 0;
    while (begin <= joined.size()) {
      const std::size_t end = std::min(joined.find(',', begin), joined.size());
      if (end > begin) items.push_back(joined.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  **list = std::move(items);
}

std::vector<std::string> given_values(const Flag& flag) {
  return std::visit(
      [](auto* target) -> std::vector<std::string> {
        using Target = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<Target, std::string>) {
          return {*target};
        } else if constexpr (std::is_same_v<Target, std::optional<std::string>>) {
          return target->has_value() ? std::vector<std::string>{**target}
                                     : std::vector<std::string>{};
        } else if constexpr (std::is_same_v<Target, std::vector<std::string>>) {
          return *target;
        } else {
          return {};
        }
      },
      flag.target);
}

std::optional<std::string> choice_problem(const Flag& flag) {
  if (flag.choices.empty()) return std::nullopt;
  for (const std::string& value : given_values(flag)) {
    if (std::find(flag.choices.begin(), flag.choices.end(), value) != flag.choices.end()) continue;
    std::string allowed;
    for (const std::string& choice : flag.choices) {
      allowed += allowed.empty() ? choice : ", " + choice;
    }
    return long_name(flag) + ": " + in_quotes(value) + " is not one of " + allowed;
  }
  return std::nullopt;
}

// What is wrong with arguments that nothing took.
std::string extras_problem(const Command& command, const std::vector<Flag>& flags,
                           const std::vector<std::string>& extras) {
  const std::string& first = extras.front();
  if (!first.starts_with("-")) {
    if (command.takes_command) return in_quotes(first) + ": name the command to run after --";
    return in_quotes(first) + " is one argument too many";
  }
  const std::string name = first.substr(0, first.find('='));
  std::vector<std::string> names = {"--help"};
  std::transform(flags.begin(), flags.end(), std::back_inserter(names), long_name);
  const std::string_view near = nearest(name, names);
  std::string problem = in_quotes(name) + " is not an option of untorn " + command.name;
  if (!near.empty()) problem += "; did you mean " + std::string(near) + "?";
  return problem;
}

std::optional<std::string> parse_with_library(const Command& command,
                                              const std::vector<Flag>& flags,
                                              std::vector<std::string> arguments, bool& help) {
  CLI::App app;
  app.set_help_flag();
  app.add_flag("-h,--help", help);
  app.allow_extras();
  for (const Flag& flag : flags) add_flag(app, flag);
  std::vector<std::pair<const Argument*, CLI::Option*>> positionals;
  for (const Argument& argument : command.arguments) {
    positionals.emplace_back(&argument, argument.targets != nullptr
                                            ? app.add_option(argument.name, *argument.targets)
                                            : app.add_option(argument.name, *argument.target));
  }
  try {
    std::reverse(arguments.begin(), arguments.end());  // the library takes them from the back
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  if (help) return std::nullopt;
  std::vector<std::string> extras = app.remaining();
  // The library counts the "--" that ends the options as an extra.
  const auto separator = std::find(extras.begin(), extras.end(), "--");
  if (separator != extras.end()) extras.erase(separator);
  if (!extras.empty()) return extras_problem(command, flags, extras);
  for (const auto& [argument, option] : positionals) {
    if (argument->required && option->count() == 0) return argument->name + " is missing";
  }
  return std::nullopt;
}

}  // namespace

std::vector<Flag> common_flags(CommonFlags& common, const std::vector<std::string>& formats) {
  std::string values;
  for (const std::string& format : formats) values += values.empty() ? format : "|" + format;
  return {
      {"--format", values, "The form of the result.", &common.format, formats},
      {"--output", "FILE", "Write the result to FILE, replaced whole, instead of stdout.",
       &common.output},
      {"--quiet", "", "No messages; results and errors stay.", &common.quiet},
      {"--color",
       "auto|always|never",
       "Colour in text; NO_COLOR and FORCE_COLOR are honoured.",
       &common.color,
       {"auto", "always", "never"}},
  };
}

Parsed parse(const Command& command, CommonFlags& common,
             const std::vector<std::string>& arguments) {
  Parsed parsed;
  std::vector<std::string> own = arguments;
  if (command.takes_command) {
    const auto separator = std::find(own.begin(), own.end(), "--");
    if (separator != own.end()) {
      parsed.rest.assign(std::next(separator), own.end());
      own.erase(separator, own.end());
    }
  }
  std::vector<Flag> flags = command.flags;
  for (Flag& flag : common_flags(common, command.formats)) flags.push_back(std::move(flag));
  parsed.usage_problem = parse_with_library(command, flags, std::move(own), parsed.help);
  if (parsed.usage_problem || parsed.help) return parsed;
  for (const Flag& flag : flags) {
    split_commas(flag);
    if (auto problem = choice_problem(flag)) {
      parsed.usage_problem = std::move(problem);
      return parsed;
    }
  }
  if (command.takes_command && !command.command_optional && parsed.rest.empty()) {
    parsed.usage_problem = "there is no command after --";
  }
  return parsed;
}

}  // namespace untorn::cli
