// SPDX-License-Identifier: Apache-2.0
// Instead of the directory it syncs the renamed file once more: on ext4 and xfs that commits the
// rename with it, because their journals keep one order; nothing else promises it.
//
//: file settings.json json 10000
//: verdict violated
//: clean kill
//: violation engine=power check=durable-if-synced path=settings.json observed=old-after-ack
//:     lost=@renames missing=fsync.of.the.directory
//: model ext4 proved
//: model xfs proved
//: model posix violated atomic durable-if-synced
//: model kill proved
#include "program.h"

int main(void) {
  size_t size = 0;
  char* text = make_json(2, 10000, &size);
  int file = must(open("settings.json.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, text, size);
  must(fsync(file));
  must(rename("settings.json.tmp", "settings.json"));  // line: renames
  must(fsync(file));
  must(close(file));
  free(text);
  return 0;
}
