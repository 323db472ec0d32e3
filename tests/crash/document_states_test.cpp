// SPDX-License-Identifier: Apache-2.0
//
// Goal: after any kill and any power cut a document loads as one of its versions, the promised one
// or a later, and damaged bytes are somewhere.
// Method: every crash state of replacing, of recovering, and of both in a row, at each level; each
// state is loaded, which runs the recovery in it.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/crash.h"
#include "untorn/document.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::read_file;
using testing::write_file;

const std::string first = R"({"n": 1})";
const std::string second = R"({"n": 2, "note": "second"})";
const std::string damage = R"({"n": 1, "note": "torn)";

// What load() gives: the text, "" for a new document, "error: …".
std::string load(FileSystem& fs, Recovery* recovery = nullptr) {
  auto document = Document::open(fs, "state.json");
  auto loaded = document ? document->load() : std::unexpected(document.error());
  if (!loaded) return "error: " + loaded.error().message();
  if (recovery != nullptr) *recovery = loaded->recovery;
  return loaded->document ? loaded->document->text() : "";
}

void put(FileSystem& fs, const std::string& text, Durability level) {
  auto document = Document::open(fs, "state.json", {.durability = level});
  ASSERT_TRUE(document) << document.error();
  const auto replaced = document->replace(*JsonDocument::parse(text));
  ASSERT_TRUE(replaced) << replaced.error();
}

// A tree in which `versions` were replaced one after the other, as files that are durable.
std::vector<std::pair<std::string, std::string>> prepared(std::vector<std::string> versions) {
  InMemoryFileSystem fs;
  for (const std::string& text : versions) put(fs, text, Durability::durable);
  std::vector<std::pair<std::string, std::string>> files;
  for (const TreeEntry& entry : fs.tree()) {
    if (entry.type == FileType::regular) {
      files.emplace_back(entry.path, std::string(entry.content.text()));
    }
  }
  return files;
}

CrashTestOptions options_of(CrashModel model,
                            std::vector<std::pair<std::string, std::string>> files) {
  CrashTestOptions options;
  options.models = {model};
  options.initial_files = std::move(files);
  return options;
}

bool is_promised(const CrashPoint& at, Durability level) {
  const bool survives = at.model() == CrashModel::kill || level == Durability::durable;
  return survives && at.acknowledged("saved");
}

class DocumentStates : public ::testing::TestWithParam<std::tuple<Durability, CrashModel>> {
 protected:
  [[nodiscard]] static Durability level() { return std::get<0>(GetParam()); }
  [[nodiscard]] static CrashModel model() { return std::get<1>(GetParam()); }

  static void expect_good(const CrashTestReport& report) {
    EXPECT_GE(report.states_distinct, 2U) << report.summary();
    EXPECT_TRUE(report.exhaustive) << report.summary();
    EXPECT_TRUE(report.ok()) << report.summary();
  }
};

TEST_P(DocumentStates, a_first_replacement_leaves_nothing_or_the_document) {
  const CrashTestReport report = crash_test(
      [](FileSystem& fs, CrashLog& log) {
        put(fs, first, level());
        log.acknowledge("saved");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        std::string text = load(fs);
        if (!text.empty() && text != first) return text;
        if (is_promised(at, level()) && text != first) return "it is lost";
        put(fs, second, Durability::process);  // and work goes on
        return load(fs) == second ? "" : "no new version can be saved";
      },
      options_of(model(), {}));
  expect_good(report);
}

TEST_P(DocumentStates, a_replacement_leaves_the_old_version_or_the_new) {
  const CrashTestReport report = crash_test(
      [](FileSystem& fs, CrashLog& log) {
        put(fs, second, level());
        log.acknowledge("saved");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        Recovery recovery;
        std::string text = load(fs, &recovery);
        if (recovery.happened) return "the file was torn: " + recovery.message();
        if (text != first && text != second) return text;
        return is_promised(at, level()) && text != second ? "an older version came back" : "";
      },
      options_of(model(), prepared({first})));
  expect_good(report);
}

// The promise of document.h: the power goes, and then the file is damaged as well.
TEST_P(DocumentStates, what_was_saved_survives_a_crash_and_damage_after_it) {
  const CrashTestReport report = crash_test(
      [](FileSystem& fs, CrashLog& log) {
        put(fs, second, level());
        log.acknowledge("saved");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        write_file(fs, "state.json", damage);
        std::string text = load(fs);
        if (text != first && text != second) return text;
        return is_promised(at, level()) && text != second ? "the saved version is lost" : "";
      },
      options_of(model(), prepared({first})));
  expect_good(report);
}

