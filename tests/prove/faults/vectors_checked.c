// SPDX-License-Identifier: Apache-2.0
// writev, whose short result ends in the middle of its first vector.
//
//: file state.json json 300
//: verdict proved
#include <sys/uio.h>

#include "program.h"

int main(void) {
  size_t size = 0;
  const char* text = new_text(&size);
  int file = open("state.json.tmp", O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (file < 0) die("open");
  for (size_t at = 0; at < size;) {
    size_t half = (size - at + 1) / 2;
    struct iovec parts[2] = {{(void*)(text + at), half},
                             {(void*)(text + at + half), size - at - half}};
    ssize_t done = writev(file, parts, 2);
    if (done <= 0) die("writev");
    at += (size_t)done;
  }
  if (fsync(file) != 0 || close(file) != 0) die("fsync");
  if (rename("state.json.tmp", "state.json") != 0) die("rename");
  int directory = open(".", O_RDONLY | O_DIRECTORY);
  if (directory < 0 || fsync(directory) != 0) die("directory");
  return 0;
}
