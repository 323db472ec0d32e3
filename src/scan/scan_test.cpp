// SPDX-License-Identifier: Apache-2.0
#include "scan/scan.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "scan/render.h"
#include "scan/summary.h"
#include "scan/test_tree.h"
#include "tests/support/require.h"

namespace untorn::scan {
namespace {

using test::Tree;

constexpr std::string_view writer =
    "from pathlib import Path\n\n\n"
    "def save(text):\n"
    "    Path('state.json').write_text(text)\n";

ScanReport must_scan(const ScanRequest& request) {
  auto report = scan(Tree::fs(), request);
  EXPECT_TRUE(report.has_value()) << report.error();
  return report ? *std::move(report) : ScanReport();
}

using Places = std::vector<std::string>;

Places places(const ScanReport& report) {
  Places found;
  for (const FoundSite& site : report.findings) {
    found.push_back(report.sources[site.file].path + ":" +
                    std::to_string(site.finding.range.first.line));
  }
  return found;
}

// As if the files had been there for long: the cache may then believe their times.
void age(const Tree& tree) {
  for (const auto& each : std::filesystem::recursive_directory_iterator(tree.path())) {
    const utimbuf times = {.actime = 1'000'000'000, .modtime = 1'000'000'000};
    (void)::utime(each.path().c_str(), &times);
  }
}

std::string without_time(ScanReport report) {
  report.elapsed_s = 0;
  report.files_parsed = 0;
  report.files_cached = 0;
  return render_json(report, {});
}

TEST(scan, finds_a_write_and_says_where) {
  const Tree tree;
  tree.write("pkg/store.py", writer);
  const ScanReport report = must_scan(tree.request());
  EXPECT_EQ(report.root, tree.path());
  EXPECT_EQ(places(report), Places{"pkg/store.py:5"});
  EXPECT_EQ(report.files_scanned, 1U);
  EXPECT_EQ(report.bytes_scanned, writer.size());
}

TEST(scan, leaves_out_what_is_ignored_hidden_vendored_or_linked_and_counts_it) {
  const Tree tree;
  tree.write("a.py", writer);
  tree.write(".gitignore", "out/\ngen_*.py\n");
  tree.write("out/b.py", writer);
  tree.write("gen_c.py", writer);
  tree.write(".hidden/d.py", writer);
  tree.write("node_modules/e.py", writer);
  tree.write("env/pyvenv.cfg", "");
  tree.write("env/lib/f.py", writer);
  tree.write("notes.txt", "open");
  tree.link("a.py", "g.py");
  tree.link(".", "loop");
  const ScanReport report = must_scan(tree.request());
  EXPECT_EQ(places(report), Places{"a.py:5"});
  EXPECT_EQ(report.left_out.ignored, 2U);
  EXPECT_EQ(report.left_out.hidden_folders, 1U);
  EXPECT_EQ(report.left_out.vendored_folders, 2U);
  EXPECT_EQ(report.left_out.links, 2U);
}

TEST(scan, what_is_named_is_scanned_whatever_it_is_called) {
  const Tree tree;
  tree.write(".gitignore", "*\n");
  tree.write("node_modules/e.py", writer);
  tree.write("tool", writer);
  ScanRequest request = tree.request("node_modules/e.py");
  EXPECT_EQ(places(must_scan(request)), Places{"e.py:5"});
  request = tree.request("node_modules");
  EXPECT_EQ(places(must_scan(request)), Places{"e.py:5"});
  request.paths = {tree.path("node_modules/e.py"), tree.path("tool")};
  const ScanReport report = must_scan(request);
  EXPECT_EQ(report.root, tree.path());
  EXPECT_EQ(places(report), Places{"node_modules/e.py:5"});
  ASSERT_EQ(report.skipped.size(), 1U);  // no extension, no first line that says what it is
  EXPECT_EQ(report.skipped[0].kind, SkipKind::unsupported);
}

TEST(scan, an_executable_without_extension_is_known_by_its_first_line) {
  const Tree tree;
  const std::string script = "#!/usr/bin/env -S python3.11 -u\n" + std::string(writer);
  tree.write("tool", script, 0755);
  tree.write("data", script, 0644);
  tree.write("shell", "#!/bin/sh\necho open write_text\n", 0755);
  const ScanReport report = must_scan(tree.request());
  EXPECT_EQ(places(report), Places{"tool:6"});
  EXPECT_EQ(report.files_scanned, 1U);
}

TEST(scan, what_cannot_be_read_is_skipped_with_its_reason) {
  const Tree tree;
  tree.write("bad.py", "def f(:\n");
  tree.write("binary.py", std::string("a = 1\0b", 7));
  tree.write("big.py", std::string((4U << 20U) + 1, '#'));
  ASSERT_EQ(::mkfifo(tree.path("pipe.py").c_str(), 0600), 0);
  const ScanReport report = must_scan(tree.request());
  ASSERT_EQ(report.skipped.size(), 3U);
  EXPECT_EQ(report.skipped[0].path, "bad.py");
  EXPECT_EQ(report.skipped[0].kind, SkipKind::syntax_error);
  EXPECT_TRUE(report.skipped[0].reason.starts_with("line 1")) << report.skipped[0].reason;
  EXPECT_EQ(report.skipped[1].kind, SkipKind::too_large);
  EXPECT_EQ(report.skipped[2].kind, SkipKind::binary);
  EXPECT_EQ(report.files_scanned, 0U);
  const ScanReport named = must_scan(tree.request("pipe.py"));
  ASSERT_EQ(named.skipped.size(), 1U);
  EXPECT_EQ(named.skipped[0].kind, SkipKind::unreadable);
}

TEST(scan, a_path_that_is_not_there_is_an_error) {
  const Tree tree;
  const auto report = scan(Tree::fs(), tree.request("none"));
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code(), Code::not_found);
  EXPECT_NE(report.error().message().find("none"), std::string::npos);
}

// S1
TEST(scan, answers_the_same_with_any_number_of_threads_and_any_cache) {
  const Tree tree;
  const Tree caches;
  for (int each = 0; each < 40; ++each) {
    tree.write("pkg/m" + std::to_string(each) + ".py", writer);
    tree.write("pkg/quiet" + std::to_string(each) + ".py", "x = 1\n");
  }
  tree.write("pkg/bad.py", "open(\n");
  tree.write("pkg/quiet_bad.py", "def f(:\n");
  tree.write("pkg/files.py", "def keep(path, text):\n    open(path, 'w').write(text)\n");
  tree.write("pkg/user.py", "from pkg.files import keep\nkeep('settings.toml', 'x')\n");
  age(tree);
  for (const std::uint64_t limit : {std::uint64_t{0}, std::uint64_t{1} << 20U}) {
    ScanRequest request = tree.request();
    request.threads = 1;
    request.parse_all_bytes = limit;
    const std::string expected = without_time(must_scan(request));
    request.threads = 4;
    EXPECT_EQ(without_time(must_scan(request)), expected);
    request.cache_folder = caches.path("c");
    EXPECT_EQ(without_time(must_scan(request)), expected);
    EXPECT_EQ(without_time(must_scan(request)), expected);
    EXPECT_EQ(expected.find("quiet_bad.py") == std::string::npos, limit == 0);
  }
}

TEST(scan, a_second_scan_with_a_warm_cache_parses_nothing) {
  const Tree tree;
  const Tree caches;
  tree.write("a.py", writer);
  tree.write("b.py", "x = 1\n");
  tree.write("bad.py", "def f(:\n");
  ScanRequest request = tree.request();
  request.cache_folder = caches.path();
  EXPECT_EQ(must_scan(request).files_parsed, 3U);
  const ScanReport warm = must_scan(request);
  EXPECT_EQ(warm.files_parsed, 0U);
  EXPECT_EQ(warm.files_cached, 2U);
  EXPECT_EQ(warm.skipped.size(), 1U);
  EXPECT_EQ(places(warm), Places{"a.py:5"});
}

TEST(scan, a_change_is_seen_even_within_one_tick_of_the_clock) {
  const Tree tree;
  const Tree caches;
  ScanRequest request = tree.request();
  request.cache_folder = caches.path();
  const std::string silent(writer.size(), '#');
  for (int each = 0; each < 20; ++each) {  // the same size each time, in the same inode
    tree.write("a.py", writer);
    EXPECT_EQ(places(must_scan(request)), Places{"a.py:5"});
    tree.write("a.py", silent);
    EXPECT_EQ(places(must_scan(request)), Places{});
  }
}

TEST(scan, of_a_subfolder_it_keeps_what_the_cache_knows_of_the_rest) {
  const Tree tree;
  const Tree caches;
  tree.write("a.py", writer);
  tree.write("b.py", writer);
  ScanRequest request = tree.request();
  request.cache_folder = caches.path();
  (void)must_scan(request);
  request.paths = {tree.path("a.py"), tree.path("a.py")};
  EXPECT_EQ(must_scan(request).files_parsed, 0U);
  request.paths = {tree.path()};
  EXPECT_EQ(must_scan(request).files_parsed, 0U);
}

// In a project too large to parse all of it.
TEST(scan, a_caller_that_mentions_no_operation_is_parsed_all_the_same) {
  const Tree tree;
  tree.write("pkg/files.py",
             "def keep(path, text):\n    with open(path, 'w') as f:\n"
             "        f.write(text)\n");
  tree.write("pkg/user.py",
             "from pkg.files import keep\n\n\ndef store(x):\n"
             "    keep('credentials.json', x)\n");
  tree.write("pkg/stranger.py", "keeper = 1\nfiles = 2\n");
  ScanRequest request = tree.request();
  request.parse_all_bytes = 0;
  const ScanReport report = must_scan(request);
  EXPECT_EQ(report.files_parsed, 2U);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].finding.role, rules::Role::credential)
      << report.findings[0].finding.why;
}

