// SPDX-License-Identifier: Apache-2.0
#include "prove/worker.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

namespace untorn::prove {
namespace {

using namespace std::string_literals;

TEST(run_worker, hands_back_code_and_document) {
  const std::string large(5'000'000, 'x');
  const auto answer = run_worker([&](const bool*) { return WorkerAnswer{1, large, {}}; });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->exit_code, 1);
  EXPECT_EQ(answer->document, large);
  EXPECT_FALSE(answer->error);
}

TEST(run_worker, hands_back_the_page_beside_the_document) {
  const auto answer = run_worker([](const bool*) {
    WorkerAnswer given;
    given.document = "text";
    given.page = "<p>\0</p>"s;
    return given;
  });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->document, "text");
  EXPECT_EQ(answer->page, "<p>\0</p>"s);
}

TEST(run_worker, hands_back_an_error_whole) {
  const Error error(Code::no_space, Step::sync_file, Outcome::applied_unsynced, 28, "a\nb", "why");
  const auto answer = run_worker([&](const bool*) { return WorkerAnswer{2, {}, error}; });
  ASSERT_TRUE(answer);
  ASSERT_TRUE(answer->error);
  EXPECT_EQ(answer->error->message(), error.message());
  EXPECT_EQ(answer->error->code(), error.code());
  EXPECT_EQ(answer->error->step(), error.step());
  EXPECT_EQ(answer->error->outcome(), error.outcome());
  EXPECT_EQ(answer->error->os_errno(), error.os_errno());
}

TEST(run_worker, worker_that_crashes_is_an_error_that_says_so) {
  const auto answer = run_worker([](const bool*) -> WorkerAnswer {
    ::raise(SIGKILL);
    return {};
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::internal);
  EXPECT_NE(answer.error().message().find("Killed"), std::string::npos) << answer.error().message();
}

TEST(run_worker, worker_that_exits_without_an_answer_is_an_error) {
  const auto answer = run_worker([](const bool*) -> WorkerAnswer { ::_exit(0); });
  ASSERT_FALSE(answer);
}

TEST(run_worker, signal_reaches_the_worker_as_a_wish_and_gives_130) {
  const pid_t parent = ::getpid();
  const auto answer = run_worker([&](const bool* stop) -> WorkerAnswer {
    ::kill(parent, SIGINT);
    while (!*static_cast<const volatile bool*>(stop)) ::usleep(1000);
    return {0, "cleaned up", {}};
  });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->exit_code, 130);
  EXPECT_EQ(answer->document, "cleaned up");
}

TEST(run_worker, leaves_the_signals_of_the_caller_as_they_were) {
  sigset_t before;
  sigset_t after;
  ASSERT_EQ(::sigprocmask(SIG_SETMASK, nullptr, &before), 0);
  (void)run_worker([](const bool*) { return WorkerAnswer{}; });
  ASSERT_EQ(::sigprocmask(SIG_SETMASK, nullptr, &after), 0);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    EXPECT_EQ(::sigismember(&before, signal), ::sigismember(&after, signal));
  }
}

}  // namespace
}  // namespace untorn::prove
