// SPDX-License-Identifier: Apache-2.0
// The content differs from run to run, and a short write is not noticed.
//
//: verdict violated
//: violation check=durable path=state.txt observed=short,empty lost=@writes fault=short.write.of
//:     missing=write.the.rest
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
  if (write(file, text, (size_t)size) < 0) die("write");  // line: writes
  if (fsync(file) != 0 || close(file) != 0) die("fsync");
  if (rename("state.tmp", "state.txt") != 0) die("rename");
  int directory = open(".", O_RDONLY | O_DIRECTORY);
  if (directory < 0 || fsync(directory) != 0) die("directory");
  return 0;
}
