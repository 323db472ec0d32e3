// SPDX-License-Identifier: Apache-2.0
// Records of a log in a loop, one site for all: a torn record is followed by the next one.
//
//: file app.log text 0
//: verdict violated
//: violation check=durable path=app.log lost=@appends fault=short.write.of missing=write.the.rest
#include "program.h"

int main(void) {
  int file = open("app.log", O_WRONLY | O_APPEND);
  if (file < 0) die("open");
  for (int i = 0; i < 5; ++i) {
    char line[64];
    int size = snprintf(line, sizeof line, "record %d of the log of this program\n", i);
    if (write(file, line, (size_t)size) < 0) die("write");  // line: appends
    if (fdatasync(file) != 0) die("fdatasync");
  }
  if (close(file) != 0) die("close");
  return 0;
}
