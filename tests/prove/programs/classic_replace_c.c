// SPDX-License-Identifier: Apache-2.0
// The classic protocol in C, over an existing file, at `durable`.
//
//: file settings.json json 10000
//: arguments --expect atomic,parse,durable,no-litter --only settings.json
//: verdict proved
//: class settings.json whole
//: versions settings.json 2
#include "program.h"

int main(void) {
  size_t size = 0;
  char* text = make_json(2, 10000, &size);
  int file = must(open("settings.json.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, text, size);
  must(fsync(file));
  must(close(file));
  must(rename("settings.json.tmp", "settings.json"));
  sync_directory(".");
  free(text);
  return 0;
}
