// SPDX-License-Identifier: Apache-2.0
// Nothing is synced, and close, which is the last call that can tell of a failed write, is not
// asked.
//
//: file state.json json 300
//: verdict violated
//: violation check=durable path=state.json observed=empty lost=@closes fault=EIO
//:     missing=check.the.return.value.of.close
#include "program.h"

int main(void) {
  size_t size = 0;
  const char* text = new_text(&size);
  int file = open("state.json.tmp", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) die("open");
  if (write(file, text, size) != (ssize_t)size) die("write");
  close(file);  // line: closes
  if (rename("state.json.tmp", "state.json") != 0) die("rename");
  return 0;
}
