// SPDX-License-Identifier: Apache-2.0
// Creates a file and syncs it, but not its directory: the bytes are on disk under no name.
//
//: verdict violated
//: arguments --expect durable-if-synced
//: class settings.json whole
//: clean kill
//: violation engine=power check=durable-if-synced path=settings.json
//:     observed=missing,old-after-ack lost=@creates missing=fsync.of.the.directory
//: exhaustive yes
#include "program.h"

int main(void) {
  size_t size = 0;
  char* text = make_json(2, 300, &size);
  int file =
      must(open("settings.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));  // line: creates
  must_write(file, text, size);
  must(fsync(file));
  must(close(file));
  free(text);
  return 0;
}
