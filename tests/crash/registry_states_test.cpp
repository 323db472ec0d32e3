// SPDX-License-Identifier: Apache-2.0
//
// R1 and R4 of registry.h: every state that a crash may leave in a registry, opened again.
// Goal: an entry is there with all of its files, of one version, or not at all; and what verify()
// sets aside or brings back is never lost in between.
// Method: every crash state of each change; each state is read and verified, which recovers it.
#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/crash.h"
#include "untorn/registry.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::read_file;
using testing::write_file;

const std::string old_spec = R"({"n": 1})";
const std::string old_code = "one\n";
const std::string new_spec = R"({"n": 2, "note": "second"})";
const std::string new_code = "two\ntwo\n";
const std::string damage = R"({"n": 1, "no)";

Registry open(FileSystem& fs) {
  auto registry = Registry::open(fs, "specs");
  EXPECT_TRUE(registry) << registry.error();
  return std::move(*registry);
}

std::vector<Attachment> code(const std::string& content) {
  return {{.name = "py", .content = content}};
}

// What stands in the folder, as a program that knows nothing of registries sees it.
std::string on_disk(FileSystem& fs) {
  const auto spec = read_file(fs, "specs/greet.json");
  const auto script = read_file(fs, "specs/greet.py");
  return spec.value_or("-") + "|" + script.value_or("-");
}
const std::string none = "-|-";
const std::string old_pair = old_spec + "|" + old_code;
const std::string new_pair = new_spec + "|" + new_code;

using Files = std::vector<std::pair<std::string, std::string>>;

// The files of a tree after `make`, for a workload to begin with.
Files prepared(const std::function<void(FileSystem&)>& make) {
  InMemoryFileSystem fs({{.path = "specs", .type = FileType::directory}});
  make(fs);
  Files files = {{"specs/keep", "so that the folder is there"}};
  for (const TreeEntry& entry : fs.tree()) {
    if (entry.type != FileType::regular) continue;
    files.emplace_back(entry.path, std::string(entry.content.text()));
  }
  return files;
}

struct Change {
  std::string name;
  std::function<void(FileSystem&)> before;
  std::function<bool(Registry&)> run;
  std::string from;
  std::string to;
};

std::vector<Change> changes() {
  const auto nothing = [](FileSystem&) {};
  const auto added = [](FileSystem& fs) { (void)open(fs).add("greet", old_spec, code(old_code)); };
  const auto removed = [added](FileSystem& fs) {
    added(fs);
    (void)open(fs).remove("greet");
  };
  const auto torn = [added](FileSystem& fs) {
    added(fs);
    write_file(fs, "specs/greet.json", damage);
  };
  const auto edited = [added](FileSystem& fs) {
    added(fs);
    write_file(fs, "specs/greet.py", "by hand");
  };
  const auto replace = [](Registry& registry) {
    return registry.replace("greet", new_spec, code(new_code)).has_value();
  };
  return {
      {"add", nothing,
       [](Registry& registry) {
         return registry.add("greet", new_spec, code(new_code)).has_value();
       },
       none, new_pair},
      {"replace", added, replace, old_pair, new_pair},
      {"replace_edited", edited, replace, old_spec + "|by hand", new_pair},
      {"remove", added, [](Registry& registry) { return registry.remove("greet").has_value(); },
       old_pair, none},
      {"restore", removed,
       [](Registry& registry) { return registry.restore("greet", 1).has_value(); }, none, old_pair},
      {"repair", torn, [](Registry& registry) { return registry.verify().has_value(); },
       damage + "|" + old_code, old_pair},
  };
}

Change change_named(const std::string& name) {
  for (Change& change : changes()) {
    if (change.name == name) return change;
  }
  ADD_FAILURE() << name;
  return {};
}

bool has_bytes(FileSystem& fs, const std::string& bytes) {
  for (const std::string& name : names_in(fs, "specs")) {
    const bool is_candidate = name.starts_with("greet.json");
    if (is_candidate && read_file(fs, "specs/" + name) == bytes) return true;
  }
  return false;
}

// After a kill nothing of ours is left beside the entry. After a power cut the list of a
// transaction's temporaries may be lost with it; sweepers find those.
std::string litter(FileSystem& fs, CrashModel model) {
  if (model != CrashModel::kill) return "";
  for (const std::string& name : names_in(fs, "specs")) {
    if (name.starts_with(".untorn-")) return "left behind: " + name;
  }
  return "";
}

std::string judge(FileSystem& fs, const Change& change, const CrashPoint& at) {
  Registry registry = open(fs);
  // The first look takes the lock, and so finishes what was committed.
  if (const auto listing = registry.list(); !listing) return listing.error().message();
  const std::string now = on_disk(fs);
  if (now != change.from && now != change.to) return "a mixture: " + now;
  if (at.acknowledged("done") && now != change.to) return "it is lost";
  if (change.name == "repair" && !has_bytes(fs, damage)) return "the damaged bytes are gone";
  const auto check = registry.verify();
  if (!check) return check.error().message();
  for (const EntryCheck& entry : check->entries) {
    if (!entry.is_healthy()) return "not healthy: " + JsonDocument(entry.to_json()).text();
  }
  if (change.name == "repair" && on_disk(fs) != old_pair) return "not brought back";
  // Work goes on.
  const auto put = registry.put("greet", old_spec, code("three\n"));
  if (!put) return put.error().message();
  if (on_disk(fs) != old_spec + "|three\n") return "it cannot be changed any more";
  return litter(fs, at.model());
}

class RegistryStates : public ::testing::TestWithParam<std::tuple<std::string, CrashModel>> {};

TEST_P(RegistryStates, an_entry_is_there_as_a_whole_or_not_at_all) {
  const auto& [name, model] = GetParam();
  const Change change = change_named(name);
  CrashTestOptions options;
  options.models = {model};
  options.initial_files = prepared(change.before);
  const CrashTestReport report = crash_test(
      [&change](FileSystem& fs, CrashLog& log) {
        Registry registry = open(fs);
        ASSERT_EQ(on_disk(fs), change.from);
        ASSERT_TRUE(change.run(registry));
        log.acknowledge("done");
      },
      [&change](FileSystem& fs, const CrashPoint& at) { return judge(fs, change, at); }, options);
  EXPECT_TRUE(report.ok()) << report.summary();
  EXPECT_TRUE(report.exhaustive) << report.summary();
  EXPECT_GE(report.states_distinct, 10U) << report.summary();
  RecordProperty("states", std::to_string(report.states_checked));
  std::cout << report.summary();
}

INSTANTIATE_TEST_SUITE_P(, RegistryStates,
                         ::testing::Combine(::testing::Values("add", "replace", "replace_edited",
                                                              "remove", "restore", "repair"),
                                            ::testing::Values(CrashModel::kill,
                                                              CrashModel::portable)),
                         [](const auto& instance) {
                           return std::get<0>(instance.param) +
                                  (std::get<1>(instance.param) == CrashModel::kill ? "_kill"
                                                                                   : "_power");
                         });

}  // namespace
}  // namespace untorn
