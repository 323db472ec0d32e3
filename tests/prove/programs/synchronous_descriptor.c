// SPDX-License-Identifier: Apache-2.0
// The classic protocol with O_DSYNC in place of fsync: every write is on disk when it returns.
//
//: file settings.json json 300
//: arguments --expect atomic,parse,durable
//: verdict proved
//: class settings.json whole
#include "program.h"

int main(void) {
  size_t size = 0;
  char* text = make_json(2, 5000, &size);
  int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_DSYNC;
  int file = must(open("settings.json.tmp", flags, 0666));
  must_write(file, text, size);
  must(close(file));
  must(rename("settings.json.tmp", "settings.json"));
  sync_directory(".");
  free(text);
  return 0;
}
