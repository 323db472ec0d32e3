// SPDX-License-Identifier: Apache-2.0
// Untorn's own replace_file at its default level, durable.
//
//: file settings.json json 300
//: arguments --expect atomic,parse,durable
//: verdict proved
//: exhaustive yes
//: model ext4 proved
//: model xfs proved
//: model btrfs proved
//: model posix violated atomic
//: model kill proved
#include "untorn/replace.h"

int main() {
  return untorn::replace_file("settings.json", "{\"generation\": 2}\n") ? 0 : 70;
}
