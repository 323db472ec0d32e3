// SPDX-License-Identifier: Apache-2.0
// The rename is never synced, but another file of the folder is, later: where one journal keeps one
// order that is enough, and elsewhere the old content comes back.
//
//: file settings.json json 300
//: file other.log text "one\n"
//: verdict violated
//: clean kill
//: violation engine=power check=durable-if-synced path=settings.json observed=old-after-ack
//:     lost=@renames missing=fsync.of.the.directory
//: model ext4 proved
//: model xfs proved
//: model btrfs violated durable-if-synced
//: model posix violated atomic durable-if-synced
//: model kill proved
#include "program.h"

int main(void) {
  size_t size = 0;
  char* text = make_json(2, 300, &size);
  int file = must(open("settings.json.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, text, size);
  must(fsync(file));
  must(close(file));
  must(rename("settings.json.tmp", "settings.json"));  // line: renames
  int other = must(open("other.log", O_WRONLY | O_APPEND | O_CLOEXEC));
  must_write(other, "two\n", 4);
  must(fsync(other));
  must(close(other));
  free(text);
  return 0;
}
