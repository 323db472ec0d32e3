// SPDX-License-Identifier: Apache-2.0
// A log whose writer continues short writes and stops at the first failure: what is there is a
// prefix.
//
//: file app.log text 0
//: verdict proved
#include "program.h"

int main(void) {
  int file = open("app.log", O_WRONLY | O_APPEND);
  if (file < 0) die("open");
  for (int i = 0; i < 4; ++i) {
    char line[64];
    int size = snprintf(line, sizeof line, "record %d of the log of this program\n", i);
    for (int at = 0; at < size;) {
      ssize_t done = write(file, line + at, (size_t)(size - at));
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) die("write");
      at += (int)done;
    }
    if (fdatasync(file) != 0) die("fdatasync");
  }
  if (close(file) != 0) die("close");
  return 0;
}
