// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/broken_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "filesystem/fault_file_system.h"
#include "filesystem/test_directory.h"
#include "health/walk.h"
#include "untorn/document.h"
#include "untorn/json.h"
#include "untorn/line_log.h"
#include "untorn/registry.h"
#include "untorn/transaction.h"

namespace untorn::test {
namespace {

template <class T>
void must(const Result<T>& result) {
  ASSERT_TRUE(result.has_value()) << result.error();
}

void make_document(FileSystem& fs, const std::string& root) {
  auto document = Document::open(fs, root + "/state.json", {.tree = root});
  must(document);
  const auto text = JsonDocument::parse(R"({"task": "third", "done": [1, 2]})");
  must(text);
  must(document->replace(*text));
}

void make_log(FileSystem& fs, const std::string& root) {
  auto log = LineLog::open(fs, root + "/activity.log", {.tree = root});
  must(log);
  must(log->append("task 1 begins"));
}

void make_registry(FileSystem& fs, const std::string& root) {
  auto tools = Registry::open(fs, root + "/kit", {.tree = root, .create = true});
  must(tools);
  must(
      tools->add("greet", R"({"about": "says hello"})", {{.name = "py", .content = "print(1)\n"}}));
}

// Committed, and cut off after its first file: the first rename is that of the record.
void interrupt_transaction(FileSystem& below, const std::string& root) {
  FaultFileSystem fs(below,
                     Fault{.at = 2, .call = Call::rename, .error = Errno{EIO}, .persistent = true});
  auto change = Transaction::begin(fs, root);
  must(change);
  must(change->put("a.txt", "new a"));
  must(change->put("b.txt", "new b"));
  const auto committed = std::move(*change).commit();
  ASSERT_FALSE(committed);
  ASSERT_EQ(committed.error().outcome(), Outcome::unknown);
}

void append_path(FileSystem& fs, const std::string& path, std::string_view content) {
  auto opened = fs.open(Handle::working_directory, path, {.access = Access::write, .append = true});
  ASSERT_TRUE(opened.has_value()) << path;
  const OwnedHandle file(fs, *opened);
  ASSERT_TRUE(fs.write(file.get(), as_bytes(content)).has_value());
}

const std::string& nul_bytes() {
  static const std::string bytes(9, '\0');
  return bytes;
}

// Is the text there, under its name, or, for what was set aside, under one of its numbers? A repair
// that was killed while it copied begins another copy.
bool is_kept(const Texts& texts, const std::string& name, const std::string& text) {
  if (!name.ends_with("-1")) {
    const auto found = texts.find(name);
    return found != texts.end() && found->second == text;
  }
  const std::string prefix = name.substr(0, name.size() - 1);
  return std::ranges::any_of(texts, [&](const auto& each) {
    return each.first.starts_with(prefix) && each.second == text;
  });
}

}  // namespace

void make_whole_tree(FileSystem& fs, const std::string& root) {
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, root, 0755));
  write_path(fs, root + "/a.txt", "old a");
  write_path(fs, root + "/b.txt", "old b");
  make_document(fs, root);
  make_log(fs, root);
  make_registry(fs, root);
}

void break_tree(FileSystem& fs, const std::string& root) {
  write_path(fs, root + "/state.json", R"({"task": "thi)");
  append_path(fs, root + "/activity.log", "task 1 en");
  write_path(fs, root + "/kit/greet.py", nul_bytes());
  write_path(fs, root + "/" + std::string(broken_temporary_name), "never published");
  interrupt_transaction(fs, root);
}

health::Options doctor_options(const std::string& root, bool repair) {
  health::Options options;
  options.folders = {{.shown = root, .real = root}};
  options.repair = repair;
  options.clock = {.now_ns = [] { return std::int64_t{1} << 62; },
                   .started_ns = [] { return std::int64_t{0}; },
                   .pause = [](std::chrono::milliseconds) {}};
  return options;
}

std::vector<std::string> lines_of(const health::Report& report) {
  std::vector<std::string> lines;
  for (const health::Problem& problem : report.problems) {
    lines.push_back(problem.path + " " + std::string(to_string(problem.kind)) +
                    (problem.repaired ? " repaired: " + problem.repair : ""));
  }
  for (const health::Skipped& skipped : report.skipped) {
    lines.push_back(skipped.path + " skipped: " + skipped.reason);
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

Texts texts_of(FileSystem& fs, const std::string& root) {
  Texts texts;
  const auto opened = fs.open(Handle::working_directory, root, {.access = Access::directory});
  if (!opened) return texts;
  const OwnedHandle folder(fs, *opened);
  health::WalkEvents events;
  events.skipped = [](const std::string& path, health::SkipReason, Errno) {
    ADD_FAILURE() << path << " cannot be read";
  };
  events.folder = [&](const health::FolderView& view) {
    const std::string prefix = view.path.empty() ? "" : view.path + "/";
    if (prefix.starts_with(".untorn/")) return true;
    for (const Entry& entry : view.entries) {
      if (entry.type != FileType::regular) continue;
      const std::string name = prefix + entry.name;
      texts[name] = read_path(fs, root + "/" + name);
    }
    return true;
  };
  (void)health::walk(fs, folder.get(), events);
  return texts;
}

const Texts& repaired_texts() {
  static const Texts texts = {
      {"a.txt", "new a"},
      {"b.txt", "new b"},
      {"activity.log", "task 1 begins\n"},
      {"activity.log.torn-1", "task 1 en"},
      {"state.json", R"({"task": "third", "done": [1, 2]})"},
      {"state.json.damaged-1", R"({"task": "thi)"},
      {"kit/greet.json", R"({"about": "says hello"})"},
      {"kit/greet.py", "print(1)\n"},
      {"kit/greet.py.damaged-1", nul_bytes()},
  };
  return texts;
}

std::string finish_repair(FileSystem& fs, const std::string& root) {
  const health::Report repaired = health::examine(fs, doctor_options(root, true));
  if (repaired.has_problems()) return "not repaired:\n" + joined(lines_of(repaired));
  const health::Report after = health::examine(fs, doctor_options(root, false));
  if (after.has_problems() || !after.is_complete()) return "after:\n" + joined(lines_of(after));
  const Texts texts = texts_of(fs, root);
  for (const auto& [name, text] : repaired_texts()) {
    if (!is_kept(texts, name, text)) return name + " is missing, or holds something else";
  }
  return "";
}

}  // namespace untorn::test
