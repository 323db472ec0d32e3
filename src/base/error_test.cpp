// SPDX-License-Identifier: Apache-2.0
#include "untorn/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"
#include "untorn/durability.h"

namespace untorn {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Error failed(int os_errno, Step step, Outcome outcome = Outcome::not_applied) {
  return Error::from_errno(os_errno, step, outcome, "settings.json");
}

TEST(error, message_tells_thing_event_state_and_evidence_in_this_order) {
  EXPECT_EQ(failed(ENOSPC, Step::write).message(),
            "settings.json: no space left while writing the new content; "
            "the old content is untouched (ENOSPC)");
}

TEST(error, detail_stands_between_event_and_state) {
  const Error error(Code::corrupt, Step::check, Outcome::not_applied, 0, "a",
                    "the temporary is shorter than what was written");
  EXPECT_EQ(error.message(),
            "a: damaged content while checking the new content: "
            "the temporary is shorter than what was written; the old content is untouched");
}

TEST(error, message_before_a_temporary_exists_speaks_of_no_old_content) {
  EXPECT_THAT(failed(ENOENT, Step::open_directory).message(),
              AllOf(HasSubstr("not found while opening its directory"),
                    EndsWith("; nothing was changed (ENOENT)")));
}

TEST(error, message_of_a_published_file_warns_of_the_power_cut) {
  EXPECT_THAT(failed(EIO, Step::sync_directory, Outcome::applied_unsynced).message(),
              HasSubstr("the new content is visible, but a power cut may bring the old one back"));
}

TEST(error, message_of_an_io_failure_uses_the_words_of_the_system) {
  EXPECT_THAT(failed(EMFILE, Step::create_temporary).message(),
              AllOf(HasSubstr("too many open files"), EndsWith("(EMFILE)")));
}

TEST(error, message_stays_one_line_whatever_the_path_and_detail_hold) {
  const Error error(Code::not_found, Step::resolve, Outcome::not_applied, 0, "a\nb\x1b[31m\x7f",
                    "first\rsecond");
  EXPECT_THAT(error.message(), StartsWith("a\\nb\\x1b[31m\\x7f: not found"));
  EXPECT_THAT(error.message(), HasSubstr("first\\rsecond"));
  for (const char byte : error.message()) EXPECT_GE(static_cast<unsigned char>(byte), 0x20);
  EXPECT_EQ(error.path(), "a\nb\x1b[31m\x7f") << "the field itself stays as it was";
}

TEST(error, message_without_a_path_begins_with_the_event) {
  EXPECT_THAT(Error(Code::internal, Step::write, Outcome::unknown, 0, "").message(),
              StartsWith("a fault in Untorn"));
}

TEST(error, an_errno_without_a_name_is_printed_as_a_number) {
  EXPECT_THAT(failed(99999, Step::write).message(), EndsWith("(errno 99999)"));
}

TEST(error, streams_as_its_message) {
  std::ostringstream out;
  out << failed(EIO, Step::write);
  EXPECT_EQ(out.str(), failed(EIO, Step::write).message());
}

TEST(error, code_follows_from_errno) {
  const std::vector<std::pair<int, Code>> expected = {
      {ENOENT, Code::not_found},
      {ENOTDIR, Code::not_found},
      {EEXIST, Code::already_exists},
      {EACCES, Code::permission_denied},
      {EPERM, Code::permission_denied},
      {EROFS, Code::permission_denied},
      {EINVAL, Code::invalid_argument},
      {ENAMETOOLONG, Code::invalid_argument},
      {EISDIR, Code::not_regular_file},
      {ELOOP, Code::not_regular_file},
      {ENOSPC, Code::no_space},
      {EDQUOT, Code::no_space},
      {EFBIG, Code::no_space},
      {EOPNOTSUPP, Code::unsupported},
      {ENOSYS, Code::unsupported},
      {EXDEV, Code::unsupported},
      {EBUSY, Code::busy},
      {EWOULDBLOCK, Code::busy},
      {ETIMEDOUT, Code::timed_out},
      {EBADF, Code::internal},
      {EIO, Code::io},
      {ENOMEM, Code::io},
  };
  for (const auto& [os_errno, code] : expected) {
    const Error error = failed(os_errno, Step::write);
    EXPECT_EQ(error.code(), code) << error;
    EXPECT_EQ(error.os_errno(), os_errno);
  }
}

TEST(error, a_file_where_a_folder_should_be_is_not_called_missing) {
  EXPECT_EQ(failed(ENOTDIR, Step::open_directory).message().find("not found"), std::string::npos);
}

TEST(error, einval_of_a_sync_or_rename_means_that_the_file_system_cannot) {
  for (const Step step : {Step::sync_file, Step::sync_directory, Step::rename})
    EXPECT_EQ(failed(EINVAL, step).code(), Code::unsupported) << to_string(step);
}

TEST(error, a_failed_sync_is_never_to_be_retried) {
  for (const int os_errno : {EIO, ENOSPC, EINTR, EAGAIN, EDQUOT}) {
    EXPECT_EQ(failed(os_errno, Step::sync_file).advice(), Advice::stop);
    EXPECT_EQ(failed(os_errno, Step::sync_directory, Outcome::applied_unsynced).advice(),
              Advice::stop);
  }
}

TEST(error, advice_tells_what_to_do_next) {
  EXPECT_EQ(failed(ENOSPC, Step::write).advice(), Advice::fix_then_retry);
  EXPECT_EQ(failed(EACCES, Step::create_temporary).advice(), Advice::fix_then_retry);
  EXPECT_EQ(failed(EIO, Step::write).advice(), Advice::stop);
  EXPECT_EQ(failed(EMFILE, Step::open_directory).advice(), Advice::retry);
  EXPECT_EQ(failed(EAGAIN, Step::create_temporary).advice(), Advice::retry);
  EXPECT_EQ(failed(EEXIST, Step::rename).advice(), Advice::reread_then_retry);
  EXPECT_EQ(failed(ETIMEDOUT, Step::rename, Outcome::unknown).advice(), Advice::reread_then_retry);
  EXPECT_EQ(Error(Code::conflict, Step::inspect, Outcome::not_applied, 0, "a").advice(),
            Advice::reread_then_retry);
  EXPECT_EQ(Error(Code::corrupt, Step::check, Outcome::not_applied, 0, "a").advice(), Advice::stop);
}

TEST(error, every_enumerator_has_a_name_and_words_of_its_own) {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i)
    names.emplace_back(to_string(static_cast<Code>(i)));
  for (int i = 0; i <= static_cast<int>(Step::clean_up); ++i)
    names.emplace_back(to_string(static_cast<Step>(i)));
  for (int i = 0; i <= static_cast<int>(Outcome::unknown); ++i)
    names.emplace_back("outcome " + std::string(to_string(static_cast<Outcome>(i))));
  for (int i = 0; i <= static_cast<int>(Advice::stop); ++i)
    names.emplace_back(to_string(static_cast<Advice>(i)));
  for (int i = 1; i <= static_cast<int>(Durability::durable); ++i)
    names.emplace_back(to_string(static_cast<Durability>(i)));
  EXPECT_THAT(names, Not(testing::Contains("unknown")));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(error, copies_share_their_text) {
  const Error first = failed(EIO, Step::write);
  const Error second = first;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(&first.path(), &second.path());
}

Result<int> half(int value) {
  if (value % 2 != 0)
    return std::unexpected(Error(Code::invalid_argument, Step::check, Outcome::not_applied, 0, ""));
  return value / 2;
}

Result<int> quarter(int value) {
  UNTORN_CHECK(half(value));
  UNTORN_TRY(const int once, half(value));
  UNTORN_TRY(const int twice, half(once));
  return twice;
}

TEST(try_macro, passes_values_on_and_returns_the_first_error) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).error().code(), Code::invalid_argument);
  EXPECT_EQ(quarter(5).error().code(), Code::invalid_argument);
}

}  // namespace
}  // namespace untorn
