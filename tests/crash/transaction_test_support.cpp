// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/transaction_test_support.h"

#include <cstdlib>
#include <iostream>
#include <span>

#include "base/try.h"
#include "tests/support/files.h"
#include "transaction/paths.h"

namespace untorn::testing {
namespace {

[[noreturn]] void give_up(const std::string& what) {
  std::cerr << "the test itself failed: " << what << '\n';
  std::abort();
}

void walk(FileSystem& fs, const std::string& directory, const std::string& prefix, Snapshot& files,
          std::vector<std::string>& staged) {
  const OwnedHandle handle(
      fs, fs.open(Handle::working_directory, directory, {.access = Access::directory}).value());
  const std::vector<Entry> entries = fs.list(handle.get()).value();
  for (const Entry& entry : entries) {
    const std::string path = prefix + entry.name;
    const std::string full = directory + "/" + entry.name;
    if (prefix.empty() && entry.name == ".untorn") continue;
    if (transaction::is_staged_name(entry.name)) {
      staged.push_back(path);
    } else if (entry.type == FileType::directory) {
      files[path] = "/";
      walk(fs, full, path + "/", files, staged);
    } else if (entry.type == FileType::symlink) {
      files[path] = "-> " + fs.read_link(handle.get(), entry.name).value();
    } else {
      files[path] = read_file(fs, full).value();
    }
  }
}

std::string difference(const Snapshot& now, const Versions& versions) {
  std::string text;
  for (const auto& [path, content] : now) {
    text += path + "=" + content.substr(0, 20);
    const auto before = versions.before.find(path);
    const auto after = versions.after.find(path);
    if (before != versions.before.end() && before->second == content) text += " (old)";
    if (after != versions.after.end() && after->second == content) text += " (new)";
    text += "; ";
  }
  return text;
}

}  // namespace

std::vector<Example> transaction_examples() {
  return {
      {"plain",
       {{"a", "old a"}},
       [](Transaction& change) -> Result<void> {
         UNTORN_CHECK(change.put("a", "new content of a"));
         return change.put("b", "new b");
       }},
      {"all_operations",
       {{"a", "old a"}, {"d/gone", "old gone"}, {"d/source", "moved"}, {"d/stays", "stays"}},
       [](Transaction& change) -> Result<void> {
         UNTORN_CHECK(change.put("a", "new content of a"));
         UNTORN_CHECK(change.remove("d/gone"));
         UNTORN_CHECK(change.rename("d/source", "target"));
         UNTORN_CHECK(change.make_directory("x/y"));
         return change.put("x/y/z", "deep");
       }},
      {"old_name_again",
       {{"d/a", "old a"}, {"b", "old b"}},
       [](Transaction& change) -> Result<void> {
         UNTORN_CHECK(change.rename("d/a", "kept"));
         UNTORN_CHECK(change.put("d/a", "new a"));
         UNTORN_CHECK(change.rename("b", "d/b"));
         return change.make_directory("b");
       }},
      {"renamed_and_changed",
       {{"a", "old a"}},
       [](Transaction& change) -> Result<void> {
         UNTORN_CHECK(change.rename("a", "b"));
         return change.put("b", "new b");
       }},
      {"directories",
       {{"d/a", "old a"}, {"e/b", "old b"}},
       [](Transaction& change) -> Result<void> {
         UNTORN_CHECK(change.rename("d", "moved"));
         UNTORN_CHECK(change.make_directory("d"));
         UNTORN_CHECK(change.put("d/a", "new a"));
         UNTORN_CHECK(change.remove("e/b"));
         return change.remove("e");
       }},
      {"into_made",
       {{"d/a", "old a"}},
       [](Transaction& change) -> Result<void> {
         UNTORN_CHECK(change.make_directory("x"));
         UNTORN_CHECK(change.rename("d", "x/d"));
         UNTORN_CHECK(change.make_directory("x/y"));
         return change.put("x/y/b", "new b");
       }},
  };
}

Example example_named(const std::string& name) {
  for (Example& example : transaction_examples()) {
    if (example.name == name) return std::move(example);
  }
  give_up("no example " + name);
}

std::vector<Storage> storages() {
  const auto journal = [](std::string name, bool fast_commit) {
    return FileSystemKind{
        .name = std::move(name), .range_sync = RangeSync::before_names, .fast_commit = fast_commit};
  };
  return {{"classic", {.name = "memory"}, CrashModel::portable},
          {"ext4", journal("ext4", false), CrashModel::ext4},
          {"ext4_fast_commit", journal("ext4", true), CrashModel::ext4},
          {"xfs", journal("xfs", false), CrashModel::xfs},
          {"btrfs", {.name = "btrfs"}, CrashModel::btrfs}};
}

Storage storage_named(const std::string& name) {
  for (Storage& storage : storages()) {
    if (storage.name == name) return std::move(storage);
  }
  give_up("no storage " + name);
}

std::unique_ptr<InMemoryFileSystem> make_tree(const Example& example, const Storage& storage) {
  std::vector<TreeEntry> tree;
  for (const auto& [path, content] : initial_files(example)) {
    tree.push_back({.path = path, .content = Bytes(std::string_view(content))});
  }
  MemoryOptions options;
  options.kind = storage.kind;
  return std::make_unique<InMemoryFileSystem>(tree, options);
}

std::vector<std::pair<std::string, std::string>> initial_files(const Example& example) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& [path, content] : example.files) {
    files.emplace_back(std::string(tree_root) + "/" + path, content);
  }
  return files;
}

Result<TransactionReceipt> run_example(FileSystem& fs, const Example& example) {
  UNTORN_TRY(Transaction change, Transaction::begin(fs, tree_root));
  UNTORN_CHECK(example.collect(change));
  return std::move(change).commit();
}

Snapshot snapshot(FileSystem& fs, const std::string& root) {
  Snapshot files;
  std::vector<std::string> staged;
  walk(fs, root, "", files, staged);
  return files;
}

std::vector<std::string> staged_files(FileSystem& fs, const std::string& root) {
  Snapshot files;
  std::vector<std::string> staged;
  walk(fs, root, "", files, staged);
  return staged;
}

Versions versions_of(const Example& example) {
  const auto fs = make_tree(example, storage_named("classic"));
  Versions versions;
  versions.before = snapshot(*fs, tree_root);
  auto receipt = run_example(*fs, example);
  if (!receipt) give_up(receipt.error().message());
  versions.after = snapshot(*fs, tree_root);
  return versions;
}

std::string recover_and_judge(FileSystem& fs, const Versions& versions, bool must_be_applied) {
  auto recovered = recover_transactions(fs, tree_root);
  if (!recovered) return "recovery failed: " + recovered.error().message();
  if (recovered->kind == TransactionRecovery::Kind::refused) return recovered->message();
  if (!recovered->kept.empty() || !recovered->changed.empty()) return recovered->message();
  const Snapshot now = snapshot(fs, tree_root);
  if (now != versions.before && now != versions.after) {
    return "a mixture: " + difference(now, versions) + recovered->message();
  }
  if (must_be_applied && now != versions.after) return "an acknowledged transaction is lost";
  if (recovered->kind == TransactionRecovery::Kind::rolled_forward && now != versions.after) {
    return "rolled forward, but it is not there";
  }
  auto again = recover_transactions(fs, tree_root);
  if (!again || again->kind != TransactionRecovery::Kind::none) return "not idempotent";
  if (snapshot(fs, tree_root) != now) return "a second recovery changed something";
  return "";
}

}  // namespace untorn::testing
