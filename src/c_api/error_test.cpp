// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>
#include <new>
#include <stdexcept>
#include <string>

#include "c_api/boundary.h"
#include "c_api/c_test_support.h"

namespace untorn {
namespace {

using test::CTest;
using test::Failure;

class CError : public CTest {};

TEST_F(CError, tells_all_that_an_error_of_the_library_tells) {
  EXPECT_EQ(replace("none/file", "text", nullptr, nullptr, failure_.into()), UNTORN_NOT_FOUND);
  const untorn_error* const error = failure_.get();
  EXPECT_EQ(untorn_error_code(error), UNTORN_NOT_FOUND);
  EXPECT_EQ(untorn_error_outcome(error), UNTORN_NOT_APPLIED);
  EXPECT_EQ(untorn_error_errno(error), ENOENT);
  EXPECT_EQ(untorn_error_advice(error), UNTORN_FIX_THEN_RETRY);
  EXPECT_EQ(untorn_error_path(error), path("none/file"));
  EXPECT_NE(failure_.message().find("none/file"), std::string::npos);
  EXPECT_EQ(failure_.message().find('\n'), std::string::npos);
}

TEST_F(CError, is_taken_back_by_a_success) {
  untorn_error* error = nullptr;
  EXPECT_NE(replace("none/file", "text", nullptr, nullptr, &error), UNTORN_OK);
  untorn_error* const first = error;
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(replace("file", "text", nullptr, nullptr, &error), UNTORN_OK);
  EXPECT_EQ(error, nullptr);
  untorn_error_free(first);
}

TEST_F(CError, need_not_be_wanted) {
  EXPECT_EQ(replace("none/file", "text", nullptr), UNTORN_NOT_FOUND);
}

TEST(CErrorOfNothing, is_success_with_empty_texts) {
  EXPECT_EQ(untorn_error_code(nullptr), UNTORN_OK);
  EXPECT_EQ(untorn_error_step(nullptr), 0);
  EXPECT_EQ(untorn_error_outcome(nullptr), 0);
  EXPECT_EQ(untorn_error_advice(nullptr), 0);
  EXPECT_EQ(untorn_error_errno(nullptr), 0);
  EXPECT_STREQ(untorn_error_message(nullptr), "");
  EXPECT_STREQ(untorn_error_path(nullptr), "");
  untorn_error_free(nullptr);
}

TEST(Boundary, a_lack_of_memory_is_told_without_any) {
  for (int i = 0; i < 2; ++i) {  // freeing it must not spend it
    Failure failure;
    const int code =
        c_api::guarded(failure.into(), []() -> Result<void> { throw std::bad_alloc(); });
    EXPECT_EQ(code, UNTORN_NO_MEMORY);
    EXPECT_EQ(untorn_error_code(failure.get()), UNTORN_NO_MEMORY);
    EXPECT_EQ(untorn_error_outcome(failure.get()), UNTORN_OUTCOME_UNKNOWN);
    EXPECT_NE(failure.message(), "");
  }
}

TEST(Boundary, no_exception_leaves) {
  Failure failure;
  const int code = c_api::guarded(
      failure.into(), []() -> Result<void> { throw std::runtime_error("a fault of ours"); });
  EXPECT_EQ(code, UNTORN_INTERNAL);
  EXPECT_NE(failure.message().find("a fault of ours"), std::string::npos);
}

}  // namespace
}  // namespace untorn
