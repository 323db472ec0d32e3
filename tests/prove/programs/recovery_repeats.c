// SPDX-License-Identifier: Apache-2.0
// A recovery that may be cut as often as one likes: it removes the temporary that a crash left, and
// nothing else.
//
//: file settings.json text "{\"generation\": 1}\n"
//: arguments --expect none --check '{program} recover' --deep
//: verdict proved
#include "program.h"

static int recover(void) {
  if (unlink("settings.json.new") != 0 && errno != ENOENT) fail("unlink");
  char text[64] = "";
  int file = must(open("settings.json", O_RDONLY | O_CLOEXEC));
  ssize_t size = read(file, text, sizeof text - 1);
  must(close(file));
  return size == 18 && text[0] == '{' && text[17] == '\n' ? 0 : 1;
}

int main(int count, char** arguments) {
  if (count > 1 && strcmp(arguments[1], "recover") == 0) return recover();
  int file = must(open("settings.json.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, "{\"generation\": 2}\n", 18);
  must(fsync(file));
  must(close(file));
  must(rename("settings.json.new", "settings.json"));
  sync_directory(".");
  return 0;
}
