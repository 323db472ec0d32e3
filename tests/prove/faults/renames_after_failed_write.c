// SPDX-License-Identifier: Apache-2.0
// The failure is told, but the half-written file takes the place of the good one all the same.
//
//: file state.json json 300
//: verdict violated
//: violation check=atomic path=state.json observed=empty lost=@writes fault=ENOSPC
//:     missing=do.not.rename.at.*after.write.at
//: others yes
#include "program.h"

int main(void) {
  size_t size = 0;
  const char* text = new_text(&size);
  int result = 0;
  int file = open("state.json.tmp", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) die("open");
  if (write(file, text, size) != (ssize_t)size) result = 1;  // line: writes
  if (fsync(file) != 0) die("fsync");
  if (close(file) != 0) die("close");
  if (rename("state.json.tmp", "state.json") != 0) die("rename");
  int directory = open(".", O_RDONLY | O_DIRECTORY);
  if (directory < 0 || fsync(directory) != 0) die("directory");
  return result;
}
