// SPDX-License-Identifier: Apache-2.0
// O_TMPFILE, fsync, linkat, fsync of the directory: a new file that never has a temporary name.
//
//: arguments --expect atomic,parse,durable,no-litter
//: verdict proved
//: class settings.json whole
#include "program.h"

int main(void) {
  size_t size = 0;
  char* text = make_json(1, 5000, &size);
  int file = must(open(".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0644));
  must_write(file, text, size);
  must(fsync(file));
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  must(linkat(AT_FDCWD, path, AT_FDCWD, "settings.json", AT_SYMLINK_FOLLOW));
  must(close(file));
  sync_directory(".");
  free(text);
  return 0;
}
