// SPDX-License-Identifier: Apache-2.0
// The save is right, but the recovery that runs at the next start, also in the check, "repairs" by
// copying the backup over the file in place: a crash in there destroys what was whole.
//
//: file settings.json text "{\"generation\": 1}\n"
//: file settings.json.backup text "{\"generation\": 0}\n"
//: arguments --expect none --check '{program} recover' --deep
//: verdict violated
//: shallow proved
//: violation engine=kill check=check path=* observed=check-failed
//: violation engine=power check=check path=* observed=check-failed
#include "program.h"

static int whole(const char* path) {
  char text[64] = "";
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t size = read(file, text, sizeof text - 1);
  must(close(file));
  return size == 18 && text[0] == '{' && text[17] == '\n';
}

// Moves the file aside, copies the backup into its place, and forgets both.
static int recover(void) {
  if (access("settings.json.new", F_OK) != 0) return whole("settings.json") ? 0 : 1;
  int file = must(open("settings.json", O_WRONLY | O_TRUNC | O_CLOEXEC));
  must(unlink("settings.json.new"));
  must_write(file, "{\"generation\": 0}\n", 18);
  must(fsync(file));
  must(close(file));
  return whole("settings.json") ? 0 : 1;
}

int main(int count, char** arguments) {
  if (count > 1 && strcmp(arguments[1], "recover") == 0) return recover();
  int file = must(open("settings.json.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, "{\"generation\": 2}\n", 18);
  must(fsync(file));
  must(close(file));
  must(rename("settings.json.new", "settings.json"));
  sync_directory(".");
  return 0;
}
