// SPDX-License-Identifier: Apache-2.0
// Forks a thousand children that are alive at once, lets them go, and saves by the classic
// protocol.
#include <sys/wait.h>

#include "../programs/program.h"

int main(void) {
  enum { children = 1000 };
  int gate[2];
  must(pipe(gate));
  for (int i = 0; i < children; i++) {
    pid_t child = must(fork());
    if (child == 0) {
      char byte = 0;
      must(close(gate[1]));
      _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
    }
  }
  must(close(gate[1]));
  int failed = 0;
  for (int i = 0; i < children; i++) {
    int status = 0;
    must(wait(&status));
    failed += status != 0;
  }
  if (failed != 0) return 1;
  int file = must(open("state.json.tmp", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, "{}\n", 3);
  must(fsync(file));
  must(close(file));
  must(rename("state.json.tmp", "state.json"));
  sync_directory(".");
  return 0;
}
