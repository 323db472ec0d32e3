// SPDX-License-Identifier: Apache-2.0
// Every failure, a short write too, ends the program at once and takes the temporary away.
//
//: file state.json json 300
//: verdict proved
//: arguments --expect atomic,parse,durable-if-synced
#include "program.h"

static void give_up(const char* what) {
  perror(what);
  unlink("state.json.tmp");
  exit(1);
}

int main(void) {
  size_t size = 0;
  const char* text = new_text(&size);
  int file = open("state.json.tmp", O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (file < 0) give_up("open");
  if (write(file, text, size) != (ssize_t)size) give_up("write");
  if (fsync(file) != 0 || close(file) != 0) give_up("fsync");
  if (rename("state.json.tmp", "state.json") != 0) give_up("rename");
  int directory = open(".", O_RDONLY | O_DIRECTORY);
  if (directory < 0 || fsync(directory) != 0) die("directory");
  return 0;
}
