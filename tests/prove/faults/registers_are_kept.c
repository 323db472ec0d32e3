// SPDX-License-Identifier: Apache-2.0
// A short write lowers the count in a register for the time of the call, and only for that: a
// program whose registers changed spoils its own state, and says that all is well.
//
//: file state.txt text old
//: verdict proved
#include <sys/syscall.h>

#include "program.h"

static char text[3000];

int main(void) {
  memset(text, 'x', sizeof text);
  int file = open("state.tmp", O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (file < 0) die("open");
  for (size_t at = 0; at < sizeof text;) {
    long result = SYS_write;
    long descriptor = file;
    const char* from = text + at;
    size_t count = sizeof text - at;
    __asm__ volatile("syscall"
                     : "+a"(result), "+D"(descriptor), "+S"(from), "+d"(count)
                     :
                     : "rcx", "r11", "memory");
    if (descriptor != file || from != text + at || count != sizeof text - at) {
      unlink("state.txt");
      return 0;
    }
    if (result <= 0) die("write");
    at += (size_t)result;
  }
  if (fsync(file) != 0 || close(file) != 0) die("fsync");
  if (rename("state.tmp", "state.txt") != 0) die("rename");
  int directory = open(".", O_RDONLY | O_DIRECTORY);
  if (directory < 0 || fsync(directory) != 0) die("directory");
  return 0;
}
