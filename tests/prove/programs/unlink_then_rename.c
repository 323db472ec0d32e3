// SPDX-License-Identifier: Apache-2.0
// Removes the old file before it renames the new one into place, as ports from other systems do.
// Absence is a version that the run itself shows, so the built-in checks accept it; a check that
// needs the file does not.
//
//: file settings.json json 300
//: arguments --check 'test -s settings.json'
//: verdict violated
//: violation engine=kill check=check path=* observed=check-failed lost=@renames,@unlinks
//: violation engine=power check=check path=* observed=check-failed lost=@renames
#include "program.h"

int main(void) {
  size_t size = 0;
  char* text = make_json(2, 300, &size);
  int file = must(open("settings.json.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, text, size);
  must(fsync(file));
  must(close(file));
  must(unlink("settings.json"));                       // line: unlinks
  must(rename("settings.json.tmp", "settings.json"));  // line: renames
  sync_directory(".");
  free(text);
  return 0;
}
