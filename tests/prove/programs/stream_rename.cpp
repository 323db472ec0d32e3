// SPDX-License-Identifier: Apache-2.0
// A std::ofstream, flushed and closed, and std::filesystem::rename: neither is a sync.
//
//: file settings.json json 300
//: verdict violated
//: class settings.json whole
//: clean kill
//: violation engine=power check=atomic path=settings.json observed=empty lost=@writes
//:     kept=@renames missing=fsync.of.the.file
//: violation engine=power check=parse path=settings.json observed=unparseable,empty lost=@writes
//:     kept=@renames
//: model ext4 violated atomic parse
//: model xfs violated atomic parse
//: model btrfs violated atomic parse
//: model posix violated atomic parse
//: model kill proved
#include <filesystem>
#include <fstream>

int main() {
  std::ofstream file("settings.json.tmp");
  file << R"({"generation": 2})" << '\n';
  file.flush();  // line: writes
  file.close();
  std::filesystem::rename("settings.json.tmp", "settings.json");  // line: renames
  return 0;
}
