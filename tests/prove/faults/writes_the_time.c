// SPDX-License-Identifier: Apache-2.0
// The content differs from run to run: it is judged by what a fault took from it, and the report
// says so.
//
//: file state.txt text old
//: verdict proved
//: note state.txt.*differs.from.run.to.run
#include <time.h>

#include "program.h"

int main(void) {
  struct timespec now;
  char text[64];
  clock_gettime(CLOCK_REALTIME, &now);
  int size = snprintf(text, sizeof text, "%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
  int file = open("state.tmp", O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (file < 0) die("open");
  for (int at = 0; at < size;) {
    ssize_t done = write(file, text + at, (size_t)(size - at));
    if (done <= 0) die("write");
    at += (int)done;
  }
  if (fsync(file) != 0 || close(file) != 0) die("fsync");
  if (rename("state.tmp", "state.txt") != 0) die("rename");
  int directory = open(".", O_RDONLY | O_DIRECTORY);
  if (directory < 0 || fsync(directory) != 0) die("directory");
  return 0;
}
