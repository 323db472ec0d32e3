// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "c_api/c_test_support.h"

namespace untorn {
namespace {

using test::CTest;
using test::empty_info;
using test::Out;

class CBatch : public CTest {
 protected:
  int add(untorn_batch* batch, const std::string& name, const std::string& text,
          const untorn_options* options = nullptr) {
    return untorn_batch_put(batch, path(name).c_str(), text.data(), text.size(), options,
                            failure_.into());
  }
};

TEST_F(CBatch, all_files_are_there_after_the_commit_and_none_before) {
  put("b", "old");
  Out<untorn_batch> batch;
  ASSERT_EQ(untorn_batch_new(nullptr, batch.into(), failure_.into()), UNTORN_OK);
  ASSERT_EQ(add(batch.get(), "a", "one"), UNTORN_OK) << failure_.message();
  ASSERT_EQ(add(batch.get(), "b", "three"), UNTORN_OK);
  EXPECT_EQ(content("b"), "old");
  untorn_info info = empty_info();
  ASSERT_EQ(untorn_batch_commit(batch.get(), &info, failure_.into()), UNTORN_OK)
      << failure_.message();
  EXPECT_EQ(info.count, 2U);
  EXPECT_EQ(info.failed, 0U);
  EXPECT_EQ(info.bytes, 8U);
  EXPECT_EQ(content("a") + content("b"), "onethree");
  const char* name = nullptr;
  untorn_info file = empty_info();
  ASSERT_EQ(untorn_batch_file(batch.get(), 1, &name, &file, nullptr), UNTORN_OK);
  EXPECT_EQ(name, path("b"));
  EXPECT_EQ(file.bytes, 5U);
  EXPECT_NE(file.flags & UNTORN_EXISTED, 0U);
  EXPECT_EQ(untorn_batch_file(batch.get(), 2, &name, &file, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(name, nullptr);
  EXPECT_EQ(names(), 2U);
}

TEST_F(CBatch, a_writer_joins_and_is_spent) {
  Out<untorn_batch> batch;
  Out<untorn_writer> writer;
  ASSERT_EQ(untorn_batch_new(nullptr, batch.into(), nullptr), UNTORN_OK);
  ASSERT_EQ(untorn_open(path("a").c_str(), nullptr, writer.into(), nullptr), UNTORN_OK);
  ASSERT_EQ(untorn_write(writer.get(), "new", 3, nullptr), UNTORN_OK);
  EXPECT_EQ(untorn_batch_add(batch.get(), writer.get(), failure_.into()), UNTORN_OK)
      << failure_.message();
  EXPECT_EQ(untorn_batch_add(batch.get(), writer.get(), nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_write(writer.get(), "x", 1, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_batch_commit(batch.get(), nullptr, nullptr), UNTORN_OK);
  EXPECT_EQ(content("a"), "new");
}

TEST_F(CBatch, goes_on_without_a_file_that_is_refused) {
  Out<untorn_batch> batch;
  ASSERT_EQ(untorn_batch_new(nullptr, batch.into(), nullptr), UNTORN_OK);
  EXPECT_EQ(add(batch.get(), "none/a", "x"), UNTORN_NOT_FOUND);
  EXPECT_EQ(add(batch.get(), "a", "one"), UNTORN_OK);
  EXPECT_EQ(add(batch.get(), "a", "two"), UNTORN_ALREADY_EXISTS);
  ASSERT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_EXISTENCE, UNTORN_MUST_EXIST),
            UNTORN_OK);
  EXPECT_EQ(add(batch.get(), "b", "x", options_.get()), UNTORN_NOT_FOUND);
  EXPECT_EQ(untorn_batch_commit(batch.get(), nullptr, failure_.into()), UNTORN_OK);
  EXPECT_EQ(content("a"), "one");
  EXPECT_EQ(names(), 1U);
}

TEST_F(CBatch, one_file_that_fails_at_the_end_is_counted_and_named) {
  Out<untorn_batch> batch;
  ASSERT_EQ(untorn_batch_new(nullptr, batch.into(), nullptr), UNTORN_OK);
  ASSERT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_EXISTENCE, UNTORN_MUST_NOT_EXIST),
            UNTORN_OK);
  ASSERT_EQ(add(batch.get(), "a", "mine", options_.get()), UNTORN_OK);
  ASSERT_EQ(add(batch.get(), "b", "mine"), UNTORN_OK);
  put("a", "theirs");
  untorn_info info = empty_info();
  ASSERT_EQ(untorn_batch_commit(batch.get(), &info, nullptr), UNTORN_OK);
  EXPECT_EQ(info.failed, 1U);
  const char* name = nullptr;
  EXPECT_EQ(untorn_batch_file(batch.get(), 0, &name, nullptr, failure_.into()),
            UNTORN_ALREADY_EXISTS);
  EXPECT_EQ(name, path("a"));
  EXPECT_EQ(untorn_error_outcome(failure_.get()), UNTORN_NOT_APPLIED);
  EXPECT_EQ(untorn_batch_file(batch.get(), 1, nullptr, nullptr, nullptr), UNTORN_OK);
  EXPECT_EQ(content("a") + content("b"), "theirsmine");
}

TEST_F(CBatch, what_was_not_committed_is_given_up) {
  {
    Out<untorn_batch> batch;
    ASSERT_EQ(untorn_batch_new(options_.get(), batch.into(), nullptr), UNTORN_OK);
    ASSERT_EQ(add(batch.get(), "a", "one"), UNTORN_OK);
    EXPECT_EQ(untorn_batch_file(batch.get(), 0, nullptr, nullptr, nullptr),
              UNTORN_INVALID_ARGUMENT);
  }
  EXPECT_EQ(names(), 0U);
  untorn_batch_discard(nullptr);
}

TEST_F(CBatch, wrong_calls_are_refused) {
  Out<untorn_batch> batch;
  ASSERT_EQ(untorn_batch_new(nullptr, batch.into(), nullptr), UNTORN_OK);
  EXPECT_EQ(untorn_batch_new(nullptr, nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_batch_put(nullptr, "a", "x", 1, nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_batch_put(batch.get(), nullptr, "x", 1, nullptr, nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_batch_put(batch.get(), path("a").c_str(), nullptr, 1, nullptr, nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_batch_add(batch.get(), nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_batch_file(nullptr, 0, nullptr, nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_batch_commit(nullptr, nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_batch_commit(batch.get(), nullptr, nullptr), UNTORN_OK);
  EXPECT_EQ(untorn_batch_commit(batch.get(), nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(add(batch.get(), "a", "x"), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(names(), 0U);
}

}  // namespace
}  // namespace untorn