Places described(const ScanReport& report) {
  Places found;
  for (const FoundSite& site : report.findings) {
    found.push_back(report.sources[site.file].path + " " + site.fingerprint + " " +
                    site.finding.why + " " + site.finding.message);
  }
  return found;
}

// The packages of an installed standard library; none if there is no such thing on this machine.
Places standard_packages() {
  Places found;
  std::error_code ignored;
  for (const auto& folder : std::filesystem::directory_iterator("/usr/lib", ignored)) {
    const bool is_python = folder.path().filename().string().starts_with("python3.");
    if (!is_python || !std::filesystem::exists(folder.path() / "os.py")) continue;
    for (const char* package :
         {"asyncio",   "concurrent", "curses",     "dbm",        "distutils",   "email",
          "ensurepip", "http",       "importlib",  "json",       "logging",     "multiprocessing",
          "sqlite3",   "venv",       "wsgiref",    "zipfile.py", "tarfile.py",  "shutil.py",
          "shelve.py", "netrc.py",   "mailbox.py", "zipapp.py",  "tempfile.py", "trace.py",
          "pdb.py",    "site.py"}) {
      const auto path = folder.path() / package;
      if (std::filesystem::exists(path)) found.push_back(path.string());
    }
    return found;
  }
  return found;
}

// Of real code: what the words of the language leave unparsed has no findings.
TEST(scan, finds_as_much_without_parsing_files_that_mention_no_operation) {
  ScanRequest request;
  request.paths = standard_packages();
  UNTORN_NEED(!request.paths.empty(), "python", "there is no standard library of Python");
  request.parse_all_bytes = std::numeric_limits<std::uint64_t>::max();
  const ScanReport all = must_scan(request);
  request.parse_all_bytes = 0;
  const ScanReport some = must_scan(request);
  EXPECT_LT(some.files_parsed, all.files_parsed);
  EXPECT_GT(all.findings.size(), 10U);
  EXPECT_EQ(described(some), described(all));
}

