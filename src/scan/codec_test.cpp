// SPDX-License-Identifier: Apache-2.0
#include "scan/codec.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>

#include "languages/language.h"
#include "scan/facts_codec.h"

namespace untorn::scan {
namespace {

template <class T>
std::string encoded(const T& value) {
  Encoder encoder;
  encoder.put(value);
  return std::move(encoder).take();
}

template <class T>
void expect_same_again(const T& value) {
  const std::string bytes = encoded(value);
  Decoder decoder(bytes);
  T again = {};
  ASSERT_TRUE(decoder.get(again));
  EXPECT_TRUE(decoder.finished());
  EXPECT_EQ(encoded(again), bytes);
}

RC_GTEST_PROP(codec, numbers_texts_and_lists_come_back,
              (std::vector<std::int64_t> numbers, std::vector<std::string> texts,
               std::uint32_t small, bool truth)) {
  Encoder encoder;
  encoder.put(numbers);
  encoder.put(texts);
  encoder.put(small);
  encoder.put(truth);
  const std::string bytes = std::move(encoder).take();
  Decoder decoder(bytes);
  std::vector<std::int64_t> numbers_again;
  std::vector<std::string> texts_again;
  std::uint32_t small_again = 0;
  bool truth_again = false;
  RC_ASSERT(decoder.get(numbers_again) && decoder.get(texts_again) && decoder.get(small_again) &&
            decoder.get(truth_again) && decoder.finished());
  RC_ASSERT(numbers_again == numbers && texts_again == texts && small_again == small &&
            truth_again == truth);
}

TEST(codec, the_ends_of_the_number_line_come_back) {
  for (const std::int64_t number : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1},
                                    std::int64_t{0}, std::numeric_limits<std::int64_t>::max()}) {
    const std::string bytes = encoded(number);
    Decoder again(bytes);
    std::int64_t read = 7;
    ASSERT_TRUE(again.get(read));
    EXPECT_EQ(read, number);
  }
}

constexpr std::string_view source =
    "import json, os\nfrom pathlib import Path\n\n"
    "class Store:\n"
    "    def __init__(self, path):\n        self.path = Path(path) / 'state.json'\n"
    "    def save(self, data):  # untorn: allow UT001 -- why\n"
    "        self.path.write_text(json.dumps(data))\n"
    "    def load(self):\n"
    "        try:\n            return json.loads(self.path.read_text())\n"
    "        except ValueError:\n            return {}\n\n"
    "def swap(a, mode='w'):\n"
    "    with open(a + '.tmp', mode) as f:\n        f.write('x')\n"
    "    os.replace(a + '.tmp', a)\n\nswap('b')\n";

TEST(codec, facts_of_a_real_source_come_back) {
  const auto facts = languages::python().read("pkg/store.py", source);
  ASSERT_TRUE(facts.has_value());
  ASSERT_FALSE(facts->operations.empty());
  expect_same_again(*facts);
}

// Cut anywhere, with any byte changed: an answer, and no crash (run under the sanitizers).
TEST(codec, damaged_bytes_end_with_an_answer) {
  const auto facts = languages::python().read("pkg/store.py", source);
  ASSERT_TRUE(facts.has_value());
  const std::string bytes = encoded(*facts);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    languages::FileFacts read;
    Decoder cut(std::string_view(bytes).substr(0, at));
    EXPECT_FALSE(cut.get(read));
    for (const char replacement : {'\x00', '\x7F', '\xFF'}) {
      std::string damaged = bytes;
      damaged[at] = replacement;
      Decoder decoder(damaged);
      languages::FileFacts other;
      (void)decoder.get(other);
    }
  }
}

TEST(codec, a_length_that_lies_takes_no_memory) {
  std::string bytes(9, '\xFF');
  bytes += '\x01';
  Decoder list(bytes);
  std::vector<std::string> texts;
  EXPECT_FALSE(list.get(texts));
  EXPECT_TRUE(texts.empty());
  Decoder text(bytes);
  EXPECT_TRUE(text.get_text().empty());
  EXPECT_FALSE(text.good());
}

TEST(codec, an_unknown_enumerator_is_refused) {
  const std::string bytes = "\x7F";
  Decoder decoder(bytes);
  auto kind = languages::OperationKind::read;
  EXPECT_FALSE(decoder.get(kind));
}

}  // namespace
}  // namespace untorn::scan
