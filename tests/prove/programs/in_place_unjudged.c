// SPDX-License-Identifier: Apache-2.0
// Writes a record in place into a file whose format nobody knows: only the program could say which
// states are good.
//
//: file records.bin zeros 8192
//: verdict undecided
//: class records.bin in-place
//: undecided in-place-unjudged records.bin
#include "program.h"

int main(void) {
  int file = must(open("records.bin", O_WRONLY | O_CLOEXEC));
  if (pwrite(file, "record", 6, 512) != 6) fail("pwrite");
  must(fsync(file));
  must(close(file));
  return 0;
}
