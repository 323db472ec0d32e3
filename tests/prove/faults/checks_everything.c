// SPDX-License-Identifier: Apache-2.0
// The full protocol, every result looked at, interrupted calls made again, short writes continued.
//
//: file state.json json 300
//: verdict proved
#include "program.h"

static int open_again(const char* path, int flags) {
  int file = -1;
  do {
    file = open(path, flags, 0666);
  } while (file < 0 && errno == EINTR);
  if (file < 0) die("open");
  return file;
}

static void write_all(int file, const char* text, size_t size) {
  while (size > 0) {
    ssize_t done = write(file, text, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) die("write");
    text += done;
    size -= (size_t)done;
  }
}

int main(void) {
  size_t size = 0;
  const char* text = new_text(&size);
  int file = open_again("state.json.tmp", O_WRONLY | O_CREAT | O_TRUNC);
  write_all(file, text, size);
  if (fsync(file) != 0) die("fsync");
  if (close(file) != 0) die("close");
  if (rename("state.json.tmp", "state.json") != 0) die("rename");
  int directory = open_again(".", O_RDONLY | O_DIRECTORY);
  if (fsync(directory) != 0) die("fsync");
  close(directory);
  return 0;
}
