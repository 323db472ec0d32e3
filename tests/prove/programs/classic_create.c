// SPDX-License-Identifier: Apache-2.0
// The classic protocol for a name that did not exist: absent or whole, never empty.
//
//: arguments --expect atomic,parse,durable
//: verdict proved
//: class settings.json whole
#include "program.h"

int main(void) {
  size_t size = 0;
  char* text = make_json(1, 5000, &size);
  int file = must(open(".settings.json.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, text, size);
  must(fsync(file));
  must(close(file));
  must(rename(".settings.json.tmp", "settings.json"));
  sync_directory(".");
  free(text);
  return 0;
}