TEST_P(DocumentStates, so_does_what_was_saved_first) {
  for (const auto& files : {std::vector<std::pair<std::string, std::string>>(),
                            {{"state.json", "[\"not Untorn's\"]"}}}) {
    const CrashTestReport report = crash_test(
        [](FileSystem& fs, CrashLog& log) {
          put(fs, first, level());
          log.acknowledge("saved");
        },
        [](FileSystem& fs, const CrashPoint& at) -> std::string {
          write_file(fs, "state.json", damage);
          if (!is_promised(at, level())) return "";
          const std::string text = load(fs);
          return text == first ? "" : text;
        },
        options_of(model(), files));
    expect_good(report);
  }
}

TEST_P(DocumentStates, a_recovery_loses_neither_the_damaged_bytes_nor_the_generation) {
  auto files = prepared({first, second});
  for (auto& [path, content] : files) {
    if (path == "state.json") content = damage;
  }
  const CrashTestReport report = crash_test(
      [](FileSystem& fs, CrashLog& log) {
        ASSERT_EQ(load(fs), second);
        log.acknowledge("saved");
      },
      [](FileSystem& fs, const CrashPoint& at) -> std::string {
        const bool mended = read_file(fs, "state.json") == second;
        if (at.acknowledged("saved") && !mended) return "the recovery did not last";
        bool found = false;
        Recovery recovery;
        if (load(fs, &recovery) != second) return "the generation is lost";
        for (const std::string& name : names_in(fs, ".")) {
          if (name.starts_with("state.json")) found |= read_file(fs, name) == damage;
        }
        return found ? "" : "the damaged bytes are gone";
      },
      options_of(model(), files));
  expect_good(report);
}

// A document that kept its generations beside itself gets a tree.
TEST_P(DocumentStates, taking_generations_over_into_a_tree_loses_none) {
  const std::string path = "p/sub/state.json";
  const auto put_at = [&path](FileSystem& fs, const std::string& text, Durability level,
                              const std::string& tree) {
    auto document = Document::open(fs, path, {.durability = level, .tree = tree});
    ASSERT_TRUE(document) << document.error();
    ASSERT_TRUE(document->replace(*JsonDocument::parse(text)));
  };
  const CrashTestReport report = crash_test(
      [&put_at](FileSystem& fs, CrashLog& log) {
        put_at(fs, first, Durability::durable, "");
        put_at(fs, second, Durability::durable, "");
        log.acknowledge("beside");
        put_at(fs, "[3]", level(), "p");
        log.acknowledge("saved");
      },
      [&path](FileSystem& fs, const CrashPoint& at) -> std::string {
        if (!at.acknowledged("beside")) return "";
        auto document = Document::open(fs, path, {.tree = "p"});
        auto loaded = document ? document->load() : std::unexpected(document.error());
        if (!loaded) return loaded.error().message();
        if (loaded->recovery.happened) return "the file was torn: " + loaded->recovery.message();
        const std::string text = loaded->document ? loaded->document->text() : "";
        if (text != second && text != "[3]") return "it holds " + text;
        if (is_promised(at, level()) && text != "[3]") return "an older version came back";
        std::string kept;
        const auto history = document->history();
        if (!history) return history.error().message();
        for (const Generation& one : *history) {
          if (one.intact) kept += document->read_generation(one.number)->text();
        }
        const bool all =
            kept.find(first) != std::string::npos && kept.find(second) != std::string::npos;
        return all ? "" : "generations are lost, left are " + kept;
      },
      options_of(model(), {{"p/sub/readme", "a project"}}));
  expect_good(report);
}

std::string case_name(const ::testing::TestParamInfo<DocumentStates::ParamType>& instance) {
  const auto& [level, model] = instance.param;
  return std::string(to_string(level)) + (model == CrashModel::kill ? "_kill" : "_power");
}

INSTANTIATE_TEST_SUITE_P(, DocumentStates,
                         ::testing::Values(std::tuple(Durability::process, CrashModel::kill),
                                           std::tuple(Durability::ordered, CrashModel::kill),
                                           std::tuple(Durability::ordered, CrashModel::portable),
                                           std::tuple(Durability::durable, CrashModel::kill),
                                           std::tuple(Durability::durable, CrashModel::portable)),
                         case_name);

// `process` promises nothing here, and the generations cannot always help: some state shows it, or
// the model would be too kind and the tests above prove nothing.
TEST(DocumentStatesPower, at_process_a_power_cut_may_tear_the_file_and_is_reported) {
  bool torn = false;
  const CrashTestReport report =
      crash_test([](FileSystem& fs, CrashLog&) { put(fs, second, Durability::process); },
                 [&torn](FileSystem& fs, const CrashPoint&) -> std::string {
                   Recovery recovery;
                   const std::string text = load(fs, &recovery);
                   torn |= recovery.happened;
                   return text == first || text == second ? "" : text;
                 },
                 options_of(CrashModel::portable, prepared({first})));
  EXPECT_TRUE(torn) << report.summary();
  EXPECT_TRUE(report.ok()) << "the first version is durable: " << report.summary();
}

}  // namespace
}  // namespace untorn
