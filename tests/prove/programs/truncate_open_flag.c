// SPDX-License-Identifier: Apache-2.0
// Saves with open(O_TRUNC) and fsync: the sync makes the result durable, never atomic.
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

static void save(const char* text, size_t size) {
  int file = must(open("settings.json", O_WRONLY | O_TRUNC | O_CLOEXEC));  // line: truncates
  must_write(file, text, size);                                            // line: writes
  must(fsync(file));
  must(close(file));
}

int main(void) {
  size_t size = 0;
  char* text = make_json(2, 10000, &size);
  save(text, size);
  free(text);
  return 0;
}