TEST(scan, the_settings_nearest_to_a_file_choose_its_rules) {
  const Tree tree;
  tree.write("untorn.toml", "exclude = ['gen/']\nfail-on = 'never'\n");
  tree.write("a.py", writer);
  tree.write("gen/b.py", writer);
  tree.write("sub/untorn.toml", "ignore = ['UT001']\n");
  tree.write("sub/c.py", writer);
  const ScanReport report = must_scan(tree.request());
  EXPECT_EQ(places(report), Places{"a.py:5"});
  EXPECT_FALSE(report.findings[0].fails);
  ScanRequest request = tree.request();
  request.overrides.ignore = std::vector<rules::RuleId>{};
  EXPECT_EQ(places(must_scan(request)), (Places{"a.py:5", "sub/c.py:5"}));
}

TEST(scan, a_declared_atomic_writer_is_silent) {
  const Tree tree;
  tree.write("pkg/store.py", writer);
  tree.write("untorn.toml", "atomic-writers = ['pkg.store.save']\n");
  EXPECT_EQ(places(must_scan(tree.request())), Places{});
}

TEST(scan, a_suppressed_site_is_listed_and_counts_nowhere) {
  const Tree tree;
  tree.write("a.py",
             "from pathlib import Path\n"
             "Path('state.json').write_text('1')  # untorn: allow UT001 -- rebuilt\n"
             "# untorn: allow UT014\n"
             "Path('b.json').write_text('2')\n");
  const ScanReport report = must_scan(tree.request());
  ASSERT_EQ(report.findings.size(), 2U);
  EXPECT_TRUE(report.findings[0].suppressed);
  EXPECT_FALSE(report.findings[0].fails);
  EXPECT_FALSE(report.findings[1].suppressed);
  const Summary summary = summarize(report);
  EXPECT_EQ(summary.write_sites, 1U);
  EXPECT_EQ(summary.suppressed, 1U);
  ASSERT_EQ(report.idle_suppressions.size(), 1U);
  EXPECT_EQ(report.idle_suppressions[0].line, 3U);
}

