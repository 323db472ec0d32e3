// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "c_api/c_test_support.h"

namespace untorn {
namespace {

using test::CTest;
using test::empty_info;
using test::Out;

class CTransaction : public CTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(untorn_transaction_begin(path(".").c_str(), nullptr, change_.into(), report_.into(),
                                       failure_.into()),
              UNTORN_OK)
        << failure_.message();
  }
  int add(const char* name, const std::string& text, const untorn_options* options = nullptr) {
    return untorn_transaction_put(change_.get(), name, text.data(), text.size(), options,
                                  failure_.into());
  }
  Out<untorn_transaction> change_;
  Out<untorn_report> report_;
};

TEST_F(CTransaction, all_operations_take_effect_at_the_commit) {
  put("old", "1");
  put("gone", "2");
  ASSERT_EQ(add("new", "3"), UNTORN_OK) << failure_.message();
  ASSERT_EQ(untorn_transaction_rename(change_.get(), "old", "renamed", nullptr), UNTORN_OK);
  ASSERT_EQ(untorn_transaction_remove(change_.get(), "gone", nullptr), UNTORN_OK);
  ASSERT_EQ(untorn_transaction_make_directory(change_.get(), "folder", 0755, nullptr), UNTORN_OK);
  EXPECT_EQ(content("new"), "");
  untorn_info info = empty_info();
  Out<untorn_report> left;
  ASSERT_EQ(untorn_transaction_commit(change_.get(), &info, left.into(), failure_.into()),
            UNTORN_OK)
      << failure_.message();
  EXPECT_EQ(info.count, 4U);
  EXPECT_EQ(info.bytes, 1U);
  EXPECT_GT(info.syncs, 0U);
  EXPECT_EQ(untorn_report_count(left.get()), 0U);
  EXPECT_EQ(content("new") + content("renamed"), "31");
  EXPECT_FALSE(std::filesystem::exists(path("gone")));
  EXPECT_TRUE(std::filesystem::is_directory(path("folder")));
}

TEST_F(CTransaction, there_was_nothing_to_recover) {
  EXPECT_EQ(untorn_report_count(report_.get()), 0U);
  Out<untorn_report> report;
  untorn_transaction_discard(*change_.into());
  *change_.into() = nullptr;
  EXPECT_EQ(untorn_transaction_recover(path(".").c_str(), nullptr, report.into(), failure_.into()),
            UNTORN_OK)
      << failure_.message();
  EXPECT_EQ(untorn_report_count(report.get()), 0U);
}

TEST_F(CTransaction, options_of_a_put_take_effect) {
  put("there", "old");
  ASSERT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_EXISTENCE, UNTORN_MUST_NOT_EXIST),
            UNTORN_OK);
  EXPECT_EQ(add("there", "new", options_.get()), UNTORN_ALREADY_EXISTS);
  EXPECT_EQ(add("new", "new", options_.get()), UNTORN_OK);
}

TEST_F(CTransaction, the_tree_belongs_to_one_at_a_time) {
  ASSERT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_LOCK_WAIT_MS, 0), UNTORN_OK);
  Out<untorn_transaction> second;
  EXPECT_EQ(untorn_transaction_begin(path(".").c_str(), options_.get(), second.into(), nullptr,
                                     failure_.into()),
            UNTORN_BUSY);
  EXPECT_EQ(second.get(), nullptr);
}

TEST_F(CTransaction, is_spent_after_the_commit) {
  EXPECT_EQ(untorn_transaction_commit(change_.get(), nullptr, nullptr, nullptr), UNTORN_OK);
  EXPECT_EQ(add("new", "x"), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_transaction_remove(change_.get(), "new", nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_transaction_rename(change_.get(), "a", "b", nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_transaction_make_directory(change_.get(), "a", 0755, nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_transaction_commit(change_.get(), nullptr, nullptr, nullptr),
            UNTORN_INVALID_ARGUMENT);
}

TEST_F(CTransaction, wrong_calls_are_refused) {
  Out<untorn_transaction> none;
  EXPECT_EQ(untorn_transaction_begin(nullptr, nullptr, none.into(), nullptr, nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_transaction_begin(path(".").c_str(), nullptr, nullptr, nullptr, nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(add(nullptr, "x"), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(add("../out", "x"), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_transaction_put(change_.get(), "a", nullptr, 1, nullptr, nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_transaction_remove(change_.get(), nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_transaction_rename(change_.get(), nullptr, "b", nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_transaction_rename(change_.get(), "a", nullptr, nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_transaction_make_directory(change_.get(), "a", 010000, nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_transaction_make_directory(change_.get(), nullptr, 0755, nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_transaction_commit(nullptr, nullptr, nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_transaction_recover(nullptr, nullptr, nullptr, nullptr),
            UNTORN_INVALID_ARGUMENT);
  untorn_transaction_discard(nullptr);
}

}  // namespace
}  // namespace untorn
