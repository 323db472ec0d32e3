// SPDX-License-Identifier: Apache-2.0
// Records stored through a shared mapping, with calls in between: no call carries their bytes. For
// the validation of the kill model.
#include <sys/mman.h>

#include "../programs/program.h"

enum { record_bytes = 100, records = 60 };

int main(void) {
  size_t size = (size_t)record_bytes * records;
  int file = must(open("records", O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  must(ftruncate(file, (off_t)size));
  char* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) fail("mmap");
  int log = must(open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  for (int number = 0; number < records; number++) {
    memset(memory + (size_t)number * record_bytes, 'a' + number % 26, record_bytes);
    if (number % 10 == 9) must(msync(memory, size, MS_SYNC));
    must_write(log, "stored\n", 7);
  }
  must(munmap(memory, size));
  must(close(log));
  must(close(file));
  return 0;
}
