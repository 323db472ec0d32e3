// SPDX-License-Identifier: Apache-2.0
// The same log, synced as well, and read without looking at the checksums: a torn record passes for
// a whole one.
//
//: file wal text ""
//: arguments --expect none --check '{program} check' --ack '^saved'
//: verdict violated
//: clean kill
//: violation engine=power check=check path=* observed=check-failed lost=@appends
//: model kill proved
//: model posix violated check
#include "write_ahead_log.h"

int main(int count, char** arguments) {
  if (count > 1 && strcmp(arguments[1], "check") == 0) return check(false);
  int log = must(open("wal", O_WRONLY | O_APPEND | O_CLOEXEC));
  for (uint32_t number = 1; number <= 3; number++) {
    struct record record = make_record(number);
    must_write(log, &record, header_bytes + record.length);  // line: appends
    must(fdatasync(log));
    printf("saved %u\n", number);
    fflush(stdout);
  }
  return 0;
}
