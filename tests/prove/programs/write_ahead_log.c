// SPDX-License-Identifier: Apache-2.0
// A write-ahead log whose records carry a checksum, synced one by one before they are
// acknowledged: a record that a power cut tears is not taken for one.
//
//: file wal text ""
//: arguments --expect none --check '{program} check' --ack '^saved'
//: verdict proved
//: exhaustive yes
//: model ext4 proved
//: model xfs proved
//: model btrfs proved
//: model posix proved
//: model kill proved
#include "write_ahead_log.h"

int main(int count, char** arguments) {
  if (count > 1 && strcmp(arguments[1], "check") == 0) return check(true);
  int log = must(open("wal", O_WRONLY | O_APPEND | O_CLOEXEC));
  for (uint32_t number = 1; number <= 3; number++) {
    struct record record = make_record(number);
    must_write(log, &record, header_bytes + record.length);
    must(fdatasync(log));
    printf("saved %u\n", number);
    fflush(stdout);
  }
  return 0;
}
