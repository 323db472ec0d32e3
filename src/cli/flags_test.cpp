// SPDX-License-Identifier: Apache-2.0
#include "cli/flags.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "cli/help.h"

namespace untorn::cli {
namespace {

using Words = std::vector<std::string>;

// A command with a flag of every kind.
struct Example {
  bool strict = false;
  std::string level = "durable";
  std::optional<std::string> mode;
  Words only;
  Words expect = {"atomic"};
  std::string path;
  CommonFlags common;
  Command command;

  explicit Example(bool takes_command = false) {
    command.name = "example";
    command.usage = "PATH";
    command.description = "Does nothing.";
    command.example = "untorn example x";
    command.takes_command = takes_command;
    if (!takes_command) command.arguments = {{"PATH", "A file.", &path}};
    command.flags = {
        {"--strict", "", "A switch.", &strict},
        {"--level", "LEVEL", "A choice.", &level, {"ordered", "durable"}},
        {"-m,--mode", "OCTAL", "Optional.", &mode},
        {"--only", "GLOB", "A list.", &only},
        {"--expect", "LIST", "A list with commas.", &expect, {"atomic", "parse", "none"}, true}};
  }
  Parsed parse(const Words& words) { return cli::parse(command, common, words); }
};

TEST(Flags, values_reach_their_targets_in_both_spellings) {
  Example example;
  const Parsed parsed = example.parse(
      {"--strict", "--level=ordered", "-m", "0600", "a b\n", "--format", "json", "--quiet"});
  EXPECT_FALSE(parsed.usage_problem) << *parsed.usage_problem;
  EXPECT_TRUE(example.strict);
  EXPECT_EQ(example.level, "ordered");
  EXPECT_EQ(example.mode, "0600");
  EXPECT_EQ(example.path, "a b\n");
  EXPECT_EQ(example.common.format, "json");
  EXPECT_TRUE(example.common.quiet);
}

TEST(Flags, defaults_stay_when_nothing_is_given) {
  Example example;
  EXPECT_FALSE(example.parse({"x"}).usage_problem);
  EXPECT_EQ(example.level, "durable");
  EXPECT_EQ(example.mode, std::nullopt);
  EXPECT_EQ(example.expect, Words{"atomic"});
}

TEST(Flags, lists_repeat_and_only_comma_lists_split) {
  Example example;
  const Parsed parsed =
      example.parse({"--only", "a,b", "--only=[c]", "x", "--expect", "atomic,parse,,"});
  EXPECT_FALSE(parsed.usage_problem) << *parsed.usage_problem;
  EXPECT_EQ(example.only, (Words{"a,b", "[c]"}));
  EXPECT_EQ(example.expect, (Words{"atomic", "parse"}));
}

TEST(Flags, names_that_look_odd_are_kept_byte_for_byte) {
  for (const std::string name : {"[x]", "a,b", "{}", " ", "\"quoted\"", "\xFF\xFE", "-", "%s"}) {
    Example example;
    const Parsed parsed = example.parse({name});
    EXPECT_FALSE(parsed.usage_problem) << *parsed.usage_problem;
    EXPECT_EQ(example.path, name);
  }
  Example dashes;
  const Parsed after_dashes = dashes.parse({"--", "--strict"});
  EXPECT_FALSE(after_dashes.usage_problem) << *after_dashes.usage_problem;
  EXPECT_EQ(dashes.path, "--strict");
  EXPECT_FALSE(dashes.strict);
}

TEST(Flags, a_value_that_is_no_choice_is_named_with_the_choices) {
  Example example;
  EXPECT_EQ(example.parse({"--level", "fast", "x"}).usage_problem,
            "--level: \"fast\" is not one of ordered, durable");
  EXPECT_EQ(Example().parse({"--expect", "atomic,perfect", "x"}).usage_problem,
            "--expect: \"perfect\" is not one of atomic, parse, none");
}

TEST(Flags, a_mistyped_flag_gets_a_suggestion) {
  EXPECT_EQ(Example().parse({"--stict", "x"}).usage_problem,
            "\"--stict\" is not an option of untorn example; did you mean --strict?");
  EXPECT_EQ(Example().parse({"--zzz", "x"}).usage_problem,
            "\"--zzz\" is not an option of untorn example");
}

TEST(Flags, missing_and_surplus_arguments_are_usage_problems) {
  EXPECT_EQ(Example().parse({}).usage_problem, "PATH is missing");
  EXPECT_EQ(Example().parse({"x", "y"}).usage_problem, "\"y\" is one argument too many");
  EXPECT_TRUE(Example().parse({"x", "--mode"}).usage_problem);
}

TEST(Flags, everything_after_two_dashes_is_the_command_to_run) {
  Example example(true);
  const Parsed parsed = example.parse({"--strict", "--", "sh", "-c", "a | b", "--", "--level"});
  EXPECT_FALSE(parsed.usage_problem) << *parsed.usage_problem;
  EXPECT_EQ(parsed.rest, (Words{"sh", "-c", "a | b", "--", "--level"}));
  EXPECT_EQ(Example(true).parse({"sh"}).usage_problem, "\"sh\": name the command to run after --");
  EXPECT_EQ(Example(true).parse({"--"}).usage_problem, "there is no command after --");
}

TEST(Flags, help_wins_over_missing_arguments) {
  const Parsed parsed = Example().parse({"--help"});
  EXPECT_TRUE(parsed.help);
  EXPECT_FALSE(parsed.usage_problem);
}

TEST(Flags, nearest_is_strict_about_short_words) {
  const Words commands = {"write", "prove", "scan"};
  EXPECT_EQ(nearest("wirte", commands), "write");
  EXPECT_EQ(nearest("proof", commands), "prove");
  EXPECT_EQ(nearest("scam", commands), "scan");
  EXPECT_EQ(nearest("xx", commands), "");
  EXPECT_EQ(nearest("", commands), "");
}

TEST(Help, every_flag_and_the_example_are_in_it_and_no_line_is_too_long) {
  const Example example;
  const std::string help = command_help(example.command);
  for (const char* part : {"Usage: untorn example", "PATH", "--strict", "--level LEVEL",
                           "-m, --mode OCTAL", "--format text|json", "--output FILE", "--quiet",
                           "--color", "-h, --help", "untorn example x"}) {
    EXPECT_NE(help.find(part), std::string::npos) << part << "\n" << help;
  }
  std::size_t begin = 0;
  while (begin < help.size()) {
    const std::size_t end = help.find('\n', begin);
    EXPECT_LE(end - begin, 96U) << help.substr(begin, end - begin);
    begin = end + 1;
  }
}

}  // namespace
}  // namespace untorn::cli
