// SPDX-License-Identifier: Apache-2.0
// Four threads that change files of their own and one log at the same time, for the validation of
// the kill model: what each is doing when the kill comes differs from run to run.
#include <pthread.h>

#include "../programs/program.h"

enum { threads = 4, rounds = 16 };

static void* save(void* argument) {
  int number = *(int*)argument;
  char name[32];
  char temporary[40];
  (void)snprintf(name, sizeof name, "state-%d.json", number);
  (void)snprintf(temporary, sizeof temporary, ".%s.tmp", name);
  for (int round = 0; round < rounds; round++) {
    size_t size = 0;
    char* text = make_json(round, 9000 + (size_t)round * 100, &size);
    int file = must(open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    must_write(file, text, size / 2);
    must_write(file, text + size / 2, size - size / 2);
    must(close(file));
    must(rename(temporary, name));
    int log = must(open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    must_write(log, "one line of some thread\n", 24);
    must(close(log));
    free(text);
  }
  return NULL;
}

int main(void) {
  pthread_t thread[threads];
  int numbers[threads];
  for (int i = 0; i < threads; i++) {
    numbers[i] = i;
    if (pthread_create(&thread[i], NULL, save, &numbers[i]) != 0) fail("pthread_create");
  }
  for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL);
  return 0;
}
