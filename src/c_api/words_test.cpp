// SPDX-License-Identifier: Apache-2.0
//
// The numbers of untorn.h are those of the C++ headers, for ever.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "c_api/objects.h"
#include "untorn/untorn.h"

namespace untorn {
namespace {

template <class T>
constexpr int number_of(T value) {
  return static_cast<int>(value);
}

TEST(Words, codes_are_those_of_the_library_and_leave_zero_to_success) {
  EXPECT_EQ(UNTORN_OK, 0);
  const std::pair<int, Code> codes[] = {{UNTORN_NOT_FOUND, Code::not_found},
                                        {UNTORN_ALREADY_EXISTS, Code::already_exists},
                                        {UNTORN_PERMISSION_DENIED, Code::permission_denied},
                                        {UNTORN_INVALID_ARGUMENT, Code::invalid_argument},
                                        {UNTORN_NOT_REGULAR_FILE, Code::not_regular_file},
                                        {UNTORN_MOUNT_POINT, Code::mount_point},
                                        {UNTORN_CONFLICT, Code::conflict},
                                        {UNTORN_HAS_HARD_LINKS, Code::has_hard_links},
                                        {UNTORN_NO_SPACE, Code::no_space},
                                        {UNTORN_UNSUPPORTED, Code::unsupported},
                                        {UNTORN_BUSY, Code::busy},
                                        {UNTORN_TIMED_OUT, Code::timed_out},
                                        {UNTORN_IO, Code::io},
                                        {UNTORN_CORRUPT, Code::corrupt},
                                        {UNTORN_INTERNAL, Code::internal}};
  int next = 1;
  for (const auto& [number, code] : codes) {
    EXPECT_EQ(number, next++);
    EXPECT_EQ(number, number_of(code) + 1);
    EXPECT_EQ(untorn_code_name(number), to_string(code));
  }
  EXPECT_STREQ(untorn_code_name(UNTORN_OK), "ok");
  EXPECT_STREQ(untorn_code_name(UNTORN_NO_MEMORY), "no_memory");
  for (const int stranger : {-1, next, 99, 101, 1 << 30}) {
    EXPECT_STREQ(untorn_code_name(stranger), "unknown");
  }
}

static_assert(UNTORN_STEP_RESOLVE == number_of(Step::resolve));
static_assert(UNTORN_STEP_OPEN_DIRECTORY == number_of(Step::open_directory));
static_assert(UNTORN_STEP_INSPECT == number_of(Step::inspect));
static_assert(UNTORN_STEP_CREATE_TEMPORARY == number_of(Step::create_temporary));
static_assert(UNTORN_STEP_WRITE == number_of(Step::write));
static_assert(UNTORN_STEP_COPY_METADATA == number_of(Step::copy_metadata));
static_assert(UNTORN_STEP_CHECK == number_of(Step::check));
static_assert(UNTORN_STEP_SYNC_FILE == number_of(Step::sync_file));
static_assert(UNTORN_STEP_RENAME == number_of(Step::rename));
static_assert(UNTORN_STEP_SYNC_DIRECTORY == number_of(Step::sync_directory));
static_assert(UNTORN_STEP_CLEAN_UP == number_of(Step::clean_up));
static_assert(UNTORN_NOT_APPLIED == number_of(Outcome::not_applied));
static_assert(UNTORN_APPLIED_UNSYNCED == number_of(Outcome::applied_unsynced));
static_assert(UNTORN_APPLIED == number_of(Outcome::applied));
static_assert(UNTORN_OUTCOME_UNKNOWN == number_of(Outcome::unknown));
static_assert(UNTORN_RETRY == number_of(Advice::retry));
static_assert(UNTORN_REREAD_THEN_RETRY == number_of(Advice::reread_then_retry));
static_assert(UNTORN_FIX_THEN_RETRY == number_of(Advice::fix_then_retry));
static_assert(UNTORN_STOP == number_of(Advice::stop));
static_assert(UNTORN_PROCESS == number_of(Durability::process));
static_assert(UNTORN_ORDERED == number_of(Durability::ordered));
static_assert(UNTORN_DURABLE == number_of(Durability::durable));
static_assert(UNTORN_PROTOCOL_NONE == number_of(Protocol::none));
static_assert(UNTORN_PROTOCOL_CLASSIC == number_of(Protocol::classic));
static_assert(UNTORN_PROTOCOL_ONE_COMMIT == number_of(Protocol::one_commit));
static_assert(UNTORN_PROTOCOL_IN_PLACE == number_of(Protocol::in_place));
static_assert(UNTORN_AUTOMATIC == number_of(ProtocolChoice::automatic));
static_assert(UNTORN_CLASSIC == number_of(ProtocolChoice::classic));
static_assert(UNTORN_FOLLOW == number_of(SymlinkPolicy::follow));
static_assert(UNTORN_REPLACE_LINK == number_of(SymlinkPolicy::replace));
static_assert(UNTORN_REFUSE_LINK == number_of(SymlinkPolicy::refuse));
static_assert(UNTORN_EITHER == number_of(Existence::either));
static_assert(UNTORN_MUST_EXIST == number_of(Existence::must_exist));
static_assert(UNTORN_MUST_NOT_EXIST == number_of(Existence::must_not_exist));
static_assert(UNTORN_SPLIT == number_of(HardLinkPolicy::split));
static_assert(UNTORN_REFUSE_LINKS == number_of(HardLinkPolicy::refuse));
static_assert(UNTORN_IN_PLACE == number_of(HardLinkPolicy::in_place));
static_assert(UNTORN_COOPERATIVE == number_of(Match::cooperative));
static_assert(UNTORN_DETECT == number_of(Match::detect));
static_assert(UNTORN_SYNC_EACH == number_of(LineSync::each));
static_assert(UNTORN_SYNC_BATCHED == number_of(LineSync::batched));
static_assert(UNTORN_SYNC_NEVER == number_of(LineSync::never));
using Kind = TransactionRecovery::Kind;
static_assert(UNTORN_ROLLED_FORWARD == number_of(Kind::rolled_forward));
static_assert(UNTORN_DISCARDED == number_of(Kind::discarded));
static_assert(UNTORN_REFUSED == number_of(Kind::refused));
static_assert(UNTORN_TEMPORARY_ALIVE == 16 + number_of(SweepVerdict::alive));
static_assert(UNTORN_TEMPORARY_YOUNG == 16 + number_of(SweepVerdict::young));
static_assert(UNTORN_TEMPORARY_DEAD == 16 + number_of(SweepVerdict::dead));
static_assert(UNTORN_TEMPORARY_REMOVED == 16 + number_of(SweepVerdict::removed));
static_assert(UNTORN_TEMPORARY_SET_ASIDE == 16 + number_of(SweepVerdict::set_aside));
static_assert(UNTORN_TEMPORARY_UNSURE == 16 + number_of(SweepVerdict::unsure));

// What a compiled program has in it: sizes and places of the first version never change.
TEST(Words, structures_only_grow_at_their_ends) {
  EXPECT_EQ(offsetof(untorn_info, outcome), 8U);
  EXPECT_EQ(offsetof(untorn_info, flags), 36U);
  EXPECT_EQ(offsetof(untorn_info, bytes), 40U);
  EXPECT_EQ(offsetof(untorn_info, etag), 64U);
  EXPECT_EQ(offsetof(untorn_info, why_lower), 256U);
  EXPECT_EQ(offsetof(untorn_info, metadata_lost), 512U);
  EXPECT_EQ(sizeof(untorn_info), 1024U);
  EXPECT_EQ(offsetof(untorn_entry, finding), 8U);
  EXPECT_EQ(offsetof(untorn_entry, bytes), 16U);
  EXPECT_EQ(offsetof(untorn_entry, why), 32U);
  EXPECT_EQ(sizeof(untorn_entry), 40U);
}

TEST(Words, the_library_tells_its_abi_and_its_version) {
  EXPECT_EQ(untorn_abi(), static_cast<uint32_t>(UNTORN_ABI));
  EXPECT_EQ(std::count(untorn_version(), untorn_version() + std::strlen(untorn_version()), '.'), 2);
}

}  // namespace
}  // namespace untorn
