// SPDX-License-Identifier: Apache-2.0
// Appends records and calls fdatasync before it acknowledges each one. A record that waits for its
// sync may be missing, short or NUL after a power cut; what was acknowledged is whole.
//
//: file journal.log text "start\n"
//: arguments --expect atomic,parse,durable --ack ^saved
//: verdict proved
//: model ext4 proved
//: model xfs proved
//: model btrfs proved
//: model posix proved
//: model kill proved
//: class journal.log log
#include "program.h"

int main(void) {
  int file = must(open("journal.log", O_WRONLY | O_APPEND | O_CLOEXEC));
  for (int number = 1; number <= 3; number++) {
    char line[64];
    int size = snprintf(line, sizeof line, "record %d\n", number);
    must_write(file, line, (size_t)size);
    must(fdatasync(file));
    printf("saved %d\n", number);
    fflush(stdout);
  }
  must(close(file));
  return 0;
}
