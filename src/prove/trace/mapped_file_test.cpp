// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/mapped_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <string>

namespace untorn::prove {
namespace {

using ::testing::IsEmpty;

constexpr std::size_t page_bytes = 4096;

// A file that only descriptors lead to.
class MappedFileTest : public ::testing::Test {
 protected:
  MappedFileTest() : file_(::memfd_create("mapped", MFD_CLOEXEC)) {}

  void put(std::uint64_t offset, const std::string& text) const {
    ASSERT_EQ(::pwrite(file_.get(), text.data(), text.size(), static_cast<off_t>(offset)),
              static_cast<ssize_t>(text.size()));
  }
  [[nodiscard]] MappedFile look() const {
    return MappedFile(Descriptor(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0)));
  }
  static std::string text(const PageChange& change) {
    return {reinterpret_cast<const char*>(change.bytes.data()), change.bytes.size()};
  }
  Descriptor file_;
};

TEST_F(MappedFileTest, tells_changes_once_and_by_page) {
  ASSERT_EQ(::ftruncate(file_.get(), 3 * page_bytes), 0);
  MappedFile mapped = look();
  EXPECT_THAT(mapped.changes(), IsEmpty());
  put(page_bytes - 1, "ab");
  put(2 * page_bytes + 5, "c");
  const auto changes = mapped.changes();
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0].offset, page_bytes - 1);
  EXPECT_EQ(text(changes[0]), "a");
  EXPECT_EQ(changes[1].offset, page_bytes);
  EXPECT_EQ(text(changes[1]), "b");
  EXPECT_EQ(changes[2].offset, 2 * page_bytes + 5);
  EXPECT_THAT(mapped.changes(), IsEmpty());
}

TEST_F(MappedFileTest, takes_recorded_writes_for_known) {
  put(0, std::string(2 * page_bytes + 10, 'x'));
  MappedFile mapped = look();
  put(page_bytes - 2, "abcd");
  const std::string bytes = "abcd";
  mapped.write(page_bytes - 2, std::as_bytes(std::span(bytes)));
  ASSERT_EQ(::ftruncate(file_.get(), page_bytes + 1), 0);
  mapped.truncate(page_bytes + 1);
  ASSERT_EQ(::ftruncate(file_.get(), 2 * page_bytes), 0);
  mapped.truncate(2 * page_bytes);
  EXPECT_THAT(mapped.changes(), IsEmpty());
  EXPECT_EQ(mapped.size(), 2 * page_bytes);
}

TEST_F(MappedFileTest, sees_what_became_a_hole) {
  put(0, std::string(4 * page_bytes, 'x'));
  MappedFile mapped = look();
  ASSERT_EQ(::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, page_bytes,
                        2 * page_bytes),
            0);
  const auto changes = mapped.changes();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(text(changes[0]), std::string(page_bytes, '\0'));
  EXPECT_EQ(changes[1].offset, 2 * page_bytes);
  EXPECT_THAT(mapped.changes(), IsEmpty());
  EXPECT_EQ(mapped.data_bytes(), 2 * page_bytes);
}

// Whatever is stored, the known bytes and the changes together give the file.
TEST_F(MappedFileTest, changes_lead_from_what_was_known_to_what_is_there) {
  constexpr std::size_t size = 5 * page_bytes + 123;
  std::mt19937 random(7);
  std::string known(size, '\0');
  put(0, known);
  MappedFile mapped = look();
  for (int round = 0; round < 200; ++round) {
    const std::size_t at = random() % size;
    std::string bytes(1 + random() % (size - at), static_cast<char>(random() % 3));
    if (random() % 4 != 0) bytes.resize(std::min<std::size_t>(bytes.size(), 9));
    put(at, bytes);
    for (const PageChange& change : mapped.changes()) {
      known.replace(change.offset, change.bytes.size(), text(change));
      EXPECT_EQ(change.offset / page_bytes, (change.offset + change.bytes.size() - 1) / page_bytes);
    }
    std::string present(size, '?');
    ASSERT_EQ(::pread(file_.get(), present.data(), size, 0), static_cast<ssize_t>(size));
    ASSERT_EQ(known, present) << round;
  }
}

TEST_F(MappedFileTest, says_that_it_cannot_read) {
  MappedFile mapped{Descriptor(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC))};
  EXPECT_THAT(mapped.changes(), IsEmpty());
  MappedFile folder{Descriptor(::open("/", O_RDONLY | O_CLOEXEC))};
  EXPECT_EQ(folder.changes().size(), 0U);
}

}  // namespace
}  // namespace untorn::prove
