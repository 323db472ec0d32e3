// SPDX-License-Identifier: Apache-2.0
//
// Real processes on one registry: killed at random instants, and working at the same time.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/files.h"
#include "untorn/registry.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::read_file;
using testing::ScratchDirectory;

std::string spec_of(unsigned number) {
  return "{\"n\": " + std::to_string(number) + ", \"pad\": \"" + std::string(number % 5000, 'x') +
         "\"}";
}

std::vector<Attachment> code_of(unsigned number) {
  return {{.name = "py", .content = "# " + std::to_string(number) + "\n"}};
}

// Adds, replaces and removes the entry, for ever.
[[noreturn]] void work_for_ever(const std::string& folder, unsigned first,
                                std::chrono::milliseconds pause = {}) {
  auto registry = Registry::open(folder);
  if (!registry) _exit(1);
  for (unsigned number = first;; ++number) {
    const bool removes = number % 4 == 0;
    auto done = removes ? registry->remove("greet")
                        : registry->put("greet", spec_of(number), code_of(number));
    const bool was_gone = removes && !done && done.error().code() == Code::not_found;
    if (!done && !was_gone) _exit(2);
    std::this_thread::sleep_for(pause);
  }
}

TEST(RegistryKill, of_two_hundred_random_kills_none_leaves_half_an_entry) {
  constexpr unsigned kills = 200;
  const ScratchDirectory scratch;
  std::mt19937 random(20240607);
  std::uniform_int_distribution<int> delay_us(500, 60000);
  unsigned found = 0;
  unsigned recovered = 0;
  unsigned next = 1;
  for (unsigned kill_count = 0; kill_count < kills; ++kill_count) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) work_for_ever(scratch.path(), next);
    std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the worker failed by itself: " << WEXITSTATUS(status);
    auto registry = Registry::open(scratch.path());
    ASSERT_TRUE(registry) << registry.error();
    const auto check = registry->verify(false);
    ASSERT_TRUE(check) << check.error();
    ASSERT_TRUE(check->was_healthy()) << JsonDocument(check->to_json()).text();
    EXPECT_TRUE(check->strays.empty());
    if (check->recovery.kind == TransactionRecovery::Kind::rolled_forward) ++recovered;
    const auto entry = registry->get("greet");
    if (!entry) {
      ASSERT_EQ(entry.error().code(), Code::not_found) << entry.error();
      EXPECT_FALSE(read_file(posix_file_system(), scratch / "greet.py"));
      ++next;
      continue;
    }
    ++found;
    const auto number = static_cast<unsigned>(*entry->spec.root.find("n")->as_integer());
    ASSERT_EQ(entry->attachment("py")->content, code_of(number).front().content);
    next = number + 1;
  }
  RecordProperty("kills", static_cast<int>(kills));
  RecordProperty("recovered", static_cast<int>(recovered));
  EXPECT_GT(found, 0U);
  EXPECT_GT(recovered, 0U) << "no kill met a change half done: the test proves nothing";
}

TEST(RegistryProcesses, two_at_once_lose_nothing) {
  constexpr unsigned each = 15;
  const ScratchDirectory scratch;
  std::vector<pid_t> children;
  for (const char* prefix : {"a", "b"}) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto registry = Registry::open(scratch.path());
      bool good = registry.has_value();
      for (unsigned i = 0; good && i < each; ++i) {
        good = registry->add(prefix + std::to_string(i), spec_of(i), code_of(i)).has_value() &&
               registry->put("shared", spec_of(i), code_of(i)).has_value();
      }
      _exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  auto registry = Registry::open(scratch.path());
  ASSERT_TRUE(registry) << registry.error();
  const auto check = registry->verify(false);
  ASSERT_TRUE(check) << check.error();
  EXPECT_TRUE(check->was_healthy());
  EXPECT_EQ(check->entries.size(), 2 * each + 1);
  const auto versions = registry->versions("shared");
  ASSERT_TRUE(versions) << versions.error();
  EXPECT_LE(versions->front().number, 2 * each);
  EXPECT_GE(versions->front().number, each);
}

TEST(RegistryProcesses, a_reader_never_sees_half_an_entry) {
  const ScratchDirectory scratch;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) work_for_ever(scratch.path(), 1, std::chrono::milliseconds(20));
  const auto registry = Registry::open(scratch.path(), {.lock_wait = std::chrono::seconds(60)});
  unsigned seen = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (seen < 30 && std::chrono::steady_clock::now() < until) {
    const auto entry = registry->get("greet");
    if (!entry) {
      EXPECT_EQ(entry.error().code(), Code::not_found) << entry.error();
      continue;
    }
    ++seen;
    const auto number = static_cast<unsigned>(*entry->spec.root.find("n")->as_integer());
    EXPECT_EQ(entry->attachment("py")->content, code_of(number).front().content);
  }
  EXPECT_EQ(kill(child, SIGKILL), 0);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(seen, 30U);
}

}  // namespace
}  // namespace untorn
