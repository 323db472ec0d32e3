// SPDX-License-Identifier: Apache-2.0
//
// Looks like an interpreter, but each of its structures is the same cycle: whoever follows the
// pointers must stop by himself.
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { words = 128, version_word = 64 };

extern uintptr_t _PyRuntime[words];
extern const uint32_t Py_Version;

uintptr_t _PyRuntime[words];
const uint32_t Py_Version = 0x030c01f0;  // 3.12.1

int main(int count, char** arguments) {
  (void)arguments;
  for (int i = 0; i < words; ++i) _PyRuntime[i] = (uintptr_t)&_PyRuntime[0];
  // With an argument the thread is found, and its frames are the cycle.
  const int thread_id_word = 136 / sizeof(uintptr_t);
  if (count > 1) _PyRuntime[thread_id_word] = (uintptr_t)pthread_self();
  if (write(STDOUT_FILENO, "MARK", 4) < 0) abort();
  return 0;
}
