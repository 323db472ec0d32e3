// SPDX-License-Identifier: Apache-2.0
//
// What transaction_test.py proves: one change of several files in the working directory.
//
//   transaction_program           by a transaction
//   transaction_program apart     two of the files, each replaced by itself
//   transaction_program check     recovers, and judges: all or none, all if "done" was acknowledged
//   transaction_program look      judges without a recovery
//   transaction_program pair      the same for those two files alone
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/try.h"
#include "untorn/replace.h"
#include "untorn/transaction.h"

namespace {

using untorn::Result;
using Files = std::map<std::string, std::string>;

const Files files_before = {{"a", "old a"}, {"b", "old b"}, {"gone", "old"}, {"name", "moved"}};
const Files files_after = {{"a", "new content of a"},
                           {"b", "new content of b"},
                           {"new name", "moved"},
                           {"folder/c", "new c"}};

Result<void> change_together() {
  UNTORN_TRY(untorn::Transaction change, untorn::Transaction::begin("."));
  UNTORN_CHECK(change.put("a", files_after.at("a")));
  UNTORN_CHECK(change.put("b", files_after.at("b")));
  UNTORN_CHECK(change.remove("gone"));
  UNTORN_CHECK(change.rename("name", "new name"));
  UNTORN_CHECK(change.make_directory("folder"));
  UNTORN_CHECK(change.put("folder/c", files_after.at("folder/c")));
  UNTORN_CHECK(std::move(change).commit());
  return {};
}

Result<void> change_apart() {
  for (const char* path : {"a", "b"}) {
    UNTORN_CHECK(untorn::replace_file(path, files_after.at(path)));
  }
  return {};
}

std::optional<std::string> read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Exactly these files are there, of all that any version has.
bool holds(const Files& files) {
  for (const Files* all : {&files_before, &files_after}) {
    for (const auto& [path, content] : *all) {
      const auto wanted = files.find(path);
      const auto now = read(path);
      if (wanted == files.end() ? now.has_value() : now != wanted->second) return false;
    }
  }
  return true;
}

int judge_pair() {
  const bool first = read("a") == files_after.at("a");
  const bool second = read("b") == files_after.at("b");
  if (first != second) std::cout << "a mixture\n";
  return first == second ? 0 : 1;
}

int judge() {
  const char* acknowledged_file = std::getenv("UNTORN_ACKED");
  const auto acknowledged = acknowledged_file == nullptr ? std::nullopt : read(acknowledged_file);
  const bool done = acknowledged && acknowledged->find("done") != std::string::npos;
  if (holds(files_after)) return 0;
  if (done) {
    std::cout << "acknowledged, and not there\n";
    return 1;
  }
  if (holds(files_before)) return 0;
  std::cout << "a mixture\n";
  return 1;
}

int check() {
  const auto recovery = untorn::recover_transactions(untorn::posix_file_system(), ".");
  if (!recovery) {
    std::cout << recovery.error() << '\n';
    return 1;
  }
  std::cout << recovery->message() << '\n';
  if (recovery->kind == untorn::TransactionRecovery::Kind::refused) return 1;
  return judge();
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view mode = count > 1 ? arguments[1] : "";
  if (mode == "check") return check();
  if (mode == "look") return judge();
  if (mode == "pair") return judge_pair();
  const Result<void> changed = mode == "apart" ? change_apart() : change_together();
  if (!changed) {
    std::cerr << changed.error() << '\n';
    return 1;
  }
  std::cout << "done\n";
  return 0;
}
