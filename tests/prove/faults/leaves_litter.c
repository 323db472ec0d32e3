// SPDX-License-Identifier: Apache-2.0
// A failure leaves the temporary behind. That is a violation only for who asks.
//
//: file state.json json 300
//: arguments --expect atomic,no-litter
//: verdict violated
//: violation check=no-litter path=state.json.tmp observed=litter lost=@writes fault=ENOSPC
//:     missing=take.state.json.tmp.away
//: others yes
#include "program.h"

int main(void) {
  size_t size = 0;
  const char* text = new_text(&size);
  int file = open("state.json.tmp", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) die("open");
  if (write(file, text, size) != (ssize_t)size) die("write");  // line: writes
  if (fsync(file) != 0 || close(file) != 0) die("fsync");
  if (rename("state.json.tmp", "state.json") != 0) die("rename");
  return 0;
}
