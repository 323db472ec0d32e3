// SPDX-License-Identifier: Apache-2.0
// Stores one byte through a shared mapping and calls msync: no system call carries the byte, and
// yet the log has it.
//
//: file settings.json json 300
//: verdict proved
//: class settings.json in-place
//: judged settings.json parse durable-if-synced
#include <sys/mman.h>

#include "program.h"

int main(void) {
  int file = must(open("settings.json", O_RDWR | O_CLOEXEC));
  char* memory = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) fail("mmap");
  memcpy(memory, "{\"generation\": 2", 16);
  must(msync(memory, 16, MS_SYNC));
  must(munmap(memory, 16));
  must(close(file));
  return 0;
}
