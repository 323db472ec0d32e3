// SPDX-License-Identifier: Apache-2.0
// Saves by the classic protocol without end, in two processes: something to interrupt.
#include "../programs/program.h"

int main(void) {
  pid_t child = must(fork());
  const char* name = child == 0 ? "child.json" : "parent.json";
  const char* temporary = child == 0 ? "child.json.tmp" : "parent.json.tmp";
  for (int generation = 1;; generation++) {
    size_t size = 0;
    char* text = make_json(generation, 300, &size);
    int file = must(open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    must_write(file, text, size);
    must(fsync(file));
    must(close(file));
    must(rename(temporary, name));
    sync_directory(".");
    free(text);
    usleep(2000);
  }
}
