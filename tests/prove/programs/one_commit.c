// SPDX-License-Identifier: Apache-2.0
// One journal commit instead of two: the bytes are written out before the rename, and the sync that
// commits the rename comes after it. ext4 and xfs keep that order; nothing promises it elsewhere.
//
//: file settings.json json 10000
//: verdict violated
//: clean kill
//: violation engine=power check=atomic path=settings.json observed=empty lost=@writes
//:     kept=@renames missing=fsync.of.the.file
//: violation engine=power check=parse path=settings.json observed=unparseable,empty
//:     lost=@writes kept=@renames
//: model ext4 proved
//: model xfs proved
//: model btrfs violated atomic parse
//: model posix violated atomic parse
//: model kill proved
#include "program.h"

int main(void) {
  size_t size = 0;
  char* text = make_json(2, 10000, &size);
  int file = must(open("settings.json.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, text, size);  // line: writes
  must(sync_file_range(
      file, 0, 0,
      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER));
  must(rename("settings.json.tmp", "settings.json"));  // line: renames
  must(fsync(file));
  must(close(file));
  sync_directory(".");
  free(text);
  return 0;
}
