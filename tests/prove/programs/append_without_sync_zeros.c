// SPDX-License-Identifier: Apache-2.0
// Appends without a sync: the new length may reach the disk before the bytes do, and the log then
// ends in NUL bytes.
//
//: file journal.log text "one\n"
//: arguments --expect atomic
//: verdict violated
//: class journal.log log
//: clean kill
//: violation engine=power check=atomic path=journal.log observed=zeros lost=@appends
#include "program.h"

int main(void) {
  int file = must(open("journal.log", O_WRONLY | O_APPEND | O_CLOEXEC));
  must_write(file, "two\n", 4);  // line: appends
  must(close(file));
  return 0;
}