TEST(scan, tests_are_judged_only_when_asked_for) {
  const Tree tree;
  tree.write("test/test_a.py", writer);
  EXPECT_EQ(places(must_scan(tree.request())), Places{});
  EXPECT_EQ(must_scan(tree.request()).left_out.tests, 1U);
  ScanRequest request = tree.request();
  request.overrides.include_tests = true;
  EXPECT_EQ(places(must_scan(request)), Places{"test/test_a.py:5"});
}

TEST(scan, the_least_severity_hides_and_does_not_excuse) {
  const Tree tree;
  tree.write("a.py", "open('notes.log', 'w').write('x')\n");
  ScanRequest request = tree.request();
  request.overrides.min_severity = rules::Severity::critical;
  const ScanReport report = must_scan(request);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_FALSE(report.findings[0].shown);
  EXPECT_TRUE(report.findings[0].fails);
}

TEST(scan, stops_when_it_is_told_to) {
  const Tree tree;
  tree.write("a.py", writer);
  const std::atomic<bool> stop = true;
  ScanRequest request = tree.request();
  request.stop = &stop;
  EXPECT_TRUE(must_scan(request).interrupted);
}

TEST(fingerprint, stays_when_lines_come_above_and_differs_between_equal_calls) {
  const Tree tree;
  const std::string twice = std::string(writer) + "    Path('state.json').write_text(text)\n";
  tree.write("a.py", twice);
  const ScanReport before = must_scan(tree.request());
  tree.write("a.py", "import os\n\n# more\n" + twice);
  const ScanReport after = must_scan(tree.request());
  ASSERT_EQ(before.findings.size(), 2U);
  ASSERT_EQ(after.findings.size(), 2U);
  EXPECT_NE(before.findings[0].fingerprint, before.findings[1].fingerprint);
  for (std::size_t at = 0; at < 2; ++at) {
    EXPECT_EQ(before.findings[at].fingerprint, after.findings[at].fingerprint);
    EXPECT_EQ(before.findings[at].fingerprint.size(), 32U);
  }
}

}  // namespace
}  // namespace untorn::scan
