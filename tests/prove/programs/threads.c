// SPDX-License-Identifier: Apache-2.0
// Four threads replace four files by the classic protocol at the same time.
//
//: file state-0.json json 300
//: file state-1.json json 300
//: arguments --expect atomic,parse,durable
//: verdict proved
//: class state-0.json whole
//: class state-3.json whole
#include <pthread.h>

#include "program.h"

static void* save(void* argument) {
  int number = *(int*)argument;
  char name[32];
  char temporary[40];
  (void)snprintf(name, sizeof name, "state-%d.json", number);
  (void)snprintf(temporary, sizeof temporary, ".%s.tmp", name);
  size_t size = 0;
  char* text = make_json(2 + number, 5000, &size);
  int file = must(open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  must_write(file, text, size);
  must(fsync(file));
  must(close(file));
  must(rename(temporary, name));
  sync_directory(".");
  free(text);
  return NULL;
}

int main(void) {
  enum { threads = 4 };
  pthread_t thread[threads];
  int numbers[threads];
  for (int i = 0; i < threads; i++) {
    numbers[i] = i;
    if (pthread_create(&thread[i], NULL, save, &numbers[i]) != 0) fail("pthread_create");
  }
  for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL);
  return 0;
}
