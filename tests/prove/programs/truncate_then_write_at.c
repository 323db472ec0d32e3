// SPDX-License-Identifier: Apache-2.0
// Opens without O_TRUNC, empties the file with ftruncate and writes with pwrite.
//
//: file settings.json json 10000
//: verdict violated
//: class settings.json whole
//: violation engine=kill check=atomic path=settings.json observed=empty,short
//:     lost=@truncates,@writes
//: violation engine=kill check=parse path=settings.json observed=unparseable,empty,short
//:     lost=@truncates,@writes
//: violation engine=power check=atomic path=settings.json observed=empty lost=@writes
//:     kept=@truncates
//: violation engine=power check=parse path=settings.json observed=unparseable,empty
//:     lost=@writes kept=@truncates
#include "program.h"

int main(void) {
  size_t size = 0;
  char* text = make_json(2, 10000, &size);
  int file = must(open("settings.json", O_WRONLY | O_CLOEXEC));
  must(ftruncate(file, 0));                                          // line: truncates
  if (pwrite(file, text, size, 0) != (ssize_t)size) fail("pwrite");  // line: writes
  must(fsync(file));
  must(close(file));
  free(text);
  return 0;
}
