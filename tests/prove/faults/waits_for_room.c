// SPDX-License-Identifier: Apache-2.0
// A full disk is waited for, for ever: the state is valid, but whether the program ends cannot be
// told.
//
//: file state.json json 300
//: verdict undecided
//: undecided budget did.not.end.after.write
#include "program.h"

int main(void) {
  size_t size = 0;
  const char* text = new_text(&size);
  int file = open("state.json.tmp", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) die("open");
  while (size > 0) {
    ssize_t done = write(file, text, size);
    if (done < 0 && errno == ENOSPC) usleep(20000);
    if (done < 0 && errno != ENOSPC && errno != EINTR) die("write");
    if (done <= 0) continue;
    text += done;
    size -= (size_t)done;
  }
  if (fsync(file) != 0 || close(file) != 0) die("fsync");
  if (rename("state.json.tmp", "state.json") != 0) die("rename");
  int directory = open(".", O_RDONLY | O_DIRECTORY);
  if (directory < 0 || fsync(directory) != 0) die("directory");
  return 0;
}
