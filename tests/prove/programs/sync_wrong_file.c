// SPDX-License-Identifier: Apache-2.0
// Syncs another descriptor than the one it wrote.
//
//: file settings.json json 10000
//: file other.txt text "unchanged\n"
//: verdict violated
//: class settings.json whole
//: clean kill
//: violation engine=power check=atomic path=settings.json observed=empty lost=@writes
//:     kept=@renames
//: violation engine=power check=parse path=settings.json observed=unparseable,empty
//:     lost=@writes kept=@renames
#include "program.h"

int main(void) {
  size_t size = 0;
  char* text = make_json(2, 10000, &size);
  int other = must(open("other.txt", O_RDONLY | O_CLOEXEC));
  int file = must(open("settings.json.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, text, size);  // line: writes
  must(fsync(other));
  must(close(file));
  must(rename("settings.json.tmp", "settings.json"));  // line: renames
  must(close(other));
  sync_directory(".");
  free(text);
  return 0;
}
