// SPDX-License-Identifier: Apache-2.0
// Everything is checked but the last step.
//
//: file state.json json 300
//: verdict violated
//: violation check=durable path=state.json observed=old-after-ack lost=@renames
//:     missing=check.the.return.value.of.rename
#include "program.h"

int main(void) {
  size_t size = 0;
  const char* text = new_text(&size);
  int file = open("state.json.tmp", O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) die("open");
  if (write(file, text, size) != (ssize_t)size) die("write");
  if (fsync(file) != 0) die("fsync");
  if (close(file) != 0) die("close");
  rename("state.json.tmp", "state.json");  // line: renames
  int directory = open(".", O_RDONLY | O_DIRECTORY);
  if (directory < 0 || fsync(directory) != 0) die("directory");
  return 0;
}
