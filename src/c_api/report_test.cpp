// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "c_api/c_test_support.h"
#include "c_api/report.h"

namespace untorn {
namespace {

using test::CTest;
using test::Out;

class CReport : public CTest {
 protected:
  static untorn_entry entry(const untorn_report* report, std::size_t index) {
    untorn_entry entry = {};
    entry.size = sizeof(entry);
    EXPECT_EQ(untorn_report_entry(report, index, &entry), UNTORN_OK);
    return entry;
  }
};

const std::string temporary = ".untorn-tmp-0123456789abcdef0123456789abcdef";

TEST_F(CReport, a_sweep_looks_and_removes_only_when_it_is_told_to) {
  put(temporary, "left");
  put("mine", "stays");
  ASSERT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_OLDER_THAN_S, 0), UNTORN_OK);
  Out<untorn_report> looked;
  ASSERT_EQ(untorn_sweep(path(".").c_str(), options_.get(), looked.into(), failure_.into()),
            UNTORN_OK)
      << failure_.message();
  ASSERT_EQ(untorn_report_count(looked.get()), 1U);
  const untorn_entry found = entry(looked.get(), 0);
  EXPECT_NE(std::string(found.path).find(temporary), std::string::npos);
  EXPECT_EQ(found.bytes, 4U);
  if (found.finding == UNTORN_TEMPORARY_UNSURE) GTEST_SKIP() << found.why;
  EXPECT_EQ(found.finding, UNTORN_TEMPORARY_DEAD);
  EXPECT_EQ(names(), 2U);
  ASSERT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_REMOVE, 1), UNTORN_OK);
  Out<untorn_report> swept;
  ASSERT_EQ(untorn_sweep(path(".").c_str(), options_.get(), swept.into(), nullptr), UNTORN_OK);
  EXPECT_EQ(entry(swept.get(), 0).finding, UNTORN_TEMPORARY_REMOVED);
  EXPECT_EQ(names(), 1U);
}

TEST_F(CReport, a_young_temporary_and_that_of_a_living_writer_are_left) {
  put(temporary, "left");
  Out<untorn_writer> writer;
  ASSERT_EQ(untorn_open(path("file").c_str(), nullptr, writer.into(), nullptr), UNTORN_OK);
  ASSERT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_REMOVE, 1), UNTORN_OK);
  Out<untorn_report> report;
  ASSERT_EQ(untorn_sweep(path(".").c_str(), options_.get(), report.into(), nullptr), UNTORN_OK);
  EXPECT_EQ(untorn_report_count(report.get()), 2U);
  EXPECT_EQ(names(), 2U);
}

TEST_F(CReport, a_recovery_without_anything_to_do_is_empty) {
  Out<untorn_report> report;
  EXPECT_EQ(untorn_recover_in_place(path(".").c_str(), report.into(), failure_.into()), UNTORN_OK)
      << failure_.message();
  EXPECT_EQ(untorn_report_count(report.get()), 0U);
  EXPECT_EQ(untorn_recover_in_place(path(".").c_str(), nullptr, nullptr), UNTORN_OK);
  EXPECT_NE(untorn_recover_in_place(path("none").c_str(), nullptr, nullptr), UNTORN_OK);
}

TEST_F(CReport, entries_tell_what_the_library_told) {
  auto report = std::make_unique<untorn_report>();
  c_api::append(*report, UNTORN_SIDECAR_KEPT, {"one", "two"});
  EXPECT_EQ(untorn_report_count(report.get()), 2U);
  const untorn_entry second = entry(report.get(), 1);
  EXPECT_EQ(second.finding, UNTORN_SIDECAR_KEPT);
  EXPECT_STREQ(second.path, "two");
  EXPECT_STREQ(second.why, "");
}

TEST_F(CReport, all_names_of_a_file_get_the_content_and_nothing_is_left_to_recover) {
  std::filesystem::create_directory(path("beside"));
  put("file", "old content");
  const std::string beside = path("beside");
  ASSERT_EQ(untorn_options_set_text(options_.get(), UNTORN_OPTION_SIDECAR, beside.c_str()),
            UNTORN_OK);
  ASSERT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_HARD_LINKS, UNTORN_IN_PLACE),
            UNTORN_OK);
  std::filesystem::create_hard_link(path("file"), path("other"));
  untorn_info info = test::empty_info();
  const int code = replace("file", "new", options_.get(), &info, failure_.into());
  if (code == UNTORN_UNSUPPORTED) GTEST_SKIP() << failure_.message();
  ASSERT_EQ(code, UNTORN_OK) << failure_.message();
  EXPECT_EQ(info.protocol, UNTORN_PROTOCOL_IN_PLACE);
  EXPECT_EQ(content("file") + content("other"), "newnew");
  Out<untorn_report> report;
  EXPECT_EQ(untorn_recover_in_place(beside.c_str(), report.into(), nullptr), UNTORN_OK);
  EXPECT_EQ(untorn_report_count(report.get()), 0U);
}

TEST_F(CReport, wrong_calls_are_refused) {
  auto report = std::make_unique<untorn_report>();
  untorn_entry entry = {};
  EXPECT_EQ(untorn_report_entry(report.get(), 0, &entry), UNTORN_INVALID_ARGUMENT);
  entry.size = sizeof(entry);
  EXPECT_EQ(untorn_report_entry(report.get(), 0, &entry), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_report_entry(nullptr, 0, &entry), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_report_entry(report.get(), 0, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_report_count(nullptr), 0U);
  untorn_report_free(nullptr);
  untorn_report* out = nullptr;
  EXPECT_EQ(untorn_sweep(nullptr, nullptr, &out, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_sweep(path(".").c_str(), nullptr, nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_sweep(path("none").c_str(), nullptr, &out, nullptr), UNTORN_NOT_FOUND);
  EXPECT_EQ(untorn_recover_in_place(nullptr, &out, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(out, nullptr);
}

}  // namespace
}  // namespace untorn
