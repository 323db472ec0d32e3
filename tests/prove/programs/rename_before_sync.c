// SPDX-License-Identifier: Apache-2.0
// The full protocol with two lines swapped: the rename comes before the sync of the file.
//
//: file settings.json json 10000
//: verdict violated
//: class settings.json whole
//: clean kill
//: violation engine=power check=atomic path=settings.json observed=empty lost=@writes
//:     kept=@renames missing=fsync.of.the.file
//: violation engine=power check=parse path=settings.json observed=unparseable,empty
//:     lost=@writes kept=@renames
//: exhaustive yes
#include "program.h"

int main(void) {
  size_t size = 0;
  char* text = make_json(2, 10000, &size);
  int file = must(open("settings.json.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, text, size);                        // line: writes
  must(rename("settings.json.tmp", "settings.json"));  // line: renames
  must(fsync(file));
  must(close(file));
  sync_directory(".");
  free(text);
  return 0;
}
