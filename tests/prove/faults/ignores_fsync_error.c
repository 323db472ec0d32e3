// SPDX-License-Identifier: Apache-2.0
// Nobody looks at what fsync returns: the program says that it is done, and a power cut takes the
// state away.
//
//: file state.json json 300
//: verdict violated
//: violation check=durable-if-synced path=state.json lost=@syncs fault=EIO
//:     missing=do.not.rename.at.*after.fsync.at
//: others yes
#include "program.h"

int main(void) {
  size_t size = 0;
  const char* text = new_text(&size);
  int file = open("state.json.tmp", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) die("open");
  if (write(file, text, size) != (ssize_t)size) die("write");
  fsync(file);  // line: syncs
  if (close(file) != 0) die("close");
  if (rename("state.json.tmp", "state.json") != 0) die("rename");
  int directory = open(".", O_RDONLY | O_DIRECTORY);
  if (directory < 0 || fsync(directory) != 0) die("directory");
  return 0;
}
