// SPDX-License-Identifier: Apache-2.0
// Nobody looks at what write returns: a full disk replaces the state by an empty file.
//
//: file state.json json 300
//: verdict violated
//: violation check=durable path=state.json observed=empty lost=@writes
//:     fault=ENOSPC missing=check.the.return.value.of.write.*do.not.rename
//: others yes
#include "program.h"

int main(void) {
  size_t size = 0;
  const char* text = new_text(&size);
  int file = open("state.json.tmp", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) die("open");
  (void)!write(file, text, size);  // line: writes
  if (fsync(file) != 0) die("fsync");
  if (close(file) != 0) die("close");
  if (rename("state.json.tmp", "state.json") != 0) die("rename");
  int directory = open(".", O_RDONLY | O_DIRECTORY);
  if (directory < 0 || fsync(directory) != 0) die("directory");
  return 0;
}
