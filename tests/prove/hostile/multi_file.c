// SPDX-License-Identifier: Apache-2.0
// Thirty rounds of what programs do to files: create, append, overwrite, truncate, link, rename,
// unlink, a write of several pages, a folder. The same every time, for the validation of the kill
// model.
#include "../programs/program.h"

static void write_whole(const char* name, int flags, size_t size) {
  size_t length = 0;
  char* text = make_json((int)size, size, &length);
  int file = must(open(name, flags | O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  must_write(file, text, length);
  must(close(file));
  free(text);
}

int main(void) {
  for (int round = 0; round < 30; round++) {
    char name[32];
    char other[32];
    char folder[32];
    (void)snprintf(name, sizeof name, "file-%d", round);
    (void)snprintf(other, sizeof other, "other-%d", round);
    (void)snprintf(folder, sizeof folder, "folder-%d", round);
    write_whole(name, 0, 10000);
    write_whole("log", O_APPEND, 100);
    write_whole(name, 0, 50);
    must(truncate(name, 5000));
    must(link(name, other));
    must(mkdir(folder, 0755));
    must(rename(name, "current"));
    if (round % 3 == 0) must(unlink(other));
    if (round % 4 == 0) must(renameat2(AT_FDCWD, "current", AT_FDCWD, "log", RENAME_EXCHANGE));
    sync_directory(".");
  }
  return 0;
}
