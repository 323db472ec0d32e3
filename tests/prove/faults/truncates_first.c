// SPDX-License-Identifier: Apache-2.0
// The old content is gone before the disk turns out to be full.
//
//: file state.json json 300
//: verdict violated
//: violation check=atomic path=state.json observed=empty lost=@writes fault=ENOSPC
//:     missing=write.a.temporary.and.rename.it
//: others yes
#include "program.h"

int main(void) {
  size_t size = 0;
  const char* text = new_text(&size);
  int file = open("state.json", O_WRONLY | O_TRUNC);
  if (file < 0) die("open");
  if (write(file, text, size) != (ssize_t)size) die("write");  // line: writes
  if (fsync(file) != 0) die("fsync");
  if (close(file) != 0) die("close");
  return 0;
}
