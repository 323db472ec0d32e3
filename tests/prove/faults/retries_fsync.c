// SPDX-License-Identifier: Apache-2.0
// A failed fsync is tried again until it succeeds. The kernel has dropped the pages by then: the
// second one proves nothing.
//
//: file state.json json 300
//: verdict violated
//: violation check=durable-if-synced path=state.json lost=@syncs fault=EIO
//:     missing=fsync.at.*failed
//: others yes
#include "program.h"

int main(void) {
  size_t size = 0;
  const char* text = new_text(&size);
  int file = open("state.json.tmp", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) die("open");
  if (write(file, text, size) != (ssize_t)size) die("write");
  int tries = 3;
  while (fsync(file) != 0) {  // line: syncs
    if (--tries == 0) die("fsync");
  }
  if (close(file) != 0) die("close");
  if (rename("state.json.tmp", "state.json") != 0) die("rename");
  int directory = open(".", O_RDONLY | O_DIRECTORY);
  if (directory < 0 || fsync(directory) != 0) die("directory");
  return 0;
}
