// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>

#include "c_api/c_test_support.h"
#include "c_api/values.h"

namespace untorn {
namespace {

using test::CTest;
using test::empty_info;
using test::Out;
using test::WorkingDirectory;

class CReplace : public CTest {
 protected:
  [[nodiscard]] std::string etag(const std::string& name) {
    std::array<char, UNTORN_ETAG_SIZE> text = {};
    EXPECT_EQ(untorn_etag(path(name).c_str(), text.data(), text.size(), failure_.into()), UNTORN_OK)
        << failure_.message();
    return text.data();
  }
};

TEST_F(CReplace, a_file_is_replaced_and_the_info_says_what_was_done) {
  untorn_info info = empty_info();
  ASSERT_EQ(replace("file", "new", nullptr, &info, failure_.into()), UNTORN_OK)
      << failure_.message();
  EXPECT_EQ(content("file"), "new");
  EXPECT_EQ(info.size, sizeof(info));
  EXPECT_EQ(info.outcome, UNTORN_APPLIED);
  EXPECT_EQ(info.requested, UNTORN_DURABLE);
  EXPECT_EQ(info.bytes, 3U);
  EXPECT_EQ(info.count, 1U);
  EXPECT_EQ(info.flags & UNTORN_EXISTED, 0U);
  EXPECT_EQ(info.etag, etag("file"));
  ASSERT_EQ(replace("file", "newer", nullptr, &info), UNTORN_OK);
  EXPECT_NE(info.flags & UNTORN_EXISTED, 0U);
  EXPECT_EQ(names(), 1U);
}

TEST_F(CReplace, options_take_effect) {
  ASSERT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_DURABILITY, UNTORN_PROCESS),
            UNTORN_OK);
  ASSERT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_SKIP_IF_SAME, 1), UNTORN_OK);
  ASSERT_EQ(untorn_options_set(options_.get(), UNTORN_OPTION_MODE, 0600), UNTORN_OK);
  untorn_info info = empty_info();
  ASSERT_EQ(replace("file", "new", options_.get(), &info), UNTORN_OK);
  EXPECT_EQ(info.syncs, 0U);
  EXPECT_EQ(info.achieved, UNTORN_PROCESS);
  struct stat status = {};
  ASSERT_EQ(stat(path("file").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  ASSERT_EQ(replace("file", "new", options_.get(), &info), UNTORN_OK);
  EXPECT_NE(info.flags & UNTORN_UNCHANGED, 0U);
  EXPECT_EQ(info.protocol, UNTORN_PROTOCOL_NONE);
}

TEST_F(CReplace, only_the_version_that_was_read_is_replaced) {
  put("file", "old");
  void* data = nullptr;
  std::size_t size = 0;
  std::array<char, UNTORN_ETAG_SIZE> read = {};
  ASSERT_EQ(untorn_read_version(path("file").c_str(), &data, &size, read.data(), read.size(),
                                failure_.into()),
            UNTORN_OK)
      << failure_.message();
  EXPECT_EQ(std::string(static_cast<char*>(data), size), "old");
  EXPECT_EQ(static_cast<char*>(data)[size], '\0');
  untorn_free(data);
  ASSERT_EQ(untorn_options_set_text(options_.get(), UNTORN_OPTION_IF_MATCH, read.data()),
            UNTORN_OK);
  EXPECT_EQ(replace("file", "mine", options_.get(), nullptr, failure_.into()), UNTORN_OK)
      << failure_.message();
  EXPECT_EQ(replace("file", "late", options_.get(), nullptr, failure_.into()), UNTORN_CONFLICT);
  EXPECT_EQ(untorn_error_outcome(failure_.get()), UNTORN_NOT_APPLIED);
  EXPECT_EQ(content("file"), "mine");
}

TEST_F(CReplace, an_empty_content_needs_no_pointer) {
  put("file", "old");
  EXPECT_EQ(untorn_replace(path("file").c_str(), nullptr, 0, nullptr, nullptr, nullptr), UNTORN_OK);
  EXPECT_EQ(content("file"), "");
}

TEST_F(CReplace, wrong_calls_change_nothing) {
  put("file", "old");
  const std::string name = path("file");
  untorn_info info = empty_info();
  EXPECT_EQ(untorn_replace(nullptr, "x", 1, nullptr, nullptr, failure_.into()),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_replace("", "x", 1, nullptr, nullptr, failure_.into()), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_replace(name.c_str(), nullptr, 1, nullptr, nullptr, failure_.into()),
            UNTORN_INVALID_ARGUMENT);
  const auto negative = static_cast<std::size_t>(-1);  // of a read() that failed
  EXPECT_EQ(untorn_replace(name.c_str(), "x", negative, nullptr, nullptr, nullptr),
            UNTORN_INVALID_ARGUMENT);
  info.size = 0;
  EXPECT_EQ(untorn_replace(name.c_str(), "x", 1, nullptr, &info, failure_.into()),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_NE(failure_.message().find("sizeof(untorn_info)"), std::string::npos);
  info.size = sizeof(info) - 1;
  EXPECT_EQ(untorn_replace(name.c_str(), "x", 1, nullptr, &info, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(content("file"), "old");
  EXPECT_EQ(names(), 1U);
}

TEST_F(CReplace, a_structure_of_a_later_header_is_filled_as_far_as_it_is_known) {
  struct Later {
    untorn_info known;
    std::array<unsigned char, 64> unknown;
  } later = {};
  later.known.size = sizeof(later);
  later.unknown.fill(0xFF);
  ASSERT_EQ(replace("file", "new", nullptr, &later.known), UNTORN_OK);
  EXPECT_EQ(later.known.size, sizeof(later));
  EXPECT_EQ(later.known.bytes, 3U);
  for (const unsigned char each : later.unknown) EXPECT_EQ(each, 0);
}

class CReplaceAt : public CReplace {
 protected:
  CReplaceAt() : directory_(open(path(".").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~CReplaceAt() override { close(directory_); }
  int directory_;
};

TEST_F(CReplaceAt, the_pieces_follow_each_other) {
  std::string first = "one ";
  std::string second = "two";
  const std::array<iovec, 3> pieces = {iovec{first.data(), first.size()}, iovec{nullptr, 0},
                                       iovec{second.data(), second.size()}};
  untorn_info info = empty_info();
  ASSERT_EQ(untorn_replace_at(directory_, "file", pieces.data(), pieces.size(), nullptr, &info,
                              failure_.into()),
            UNTORN_OK)
      << failure_.message();
  EXPECT_EQ(content("file"), "one two");
  EXPECT_EQ(info.bytes, 7U);
  ASSERT_EQ(untorn_replace_at(directory_, "file", pieces.data(), 1, nullptr, nullptr, nullptr),
            UNTORN_OK);
  EXPECT_EQ(content("file"), "one ");
  ASSERT_EQ(untorn_replace_at(directory_, "file", nullptr, 0, nullptr, nullptr, nullptr),
            UNTORN_OK);
  EXPECT_EQ(content("file"), "");
  EXPECT_EQ(fcntl(directory_, F_GETFD), FD_CLOEXEC);  // it stays the caller's
}

TEST_F(CReplaceAt, the_working_directory_is_one) {
  const WorkingDirectory here(path("."));
  std::string text = "new";
  const iovec piece = {text.data(), text.size()};
  ASSERT_EQ(untorn_replace_at(AT_FDCWD, "file", &piece, 1, nullptr, nullptr, failure_.into()),
            UNTORN_OK)
      << failure_.message();
  EXPECT_EQ(content("file"), "new");
}

TEST_F(CReplaceAt, wrong_calls_change_nothing) {
  std::string text = "new";
  const iovec piece = {text.data(), text.size()};
  const iovec wrong = {nullptr, 1};
  const auto at = [&](int fd, const char* name, const iovec* pieces, std::size_t count) {
    return untorn_replace_at(fd, name, pieces, count, nullptr, nullptr, failure_.into());
  };
  const iovec endless = {text.data(), static_cast<std::size_t>(-1)};
  const int pointer = ::open(path("").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(pointer, 0);
  EXPECT_EQ(at(pointer, "file", &piece, 1), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(close(pointer), 0);
  EXPECT_EQ(at(pointer, "file", &piece, 1), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(at(-1, "file", &piece, 1), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(at(directory_, nullptr, &piece, 1), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(at(directory_, "", &piece, 1), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(at(directory_, "folder/file", &piece, 1), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(at(directory_, "file", nullptr, 1), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(at(directory_, "file", &wrong, 1), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(at(directory_, "file", &endless, 1), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(names(), 0U);
}

class CWriter : public CReplace {};

TEST_F(CWriter, the_name_holds_the_old_content_until_the_commit) {
  put("file", "old");
  Out<untorn_writer> writer;
  ASSERT_EQ(untorn_open(path("file").c_str(), nullptr, writer.into(), failure_.into()), UNTORN_OK);
  EXPECT_EQ(untorn_write(writer.get(), "ne", 2, nullptr), UNTORN_OK);
  EXPECT_EQ(untorn_write(writer.get(), nullptr, 0, nullptr), UNTORN_OK);
  EXPECT_EQ(untorn_write(writer.get(), "w", 1, nullptr), UNTORN_OK);
  EXPECT_EQ(content("file"), "old");
  untorn_info info = empty_info();
  EXPECT_EQ(untorn_commit(writer.get(), &info, nullptr), UNTORN_OK);
  EXPECT_EQ(content("file"), "new");
  EXPECT_EQ(info.bytes, 3U);
  EXPECT_EQ(info.etag, etag("file"));
}

TEST_F(CWriter, is_spent_after_the_commit) {
  Out<untorn_writer> writer;
  ASSERT_EQ(untorn_open(path("file").c_str(), nullptr, writer.into(), nullptr), UNTORN_OK);
  EXPECT_EQ(untorn_commit(writer.get(), nullptr, nullptr), UNTORN_OK);
  EXPECT_EQ(untorn_write(writer.get(), "x", 1, failure_.into()), UNTORN_INVALID_ARGUMENT);
  EXPECT_NE(failure_.message().find("spent"), std::string::npos);
  EXPECT_EQ(untorn_commit(writer.get(), nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(content("file"), "");
}

TEST_F(CWriter, what_was_not_committed_is_given_up) {
  put("file", "old");
  {
    Out<untorn_writer> writer;
    ASSERT_EQ(untorn_open(path("file").c_str(), nullptr, writer.into(), nullptr), UNTORN_OK);
    EXPECT_EQ(untorn_write(writer.get(), "new", 3, nullptr), UNTORN_OK);
  }
  EXPECT_EQ(content("file"), "old");
  EXPECT_EQ(names(), 1U);
  untorn_discard(nullptr);
}

TEST_F(CWriter, a_wrong_info_does_not_spend_it) {
  Out<untorn_writer> writer;
  ASSERT_EQ(untorn_open(path("file").c_str(), nullptr, writer.into(), nullptr), UNTORN_OK);
  untorn_info info = {};
  EXPECT_EQ(untorn_commit(writer.get(), &info, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_commit(writer.get(), nullptr, nullptr), UNTORN_OK);
}

TEST_F(CWriter, refusals_come_when_it_is_opened) {
  Out<untorn_writer> writer;
  EXPECT_EQ(untorn_open(path("none/file").c_str(), nullptr, writer.into(), nullptr),
            UNTORN_NOT_FOUND);
  EXPECT_EQ(writer.get(), nullptr);
  EXPECT_EQ(untorn_open(path(".").c_str(), nullptr, writer.into(), nullptr),
            UNTORN_NOT_REGULAR_FILE);
  EXPECT_EQ(untorn_open(path("file").c_str(), nullptr, nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_open(nullptr, nullptr, writer.into(), nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_write(nullptr, "x", 1, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_commit(nullptr, nullptr, nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(names(), 0U);
}

class CEtag : public CReplace {};

TEST_F(CEtag, changes_with_the_content) {
  put("file", "one");
  const std::string first = etag("file");
  EXPECT_EQ(etag("file"), first);
  ASSERT_EQ(replace("file", "two", nullptr), UNTORN_OK);
  EXPECT_NE(etag("file"), first);
}

TEST_F(CEtag, of_what_is_no_file_is_an_error) {
  std::array<char, UNTORN_ETAG_SIZE> text = {};
  void* data = nullptr;
  std::size_t size = 0;
  EXPECT_EQ(untorn_etag(path("none").c_str(), text.data(), text.size(), nullptr), UNTORN_NOT_FOUND);
  EXPECT_EQ(untorn_etag(path(".").c_str(), text.data(), text.size(), nullptr),
            UNTORN_NOT_REGULAR_FILE);
  EXPECT_EQ(
      untorn_read_version(path("none").c_str(), &data, &size, text.data(), text.size(), nullptr),
      UNTORN_NOT_FOUND);
  EXPECT_EQ(data, nullptr);
}

TEST_F(CEtag, needs_a_buffer_that_holds_every_etag) {
  put("file", "one");
  std::array<char, UNTORN_ETAG_SIZE> text = {};
  const std::string name = path("file");
  void* data = nullptr;
  std::size_t size = 0;
  EXPECT_EQ(untorn_etag(name.c_str(), text.data(), text.size() - 1, nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_etag(name.c_str(), nullptr, text.size(), nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_etag(nullptr, text.data(), text.size(), nullptr), UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_read_version(name.c_str(), nullptr, &size, text.data(), text.size(), nullptr),
            UNTORN_INVALID_ARGUMENT);
  EXPECT_EQ(untorn_read_version(name.c_str(), &data, nullptr, text.data(), text.size(), nullptr),
            UNTORN_INVALID_ARGUMENT);
}

TEST(CValues, texts_that_are_too_long_are_cut_and_say_so) {
  Receipt receipt;
  receipt.why_lower = std::string(1000, 'w');
  receipt.metadata_lost = {"owner", "xattr user." + std::string(490, 'a'), "group",
                           "xattr user." + std::string(300, 'b')};
  const untorn_info info = c_api::info_of(receipt);
  EXPECT_EQ(std::string(info.why_lower), std::string(255, 'w'));
  EXPECT_NE(info.flags & UNTORN_WHY_LOWER_CUT, 0U);
  EXPECT_NE(info.flags & UNTORN_METADATA_LOST_CUT, 0U);
  const std::string lost = info.metadata_lost;
  EXPECT_EQ(lost, "owner\n" + receipt.metadata_lost[1] + "\n");
}

}  // namespace
}  // namespace untorn
