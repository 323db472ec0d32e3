// SPDX-License-Identifier: Apache-2.0
// Two functions write to one file, and only one of them looks at the result: the other one is named
// and it alone, although both make the same call.
//
//: file state.json json 300
//: verdict violated
//: violation check=durable path=state.json lost=@ignores fault=ENOSPC function=write_body
//:     missing=check.the.return.value.of.write
//: violation check=durable path=state.json lost=@ignores fault=short.write function=write_body
//:     missing=write.the.rest
#include "program.h"

static void write_head(int file) {
  if (write(file, "{\"head\": 1,\n", 12) != 12) die("write");
}

static void write_body(int file) {
  (void)!write(file, "\"body\": 2}\n", 11);  // line: ignores
}

int main(void) {
  int file = open("state.json.tmp", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) die("open");
  write_head(file);
  write_body(file);
  if (fsync(file) != 0) die("fsync");
  if (close(file) != 0) die("close");
  if (rename("state.json.tmp", "state.json") != 0) die("rename");
  int directory = open(".", O_RDONLY | O_DIRECTORY);
  if (directory < 0 || fsync(directory) != 0) die("directory");
  return 0;
}
