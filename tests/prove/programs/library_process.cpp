// SPDX-License-Identifier: Apache-2.0
// Untorn's own replace_file at the level process: right under kills, and empty after a power cut.
//
//: file settings.json json 300
//: arguments --expect atomic
//: verdict violated
//: clean kill
//: violation engine=power check=atomic path=settings.json observed=empty
//:     missing=fsync.of.the.file
//: source any
//: model ext4 violated atomic
//: model xfs violated atomic
//: model btrfs violated atomic
//: model posix violated atomic
//: model kill proved
#include "untorn/replace.h"

int main() {
  const untorn::ReplaceOptions options = {.durability = untorn::Durability::process};
  return untorn::replace_file("settings.json", "{\"generation\": 2}\n", options) ? 0 : 70;
}
