// SPDX-License-Identifier: Apache-2.0
//
// Goal: whichever call of a change fails, an entry stays whole, and the next attempt succeeds.
// Method: count the calls of one change, then fail each of them, with several errors.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/registry.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::read_file;
using testing::write_file;

const std::string old_spec = R"({"n": 1})";
const std::string new_spec = R"({"n": 2})";
const std::vector<Attachment> old_code = {{.name = "py", .content = "one\n"}};
const std::vector<Attachment> new_code = {{.name = "py", .content = "two\n"}};
const std::string damage = R"({"n")";

void make_folder(FileSystem& fs) {
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, "specs", 0755));
}

void add_old(FileSystem& fs) {
  make_folder(fs);
  auto registry = Registry::open(fs, "specs");
  ASSERT_TRUE(registry) << registry.error();
  ASSERT_TRUE(registry->add("greet", old_spec, old_code));
}

std::string on_disk(FileSystem& fs) {
  return read_file(fs, "specs/greet.json").value_or("-") + "|" +
         read_file(fs, "specs/greet.py").value_or("-");
}

struct Work {
  std::function<void(FileSystem&)> prepare;
  std::function<Result<void>(Registry&)> run;
  std::string from;
  std::string to;
};

template <class T>
Result<void> without_value(const Result<T>& result) {
  if (result) return {};
  return std::unexpected(result.error());
}

std::string judge(InMemoryFileSystem& fs, const Work& work, const Result<void>& outcome) {
  if (fs.open_handles() != 0) return "handles are left open";
  const std::string at_once = on_disk(fs);
  if (!outcome && outcome.error().outcome() == Outcome::not_applied && at_once != work.from) {
    return "not_applied, but it holds " + at_once;
  }
  auto registry = Registry::open(fs, "specs");
  if (!registry) return registry.error().message();
  if (const auto listing = registry->list(); !listing) return listing.error().message();
  const std::string now = on_disk(fs);
  if (now != work.from && now != work.to) return "a mixture: " + now;
  if (outcome && now != work.to) return "it succeeded, but holds " + now;
  const auto check = registry->verify();
  if (!check) return check.error().message();
  for (const EntryCheck& entry : check->entries) {
    if (!entry.is_healthy()) return "not healthy: " + JsonDocument(entry.to_json()).text();
  }
  if (!registry->put("greet", R"({"n": 3})", new_code)) return "the next change fails";
  for (const std::string& name : names_in(fs, "specs")) {
    if (name.starts_with(".untorn-")) return "left behind: " + name;
  }
  return "";
}

void fail_each_call(const Work& work) {
  InMemoryFileSystem quiet;
  work.prepare(quiet);
  FaultFileSystem counting(quiet);
  {
    auto registry = Registry::open(counting, "specs");
    ASSERT_TRUE(registry && work.run(*registry));
  }
  const std::size_t count = counting.sites().size();
  ASSERT_GT(count, 40U);
  for (const int error : {EIO, ENOSPC, EACCES}) {
    for (const bool persistent : {false, true}) {
      for (std::size_t n = 0; n < count; ++n) {
        InMemoryFileSystem below;
        work.prepare(below);
        FaultFileSystem fs(below, Fault{.at = n, .error = Errno{error}, .persistent = persistent});
        Result<void> outcome;
        {
          auto registry = Registry::open(fs, "specs");
          outcome = registry ? work.run(*registry) : without_value(registry);
        }
        EXPECT_EQ(judge(below, work, outcome), "")
            << "call " << n << ", errno " << error << (persistent ? " from there on " : " ")
            << (fs.fired() ? to_string(fs.sites()[n]) : "");
      }
    }
  }
}

const std::string old_pair = old_spec + "|one\n";
const std::string new_pair = new_spec + "|two\n";

TEST(RegistryFaults, an_addition_that_fails_leaves_nothing_or_all) {
  fail_each_call(
      {make_folder,
       [](Registry& registry) { return without_value(registry.add("greet", new_spec, new_code)); },
       "-|-", new_pair});
}

TEST(RegistryFaults, a_replacement_that_fails_leaves_the_old_entry_or_the_new) {
  fail_each_call({add_old,
                  [](Registry& registry) {
                    return without_value(registry.replace("greet", new_spec, new_code));
                  },
                  old_pair, new_pair});
}

TEST(RegistryFaults, a_removal_that_fails_leaves_all_or_nothing) {
  fail_each_call({add_old,
                  [](Registry& registry) { return without_value(registry.remove("greet")); },
                  old_pair, "-|-"});
}

TEST(RegistryFaults, a_repair_that_fails_loses_nothing) {
  fail_each_call({[](FileSystem& fs) {
                    add_old(fs);
                    write_file(fs, "specs/greet.json", damage);
                  },
                  [](Registry& registry) -> Result<void> {
                    const auto check = registry.verify();
                    if (!check || check->entries.front().is_healthy()) return without_value(check);
                    // It could not be looked at: told, and left alone.
                    return std::unexpected(
                        Error(Code::io, Step::inspect, Outcome::not_applied, EIO, "greet"));
                  },
                  damage + "|one\n", old_pair});
}

TEST(RegistryFaults, a_full_disk_refuses_and_changes_nothing) {
  InMemoryFileSystem below;
  add_old(below);
  FaultFileSystem fs(
      below, Fault{.at = 0, .call = Call::write, .error = Errno{ENOSPC}, .persistent = true});
  auto registry = Registry::open(fs, "specs");
  ASSERT_TRUE(registry) << registry.error();
  const auto refused = registry->replace("greet", new_spec, new_code);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::no_space);
  EXPECT_EQ(refused.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(on_disk(below), old_pair);
}

}  // namespace
}  // namespace untorn
