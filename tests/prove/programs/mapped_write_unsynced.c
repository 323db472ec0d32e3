// SPDX-License-Identifier: Apache-2.0
// Stores through a shared mapping and asks for the write-back with MS_ASYNC, which waits for
// nothing.
//
//: file settings.json json 300
//: arguments --expect parse,durable
//: verdict violated
//: class settings.json in-place
//: clean kill
//: violation engine=power check=durable path=settings.json observed=old-after-ack,mixed
#include <sys/mman.h>

#include "program.h"

int main(void) {
  int file = must(open("settings.json", O_RDWR | O_CLOEXEC));
  char* memory = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) fail("mmap");
  memcpy(memory, "{\"generation\": 2", 16);
  must(msync(memory, 16, MS_ASYNC));
  must(munmap(memory, 16));
  must(close(file));
  return 0;
}
