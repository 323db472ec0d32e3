// SPDX-License-Identifier: Apache-2.0
// Untorn's own replace_file at the level ordered: whole in every state, and what it promises no
// more is not there: the old content may come back.
//
//: file settings.json json 300
//: arguments --expect atomic,parse,durable
//: verdict violated
//: clean kill
//: violation engine=power check=durable path=settings.json observed=old-after-ack
//:     missing=fsync.of.the.directory
//: source any
//: model posix violated atomic durable
//: model kill proved
#include "untorn/replace.h"

int main() {
  const untorn::ReplaceOptions options = {.durability = untorn::Durability::ordered};
  return untorn::replace_file("settings.json", "{\"generation\": 2}\n", options) ? 0 : 70;
}
