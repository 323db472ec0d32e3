// SPDX-License-Identifier: Apache-2.0
//
// The promise R7 of untorn/registry.h, what list() tells of files, and what add() and open() refuse
// to read.
#include <string>

#include "registry/registry_test_support.h"
#include "untorn/registry.h"

namespace untorn::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LookTest : public ::testing::Test {
 protected:
  InMemoryFileSystem fs{{.path = "specs", .type = FileType::directory}};
};

TEST_F(LookTest, without_its_records_an_entry_has_the_files_that_are_named_after_it) {
  write_file(fs, "specs/greet.json", greet_spec);
  write_file(fs, "specs/greet.py", script);
  write_file(fs, "specs/greet.json.bak", "x");
  write_file(fs, "specs/greet.py.damaged-1", "x");
  write_file(fs, "specs/greet.two.json", greet_spec);
  write_file(fs, "specs/greet.two.py", "two");
  Registry registry = open_registry(fs);
  const auto found = registry.get("greet");
  ASSERT_TRUE(found) << found.error();
  ASSERT_EQ(found->attachments.size(), 1U);
  EXPECT_EQ(found->attachments.at(0).content, script);
  EXPECT_THAT(registry.verify()->strays, ElementsAre("greet.json.bak"));
  const auto replaced = registry.replace("greet", other_spec, with_script(other_script));
  ASSERT_TRUE(replaced) << replaced.error();
  EXPECT_TRUE(replaced->kept_edit);
  EXPECT_EQ(read_file(fs, "specs/greet.py"), other_script);
  EXPECT_EQ(registry.read_version("greet", 1)->attachment("py")->content, script);
  EXPECT_TRUE(registry.remove("greet.two"));
  EXPECT_THAT(files(fs),
              ElementsAre("greet.json", "greet.json.bak", "greet.py", "greet.py.damaged-1"));
  EXPECT_EQ(registry.read_version("greet.two", 1)->attachment("py")->content, "two");
}

TEST_F(LookTest, list_tells_the_size_of_attachments_and_those_that_are_torn) {
  Registry registry = open_registry(fs);
  (void)done(registry.add("greet", greet_spec, with_script()));
  EXPECT_EQ(registry.list()->entries.at(0).files.at(1).bytes, script.size());
  write_file(fs, "specs/greet.py", "");
  const auto listing = registry.list();
  EXPECT_EQ(listing->entries.at(0).files.at(1).state, FileState::damaged);
  ASSERT_EQ(listing->problems.size(), 1U);
  EXPECT_EQ(listing->problems.at(0).file.file, "greet.py");
}

TEST_F(LookTest, numbers_that_json_does_not_have_are_refused_with_their_place) {
  Registry registry = open_registry(fs, {.schema = "{}"});
  for (const std::string number : {"NaN", "-Infinity", "1e999"}) {
    const auto added = registry.add("greet", R"({"a": [1, {"b/c": )" + number + "}]}");
    EXPECT_EQ(code_of(added), Code::conflict) << number;
    EXPECT_THAT(detail_of(added), HasSubstr("/a/1/b~1c: it is no number")) << number;
  }
  EXPECT_TRUE(registry.add("greet", R"({"a": 1e300})"));
}

TEST_F(LookTest, a_torn_schema_is_told_as_such) {
  const auto opened = Registry::open(fs, "specs", {.schema = "{\"type\":"});
  EXPECT_EQ(code_of(opened), Code::invalid_argument);
  EXPECT_THAT(detail_of(opened), HasSubstr("the schema is no JSON"));
}

}  // namespace
}  // namespace untorn::registry
