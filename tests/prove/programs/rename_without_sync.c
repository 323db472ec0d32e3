// SPDX-License-Identifier: Apache-2.0
// Temporary and rename(2) without any sync, in C.
//
//: file settings.json json 10000
//: verdict violated
//: class settings.json whole
//: clean kill
//: violation engine=power check=atomic path=settings.json observed=empty lost=@writes
//:     kept=@renames missing=fsync.of.the.file
//: violation engine=power check=parse path=settings.json observed=unparseable,empty
//:     lost=@writes kept=@renames
#include "program.h"

int main(void) {
  size_t size = 0;
  char* text = make_json(2, 10000, &size);
  int file = must(open("settings.json.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, text, size);  // line: writes
  must(close(file));
  must(rename("settings.json.tmp", "settings.json"));  // line: renames
  free(text);
  return 0;
}
